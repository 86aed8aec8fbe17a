public import JSON

/// Records as text for a model: a Markdown table while it is small, CSV beyond, so that the context goes to data and not to pipes.
public struct CompactTable: Sendable {
  /// Cells up to which a Markdown table is used.
  private static let markdownCells = 60

  public let text: String

  /// - Parameters:
  ///   - columns: members of the records to show, in order.
  ///   - more: whether there are further pages.
  public init(_ records: [JSONValue], columns: [String], more: Bool = false) {
    let rows = records.map { record in columns.map { Self.cell(record[$0]) } }
    if rows.isEmpty {
      text = "Nothing found."
      return
    }
    var lines: [String]
    if rows.count * columns.count <= Self.markdownCells {
      lines = ["| " + columns.joined(separator: " | ") + " |", "| " + columns.map { _ in "---" }.joined(separator: " | ") + " |"]
      lines += rows.map { "| " + $0.map(Self.markdown).joined(separator: " | ") + " |" }
    } else {
      lines = [columns.joined(separator: ",")] + rows.map { $0.map(Self.csv).joined(separator: ",") }
    }
    if more { lines.append("(there is more: pass next_cursor)") }
    text = lines.joined(separator: "\n")
  }

  private static func cell(_ value: JSONValue?) -> String {
    switch value {
    case nil, .null: ""
    case .string(let text): text
    case .array(let values) where values.allSatisfy({ $0.string != nil }): values.compactMap(\.string).joined(separator: "; ")
    case .some(let value): value.text
    }
  }

  private static func markdown(_ cell: String) -> String {
    guard !isPlain(cell, without: UInt8(ascii: "|")) else { return cell }
    var text = ""
    for character in cell {
      switch character {
      case "|": text += "\\|"
      case _ where character.isNewline: text += " "
      default: text.append(character)
      }
    }
    return text
  }

  /// RFC 4180, section 2.
  private static func csv(_ cell: String) -> String {
    guard !isPlain(cell, without: UInt8(ascii: ",")) else { return cell }
    guard cell.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return cell }
    return "\"" + cell.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }

  /// Whether a cell is of printable ASCII without `mark` and quotes, as most are: then it stands as it is.
  private static func isPlain(_ cell: String, without mark: UInt8) -> Bool {
    cell.utf8.allSatisfy { (0x20..<0x7F).contains($0) && $0 != mark && $0 != UInt8(ascii: "\"") }
  }
}
