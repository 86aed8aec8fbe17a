#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A new Swift package, as files.
struct Scaffold {
  enum Kind: String {
    /// Any MCP server, with typed tools by macros.
    case server
    /// A server for records of another system, behind a gateway that governs them row by row; without macros.
    case connector
  }

  /// Where the package finds Sluice.
  enum Source: Equatable {
    case path(String)
    case placeholder

    static let placeholderURL = "https://github.com/OWNER/sluice.git"

    var dependency: String {
      switch self {
      case .path(let path): ".package(name: \"sluice\", path: \"\(path)\")"
      case .placeholder: ".package(url: \"\(Self.placeholderURL)\", branch: \"main\")"
      }
    }
  }

  let kind: Kind
  let name: ScaffoldName
  let source: Source

  var module: String { name.type + (kind == .server ? "Tools" : "Connector") }

  /// The files by their paths in the package.
  var files: [(path: String, text: String)] {
    let own = kind == .server ? ServerTemplate.files(self) : ConnectorTemplate.files(self)
    return PackageTemplate.files(self) + own
  }

  /// Writes the package into a directory that is not there yet, or is empty.
  func write(to directory: String) throws(CommandError) {
    if let entries = Self.entries(directory) {
      guard entries.isEmpty else { throw CommandError("\(directory) is there and not empty: nothing was written") }
    } else if FileText.exists(directory) {
      throw CommandError("\(directory) is there and no directory: nothing was written")
    }
    for (path, text) in files {
      let target = "\(directory)/\(path)"
      guard Self.makeDirectories(for: target) else { throw CommandError("the directory of \(target) cannot be made: \(String(cString: strerror(errno)))") }
      if let problem = FileBytes.create(target, Array(text.utf8)) { throw CommandError("\(target) cannot be written: \(problem)") }
    }
  }

  /// The names in a directory; nil where it is none.
  private static func entries(_ directory: String) -> [String]? {
    guard let stream = opendir(directory) else { return nil }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  private static func makeDirectories(for file: String) -> Bool {
    var prefix = file.hasPrefix("/") ? "" : "."
    for part in file.split(separator: "/").dropLast() {
      prefix += "/" + part
      if mkdir(prefix, 0o755) != 0, errno != EEXIST { return false }
    }
    return true
  }
}
