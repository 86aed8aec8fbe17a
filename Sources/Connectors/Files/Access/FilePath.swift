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
    let parts = text.split(separator: "/").filter { $0 != "." }
    guard let root = parts.first else { throw VendorError(.refused, "A path starts with the name of a root; list_roots tells them.") }
    guard !parts.contains("..") else { throw VendorError(.refused, "A path cannot go up by \"..\".") }
    self.init(root: String(root), relative: parts.dropFirst().joined(separator: "/"))
  }

  var description: String { relative.isEmpty ? root : root + "/" + relative }
  var name: String { relative.split(separator: "/").last.map(String.init) ?? root }
  var parent: FilePath { FilePath(root: root, relative: relative.split(separator: "/").dropLast().joined(separator: "/")) }
  var fileExtension: String {
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }

  func appending(_ name: String) -> FilePath { FilePath(root: root, relative: relative.isEmpty ? name : relative + "/" + name) }
}
