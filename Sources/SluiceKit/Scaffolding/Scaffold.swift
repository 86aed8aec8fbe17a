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

  /// Where the package finds Sluice. It has no published address, so that whoever makes a package says it, or puts a checkout where
  /// the package looks for one.
  enum Source: Equatable {
    /// A checkout on this machine.
    case path(String)
    /// A repository, of which the branch `main` is taken.
    case url(String)
    /// A checkout beside the package.
    case beside

    static let besidePath = "../sluice"

    /// The lines of the manifest.
    var dependency: String {
      switch self {
      case .path(let path): ".package(name: \"sluice\", path: \"\(path)\"),"
      case .url(let url): ".package(url: \"\(url)\", branch: \"main\"),"
      case .beside:
        """
        // SLUICE: a checkout of it beside this package. Put one there, or name yours: .package(url: "https://...", branch: "main").
        .package(name: "sluice", path: "\(Self.besidePath)"),
        """
      }
    }

    /// The name by which targets speak of it: of a repository, what its address ends with.
    var package: String {
      guard case .url(let url) = self, let last = url.split(whereSeparator: { $0 == "/" || $0 == ":" }).last else { return "sluice" }
      return last.hasSuffix(".git") ? String(last.dropLast(4)) : String(last)
    }

    /// The checkout outside of the package that an image of it needs too; nil where the package manager fetches a repository.
    var checkout: String? {
      switch self {
      case .path(let path): path
      case .beside: Self.besidePath
      case .url: nil
      }
    }

    /// - Throws: what is wrong with the address.
    static func repository(_ url: String) throws(CommandError) -> Source {
      // Of git's forms: https, ssh, file, and the short one of ssh. Behind scheme or host there is a path.
      let isShort = !url.contains("://") && url.contains("@") && url.contains(":")
      let isLong = ["https://", "ssh://", "file://"].contains { url.hasPrefix($0) && url.dropFirst($0.count).contains("/") }
      guard isShort || isLong, !url.hasSuffix("/"), !url.contains(where: { $0.isWhitespace || $0 == "\"" || $0 == "\\" }), Source.url(url).package.first?.isLetter == true
      else {
        throw CommandError("\(url) is no address of a git repository: https://example.com/sluice.git, or git@example.com:sluice.git")
      }
      return .url(url)
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
