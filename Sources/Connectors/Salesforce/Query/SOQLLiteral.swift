internal import ConnectorKit
internal import JSON

/// A value in a query.
enum SOQLLiteral: Sendable, Hashable {
  /// What stands between the quotes, escaped.
  case quoted(String)
  /// Numbers, dates, times, `TODAY`, `LAST_N_DAYS:30`, `USD5000`: as they are written.
  case bare(String)
  case bool(Bool)
  case null

  static func text(_ text: String) -> SOQLLiteral { .quoted(escaped(text)) }

  var text: String {
    switch self {
    case .quoted(let text): "'\(text)'"
    case .bare(let text): text
    case .bool(let value): value ? "TRUE" : "FALSE"
    case .null: "NULL"
    }
  }

  /// <https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_quotedstringescapes.htm>
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "'": result += "\\'"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F: result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A value of a call's typed condition.
  ///
  /// - Parameter kind: `text` or `date` where the caller says it; without it dates and date literals are recognized by their look.
  init(_ value: RawJSON, kind: String?) throws(VendorError) {
    switch value.kind {
    case .null: self = .null
    case .bool: self = .bool(value.bool ?? false)
    case .number:
      guard let number = value.double, number.isFinite else { throw VendorError(.refused, "A condition holds a number that is none.") }
      self = .bare(value.text)
    case .string:
      let text = value.string ?? ""
      if kind != "text", Self.isDate(text) {
        self = .bare(text)
      } else if kind == "date" {
        throw VendorError(.refused, "\"\(text.prefix(60))\" is no date. Write 2026-07-28, 2026-07-28T12:00:00Z, TODAY or LAST_N_DAYS:30.")
      } else {
        self = .text(text)
      }
    case .array, .object: throw VendorError(.refused, "A condition's value is a text, a number, true, false or null; for in and not_in a list of them.")
    }
  }

  /// Whether a text is a date, a time with offset, or one of SOQL's names of spans.
  static func isDate(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    if bytes.count >= 10, bytes.count <= 35, SOQLName.isDigit(bytes[0]) {
      return Timestamp.seconds(text) != nil && bytes.allSatisfy { SOQLName.isDigit($0) || "-:+.TZ".utf8.contains($0) }
    }
    return isSpan(text)
  }

  private static let spans: Set<String> = {
    var names: Set<String> = ["TODAY", "YESTERDAY", "TOMORROW", "LAST_90_DAYS", "NEXT_90_DAYS"]
    for unit in ["WEEK", "MONTH", "QUARTER", "YEAR", "FISCAL_QUARTER", "FISCAL_YEAR"] {
      for place in ["LAST", "THIS", "NEXT"] { names.insert("\(place)_\(unit)") }
    }
    return names
  }()
  private static let countedSpans: Set<String> = {
    var names: Set<String> = []
    for unit in ["DAYS", "WEEKS", "MONTHS", "QUARTERS", "YEARS", "FISCAL_QUARTERS", "FISCAL_YEARS"] {
      for place in ["LAST_N", "NEXT_N"] { names.insert("\(place)_\(unit)") }
      names.insert("N_\(unit)_AGO")
    }
    return names
  }()

  static func isSpan(_ text: String) -> Bool {
    let parts = text.uppercased().split(separator: ":", omittingEmptySubsequences: false)
    if parts.count == 1 { return spans.contains(String(parts[0])) }
    return parts.count == 2 && countedSpans.contains(String(parts[0])) && (1...6).contains(parts[1].utf8.count) && parts[1].utf8.allSatisfy { SOQLName.isDigit($0) }
  }
}
