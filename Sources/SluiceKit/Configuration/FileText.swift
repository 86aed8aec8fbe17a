#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif
internal import MCP

/// Small files read and written whole, without Foundation.
enum FileText {
  static func read(_ path: String, limit: Int = 16 << 20) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= limit {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { break }
      bytes.append(contentsOf: chunk[..<count])
    }
    guard ferror(file) == 0, bytes.count <= limit else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  /// Writes a file that only its owner can read, by way of a temporary one beside it.
  static func writePrivately(_ text: String, to path: String) -> Bool {
    let temporary = path + ".tmp"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    guard descriptor >= 0 else { return false }
    let bytes = Array(text.utf8)
    let isWritten = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == bytes.count && fsync(descriptor) == 0
    close(descriptor)
    return isWritten && rename(temporary, path) == 0
  }

  /// Makes a directory and those above it, for the owner alone. False where that fails.
  static func makeDirectory(_ path: String) -> Bool {
    var prefix = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
      prefix += "/" + part
      if mkdir(prefix, 0o700) != 0, errno != EEXIST { return false }
    }
    return true
  }

  /// The path from the root, without symbolic links; nil where nothing is there.
  static func absolute(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// `path` as it is meant by a file in `directory`.
  static func resolve(_ path: String, in directory: String) -> String {
    if path.hasPrefix("/") { return path }
    if path.hasPrefix("~/"), let home = ChildCommand.ownVariable("HOME") { return home + path.dropFirst() }
    let relative = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
    return directory.isEmpty || directory == "." ? relative : "\(directory)/\(relative)"
  }

  static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
