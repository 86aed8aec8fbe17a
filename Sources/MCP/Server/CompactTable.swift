public import JSON

/// Records as text for a model: a Markdown table while it is small, CSV (RFC 4180) beyond, so that the context goes to data and not to pipes.
public struct CompactTable: Sendable {
  /// Cells and columns up to which a Markdown table is used.
  private static let markdownCells = 96
  private static let markdownColumns = 8

  /// The table; a sentence where there are no rows.
  public let text: String

  /// A table of objects.
  ///
  /// - Parameters:
  ///   - columns: members of the records to show, in order.
  ///   - more: whether there are further pages.
  public init(_ records: [JSONValue], columns: [String], more: Bool = false) {
    self.init(columns: columns, rows: records.count, more: more) { row, column in records[row][columns[column]] }
  }

  /// A table of rows, each with one value a column.
  public init(columns: [String], rows: [[JSONValue]]) {
    self.init(columns: columns, rows: rows.count, more: false) { row, column in rows[row][column] }
  }

  private init(columns: [String], rows: Int, more: Bool, cell: (_ row: Int, _ column: Int) -> JSONValue?) {
    if rows == 0 {
      text = "Nothing found."
      return
    }
    var writer = TableWriter(isMarkdown: columns.count <= Self.markdownColumns && rows * columns.count <= Self.markdownCells, capacity: (rows + 1) * columns.count * 16)
    writer.row(columns.count) { writer, column in writer.cell(columns[column]) }
    if writer.isMarkdown { writer.row(columns.count) { writer, _ in writer.cell("---") } }
    for row in 0..<rows {
      writer.row(columns.count) { writer, column in writer.cell(cell(row, column)) }
    }
    if more { writer.line("(there is more: pass next_cursor)") }
    text = writer.text
  }
}

/// The bytes of a table as they grow: a string for each cell and line would cost more than the rest.
private struct TableWriter {
  let isMarkdown: Bool
  private var bytes: [UInt8] = []

  init(isMarkdown: Bool, capacity: Int) {
    self.isMarkdown = isMarkdown
    bytes.reserveCapacity(capacity)
  }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  mutating func row(_ columns: Int, _ cell: (inout TableWriter, _ column: Int) -> Void) {
    if !bytes.isEmpty { bytes.append(UInt8(ascii: "\n")) }
    if isMarkdown { bytes.append(contentsOf: [UInt8(ascii: "|"), UInt8(ascii: " ")]) }
    for column in 0..<columns {
      if column > 0 { bytes.append(contentsOf: isMarkdown ? " | ".utf8 : ",".utf8) }
      cell(&self, column)
    }
    if isMarkdown { bytes.append(contentsOf: " |".utf8) }
  }

  mutating func line(_ text: String) {
    bytes.append(UInt8(ascii: "\n"))
    bytes.append(contentsOf: text.utf8)
  }

  mutating func cell(_ value: JSONValue?) {
    switch value {
    case nil, .null: break
    case .string(let text): cell(text)
    case .number(let number): bytes.append(contentsOf: number.text.utf8)
    case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
    case .array(let values) where values.allSatisfy({ $0.string != nil }): cell(values.compactMap(\.string).joined(separator: "; "))
    case .some(let value): cell(value.text)
    }
  }

  mutating func cell(_ text: String) {
    var text = text
    text.withUTF8 { isMarkdown ? markdown($0) : csv($0) }
  }

  /// A line break would end the row, a pipe the cell; a backslash before one would take its escape away (GFM, "Tables").
  private mutating func markdown(_ text: UnsafeBufferPointer<UInt8>) {
    guard text.contains(where: { $0 == UInt8(ascii: "|") || $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) else {
      return bytes.append(contentsOf: text)
    }
    var previous: UInt8 = 0
    for byte in text {
      switch byte {
      case UInt8(ascii: "|"), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case UInt8(ascii: "\n") where previous == UInt8(ascii: "\r"): break
      case UInt8(ascii: "\n"), UInt8(ascii: "\r"): bytes.append(UInt8(ascii: " "))
      default: bytes.append(byte)
      }
      previous = byte
    }
  }

  /// RFC 4180, section 2.
  private mutating func csv(_ text: UnsafeBufferPointer<UInt8>) {
    func isSpecial(_ byte: UInt8) -> Bool {
      byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
    }
    guard text.contains(where: isSpecial) else { return bytes.append(contentsOf: text) }
    bytes.append(UInt8(ascii: "\""))
    for byte in text {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
