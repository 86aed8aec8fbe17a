public import JSON

/// Rows as compact text for a model: a Markdown table where it is small, else CSV (RFC 4180), which costs fewer tokens.
public struct ResultText: Sendable {
  private let columns: [String]
  private let rows: [[JSONValue]]

  /// The most rows of a Markdown table.
  private static let smallRows = 12
  private static let smallColumns = 8

  public init(columns: [String], rows: [[JSONValue]]) {
    self.columns = columns
    self.rows = rows
  }

  public var text: String {
    if rows.isEmpty { return "No rows." }
    return rows.count <= Self.smallRows && columns.count <= Self.smallColumns ? markdown : csv
  }

  private var markdown: String {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    let head = [line(columns.map(Self.cell)), line(columns.map { _ in "---" })]
    return (head + rows.map { line($0.map { Self.cell(Self.plain($0)) }) }).joined(separator: "\n")
  }

  private var csv: String {
    ([columns.map(Self.field)] + rows.map { $0.map { Self.field(Self.plain($0)) } }).map { $0.joined(separator: ",") }.joined(separator: "\n")
  }

  private static func plain(_ value: JSONValue) -> String {
    switch value {
    case .null: ""
    case .string(let text): text
    default: value.text
    }
  }

  private static func cell(_ text: String) -> String {
    var cell = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "|": cell += "\\|"
      case "\n", "\r": cell += " "
      default: cell.unicodeScalars.append(scalar)
      }
    }
    return cell
  }

  private static func field(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) else { return text }
    var field = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" { field += "\"" }
      field.unicodeScalars.append(scalar)
    }
    return field + "\""
  }
}
