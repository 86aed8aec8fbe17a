internal import ConnectorKit
internal import JSON

/// Lines that hold a text, below a path.
struct TextSearch: Sendable {
  var path: FilePath
  var text: String
  var isCaseSensitive: Bool
  var names: NameFilter
  var limit: Int
  /// Of a file; what is behind is not searched.
  var maximumBytes: Int

  /// Bytes that one search reads in all.
  private static let maximumTotal = 512 << 20
  private static let maximumLine = 400

  /// - Returns: the lines, and whether everything was searched.
  func run(_ files: FileSystem) throws(VendorError) -> ([JSONValue], Bool) {
    if try files.info(path).kind == .file { return (try matches(in: files.info(path), files), true) }
    var found: [JSONValue] = []
    var total = 0
    let isWhole = try files.walk(path, depth: 64) { entry in
      guard entry.kind == .file, names.admits(entry.path.name) else { return .next }
      guard found.count < limit, total < Self.maximumTotal else { return .stop }
      total += min(entry.bytes, maximumBytes)
      found += (try? matches(in: entry, files)) ?? []
      return .next
    }
    return (Array(found.prefix(limit)), isWhole && found.count <= limit)
  }

  private func matches(in entry: FileInfo, _ files: FileSystem) throws(VendorError) -> [JSONValue] {
    let bytes = try files.read(entry.path, offset: 0, count: maximumBytes).bytes
    guard let content = FileContent.text(bytes) else { return [] }
    let wanted = isCaseSensitive ? text : text.lowercased()
    // Most files hold nothing: they are not cut into lines.
    guard (isCaseSensitive ? content : content.lowercased()).contains(wanted) else { return [] }
    var found: [JSONValue] = []
    for (index, line) in content.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      guard (isCaseSensitive ? String(line) : line.lowercased()).contains(wanted) else { continue }
      var row = entry.json
      for member in ["kind", "bytes", "modified"] { row[member] = nil }
      row["line"] = .int(index + 1)
      row["text"] = .string(String(line.prefix(Self.maximumLine)))
      found.append(row)
      if found.count >= limit { break }
    }
    return found
  }
}
