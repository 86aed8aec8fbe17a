internal import JSON
internal import MCP

/// A place in an ordered list of rows: the keys of the last row shown. Holds no state of the server, so it outlives a restart,
/// and no right: the rules of the request that brings it apply.
struct RecordCursor {
  /// The order's column first, then those of the key.
  var values: [SQLValue]

  private static let problem = SQLToolError("The cursor is not valid: pass next_cursor exactly as it was received, or none to start again.")

  init(_ values: [SQLValue]) { self.values = values }

  /// - Parameters:
  ///   - digest: stands for the list that the cursor must belong to.
  ///   - count: how many values it must have.
  init(_ text: String, digest: String, count: Int) throws(SQLToolError) {
    guard text.utf8.count <= 8192, let bytes = Self.decode(text), let string = String(validating: bytes, as: UTF8.self),
      let json = try? JSONValue(parsing: string), let parts = json.array, parts.count == count + 1
    else { throw Self.problem }
    let values = parts.dropFirst().compactMap { Self.value($0) }
    guard values.count == count else { throw Self.problem }
    guard parts[0] == .string(digest) else {
      throw SQLToolError("The cursor belongs to a list with other arguments: repeat the arguments of the call that gave it, or start again without a cursor.")
    }
    self.init(values)
  }

  func text(digest: String) -> String {
    Self.encode(Array(JSONValue.array([.string(digest)] + values.map { $0.json() }).text.utf8))
  }

  private static func value(_ json: JSONValue) -> SQLValue? {
    switch json {
    case .string(let text): text.utf8.contains(0) ? nil : .text(text)
    case .number(let number): number.int.map { .integer(Int64($0)) } ?? number.double.map { .real($0) }
    case .bool(let value): .boolean(value)
    default: nil
    }
  }

  // MARK: Hexadecimal

  private static func encode(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  private static func decode(_ text: String) -> [UInt8]? {
    let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}

/// FNV-1a, 64 bits: tells lists apart, protects nothing.
struct Fingerprint {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  init(of text: String) {
    for byte in text.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
  }

  var text: String { String(state, radix: 16) }
}
