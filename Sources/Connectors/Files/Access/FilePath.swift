internal import ConnectorKit

/// A path as clients write it: `root/folder/file`, of which the first part names a root.
struct FilePath: Sendable, Hashable, CustomStringConvertible {
  let root: String
  /// Below the root, without `.` and empty parts; empty for the root itself.
  let relative: String

  static let maximumBytes = 4096

  init(root: String, relative: String) {
    self.root = root
    self.relative = relative
  }

  /// - Throws: ``VendorError`` `refused` for a path that goes up, or names nothing.
  init(_ text: String) throws(VendorError) {
    guard text.utf8.count <= Self.maximumBytes else { throw VendorError(.refused, "A path has at most \(Self.maximumBytes) bytes.") }
    // The kernel would take what stands before it for the whole.
    guard !text.utf8.contains(0) else { throw VendorError(.refused, "A path cannot hold a NUL byte.") }
    let parts = Self.parts(of: text).filter { $0 != "." }
    guard let root = parts.first else { throw VendorError(.refused, "A path starts with the name of a root; list_roots tells them.") }
    guard !parts.contains("..") else { throw VendorError(.refused, "A path cannot go up by \"..\".") }
    self.init(root: root, relative: parts.dropFirst().joined(separator: "/"))
  }

  /// The names in a path, as the kernel sees them: a slash is a slash whatever mark follows it.
  static func parts(of text: String) -> [String] {
    text.utf8.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
  }

  var description: String { relative.isEmpty ? root : root + "/" + relative }
  var name: String {
    guard let slash = relative.utf8.lastIndex(of: UInt8(ascii: "/")) else { return relative.isEmpty ? root : relative }
    return String(decoding: relative.utf8[relative.utf8.index(after: slash)...], as: UTF8.self)
  }
  var parent: FilePath { FilePath(root: root, relative: Self.parts(of: relative).dropLast().joined(separator: "/")) }
  var fileExtension: String {
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }

  func appending(_ name: String) -> FilePath { FilePath(root: root, relative: relative.isEmpty ? name : relative + "/" + name) }
}
