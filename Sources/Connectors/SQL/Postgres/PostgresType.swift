internal import JSON

/// How PostgreSQL's types appear in results. Built-in ones have fixed numbers (PostgreSQL, catalog pg_type).
enum PostgresType {
  static let bool: UInt32 = 16, bytea: UInt32 = 17, name: UInt32 = 19, int8: UInt32 = 20, int2: UInt32 = 21, int4: UInt32 = 23, text: UInt32 = 25, oid: UInt32 = 26
  static let json: UInt32 = 114, float4: UInt32 = 700, float8: UInt32 = 701, bpchar: UInt32 = 1042, varchar: UInt32 = 1043
  static let date: UInt32 = 1082, timestamp: UInt32 = 1114, timestamptz: UInt32 = 1184, numeric: UInt32 = 1700, uuid: UInt32 = 2950, jsonb: UInt32 = 3802

  /// Array type -> type of its elements.
  static let arrays: [UInt32: UInt32] = [
    1000: bool, 1001: bytea, 1005: int2, 1007: int4, 1016: int8, 1009: text, 1015: varchar, 1014: bpchar, 1021: float4, 1022: float8, 1231: numeric,
    1182: date, 1115: timestamp, 1185: timestamptz, 2951: uuid, 199: json, 3807: jsonb, 1003: name,
  ]

  /// What a column of the type holds.
  ///
  /// - Parameters:
  ///   - category: `typcategory`.
  ///   - comparesBytes: whether the column's collation is deterministic, so that texts are equal where their bytes are.
  static func kind(_ type: UInt32, category: String, comparesBytes: Bool) -> SQLColumn.Kind {
    if category == "A" { return .array }
    switch type {
    case int2, int4, int8, oid: return .integer
    case float4, float8: return .real
    case numeric: return .decimal
    case bool: return .boolean
    case bytea: return .blob
    case json, jsonb: return .json
    case timestamp, timestamptz: return .timestamp
    case text, varchar: return comparesBytes ? .text : .other
    default: return .other
    }
  }

  /// A value from its text, under the settings of ``PostgresDatabase``.
  ///
  /// - Parameter arrays: those of types that are not built in.
  static func value(_ text: String, _ type: UInt32, _ arrays: [UInt32: UInt32]) -> SQLValue {
    switch type {
    case bool: return .boolean(text == "t")
    case int2, int4, int8, oid: return Int64(text).map { .integer($0) } ?? .text(text)
    // JSON has no number for NaN and the infinities: they stay texts.
    case float4, float8:
      guard let value = Double(text), value.isFinite else { return .text(text) }
      return .real(value)
    case timestamp, timestamptz: return .text(rfc3339(text))
    case json, jsonb: return (try? JSONValue(parsing: text, limits: JSONLimits(depth: 32))).map { .json($0) } ?? .text(text)
    // Blanks at the end of a char(n) are not part of its value.
    case bpchar: return .text(String(decoding: text.utf8.reversed().drop { $0 == UInt8(ascii: " ") }.reversed(), as: UTF8.self))
    // `\x` and two digits a byte.
    case bytea: return .text("[\(max(0, text.utf8.count - 2) / 2) bytes]")
    default:
      guard let element = Self.arrays[type] ?? arrays[type] else { return .text(text) }
      return PostgresArray.json(text, element: element, arrays).map { .json($0) } ?? .text(text)
    }
  }

  /// `2026-01-02 03:04:05.6+00` as `2026-01-02T03:04:05.6Z`. The session is in UTC. What is no ordinary time (`infinity`, years before
  /// Christ) stays as it is.
  private static func rfc3339(_ text: String) -> String {
    var bytes = Array(text.utf8)
    guard bytes.count >= 19, bytes[4] == UInt8(ascii: "-"), bytes[10] == UInt8(ascii: " "), bytes.last != UInt8(ascii: "C") else { return text }
    bytes[10] = UInt8(ascii: "T")
    if bytes.suffix(3).elementsEqual("+00".utf8) { bytes.replaceSubrange((bytes.count - 3)..., with: "Z".utf8) }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Reads the text of an array (PostgreSQL, "Array Input and Output Syntax").
enum PostgresArray {
  static func json(_ text: String, element: UInt32, _ arrays: [UInt32: UInt32]) -> JSONValue? {
    var rest = Array(text.utf8)[...]
    // Bounds other than 1 stand in front: `[0:1]={1,2}`.
    if rest.first == UInt8(ascii: "["), let equals = rest.firstIndex(of: UInt8(ascii: "=")) { rest = rest[(equals + 1)...] }
    guard let value = list(&rest, element, arrays, depth: 0), rest.isEmpty else { return nil }
    return value
  }

  private static func list(_ rest: inout ArraySlice<UInt8>, _ element: UInt32, _ arrays: [UInt32: UInt32], depth: Int) -> JSONValue? {
    guard depth < 8, rest.popFirst() == UInt8(ascii: "{") else { return nil }
    var items: [JSONValue] = []
    if rest.first == UInt8(ascii: "}") {
      rest.removeFirst()
      return .array(items)
    }
    while true {
      if rest.first == UInt8(ascii: "{") {
        guard let inner = list(&rest, element, arrays, depth: depth + 1) else { return nil }
        items.append(inner)
      } else {
        guard let item = item(&rest, element, arrays) else { return nil }
        items.append(item)
      }
      switch rest.popFirst() {
      case UInt8(ascii: ","): continue
      case UInt8(ascii: "}"): return .array(items)
      default: return nil
      }
    }
  }

  private static func item(_ rest: inout ArraySlice<UInt8>, _ element: UInt32, _ arrays: [UInt32: UInt32]) -> JSONValue? {
    var bytes: [UInt8] = []
    let isQuoted = rest.first == UInt8(ascii: "\"")
    if isQuoted { rest.removeFirst() }
    while let byte = rest.first {
      if isQuoted ? byte == UInt8(ascii: "\"") : byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") { break }
      rest.removeFirst()
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        continue
      }
      guard let escaped = rest.popFirst() else { return nil }
      bytes.append(escaped)
    }
    if isQuoted, rest.popFirst() == nil { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    return !isQuoted && text == "NULL" ? .null : PostgresType.value(text, element, arrays).json()
  }
}
