internal import ConnectorKit
internal import JSON

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A file or directory as a record: what policy speaks of as `File`.
struct FileInfo: Sendable {
  enum Kind: String, Sendable { case file, directory, other }

  var path: FilePath
  var kind: Kind
  var bytes: Int
  /// RFC 3339.
  var modified: String
  /// Nil of what is about to be made.
  private(set) var version: FileVersion?
  /// Whether the name is that of a symbolic link, which walks do not go through.
  var isLink = false

  static let record = RecordType("File", categories: [:])
  static let columns = ["path", "kind", "bytes", "modified"]

  /// What is about to be made, as far as it is known.
  init(_ path: FilePath, _ kind: Kind, bytes: Int) {
    (self.path, self.kind, self.bytes) = (path, kind, bytes)
    modified = Self.text(time(nil))
  }

  init(_ path: FilePath, _ status: stat) {
    self.path = path
    switch status.st_mode & S_IFMT {
    case S_IFREG: kind = .file
    case S_IFDIR: kind = .directory
    default: kind = .other
    }
    bytes = Int(status.st_size)
    version = FileVersion(status)
    #if canImport(Darwin)
      modified = Self.text(Int(status.st_mtimespec.tv_sec))
    #else
      modified = Self.text(status.st_mtim.tv_sec)
    #endif
  }

  var json: JSONValue {
    [
      "id": .string(path.description), "path": .string(path.description), "root": .string(path.root), "name": .string(path.name),
      "extension": .string(path.fileExtension),
      "kind": .string(kind.rawValue), "bytes": .int(bytes), "modified": .string(modified),
    ]
  }

  static let schema: JSONValue = [
    "type": "object",
    "properties": [
      "id": ["type": "string"], "path": ["type": "string", "description": "root/folder/file"], "root": ["type": "string"], "name": ["type": "string"],
      "extension": ["type": "string"], "kind": ["type": "string", "enum": ["file", "directory", "other"]], "bytes": ["type": "integer"],
      "modified": ["type": "string", "description": "RFC 3339, UTC."],
    ],
    "required": ["id", "path", "kind"],
  ]

  private static func text(_ seconds: Int) -> String {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
  }
}
