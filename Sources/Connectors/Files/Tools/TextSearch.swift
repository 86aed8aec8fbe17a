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
  var documents: DocumentReader

  /// Bytes that one search reads in all.
  private static let maximumTotal = 256 << 20
  private static let maximumLine = 400

  /// - Returns: the lines, and whether everything was searched.
  func run(_ files: FileSystem) throws(VendorError) -> ([JSONValue], Bool) {
    var found: [JSONValue] = []
    var budget = DocumentReader.Budget()
    // A directory that the caller does not see may hold files that they see: the walk tells.
    if let start = try? files.info(path), start.kind != .directory {
      let isWhole = try search(start, files, &found, &budget)
      return (found, isWhole)
    }
    var total = 0
    var isWhole = true
    let isWalked = try files.walk(path, depth: 64) { entry in
      guard entry.kind == .file, names.admits(entry.path.name) else { return .next }
      guard found.count < limit, total < Self.maximumTotal else { return .stop }
      total += min(entry.bytes, maximumBytes)
      // One file that cannot be read does not hide what the others hold.
      if let all = try? search(entry, files, &found, &budget), !all { isWhole = false }
      return .next
    }
    return (found, isWalked && isWhole)
  }

  /// - Returns: whether the whole file was searched, or is none to search.
  private func search(_ entry: FileInfo, _ files: FileSystem, _ found: inout [JSONValue], _ budget: inout DocumentReader.Budget) throws(VendorError) -> Bool {
    let (bytes, length) = try files.read(entry.path, offset: 0, count: maximumBytes)
    var isCut = length > bytes.count
    let content: String
    if let format = documents.format(entry.path, bytes), documents.office.reads(format) {
      guard budget.take(), let text = try? documents.text(entry.path, format, files) else { return false }
      (content, isCut) = (text, false)
    } else {
      guard let text = FileContent.text(bytes, isCut: isCut) else { return true }
      content = text
    }
    let wanted = isCaseSensitive ? text : text.lowercased()
    // Most files hold nothing: they are not cut into lines.
    guard contains(content, wanted) else { return !isCut }
    // By bytes: "\r\n" is one character, and no line would end at it.
    for (index, bytes) in content.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      var line = String(decoding: bytes, as: UTF8.self)
      if line.utf8.last == 0x0D { line = String(line.unicodeScalars.dropLast()) }
      guard contains(line, wanted) else { continue }
      guard found.count < limit else { return false }
      var row = entry.json
      // What a rule speaks of stays, so that it can be checked again.
      for member in ["kind", "bytes", "modified"] where files.rule?.members.contains(member) != true { row[member] = nil }
      row["line"] = .int(index + 1)
      row["text"] = .string(String(line.prefix(Self.maximumLine)))
      found.append(row)
    }
    return !isCut
  }

  private func contains(_ content: String, _ wanted: String) -> Bool {
    // Text of one byte a character needs no tables of case.
    guard wanted.utf8.allSatisfy({ $0 < 0x80 }) else { return (isCaseSensitive ? content : content.lowercased()).contains(wanted) }
    let needle = Array(wanted.utf8)
    guard let first = needle.first else { return true }
    var content = content
    return content.withUTF8 { bytes in
      guard bytes.count >= needle.count else { return false }
      for start in 0...(bytes.count - needle.count) where folded(bytes[start]) == first {
        var position = 1
        while position < needle.count, folded(bytes[start + position]) == needle[position] { position += 1 }
        if position == needle.count { return true }
      }
      return false
    }
  }

  private func folded(_ byte: UInt8) -> UInt8 { !isCaseSensitive && byte >= 0x41 && byte <= 0x5A ? byte + 32 : byte }
}
