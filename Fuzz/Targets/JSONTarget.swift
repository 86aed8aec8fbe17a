import JSON
import NIOCore

extension FuzzTarget {
  /// The JSON scanner: what is accepted reads the same from its slices and after writing it again.
  public static let json = FuzzTarget(
    "json",
    dictionary: [
      "{", "}", "[", "]", ",", ":", "\"", "\\", "null", "true", "false", "-", "0", "1e5", "-0.0", "1E+400", "\\u0000", "\\ud83d\\ude00", "\\ud800",
      "\\\"", "\\n", "{\"a\":1}", "\"a\":", "[[]]", "\u{FEFF}", " ", "\n", "é", "\u{1F600}", "NaN", "Infinity", "18446744073709551616",
      "\"K\":1,", "\"\u{212A}\":2,", "\\u212a", "\"e\u{301}\":3,", "\"é\":4,", "a\u{301}\u{323}", "a\u{323}\u{301}",
    ]
  ) { bytes throws(Finding) in
    let raw: RawJSON
    do throws(JSONError) { raw = try RawJSON(scanning: ByteBuffer(bytes: bytes), limits: JSONLimits(depth: 64, values: 2048)) } catch {
      try require((0...bytes.count).contains(error.offset), "the error's place \(error.offset) is outside of the text")
      return
    }
    try checkSlices(of: raw)
    let value = JSONValue(raw)
    let text = value.text
    guard let again = try? JSONValue(parsing: text) else { throw Finding("what was written is not accepted: \(text)") }
    try require(again == value, "what was written reads as something else: \(text)")
    try require(again.text == text, "what was written is written differently: \(text)")
  }

  private static func checkSlices(of value: RawJSON) throws(Finding) {
    var open = [value]
    while let value = open.popLast() {
      guard let alone = try? RawJSON(scanning: value.bytes) else { throw Finding("the slice \(value.text) is not accepted alone") }
      try require(alone.kind == value.kind && alone.text == value.text, "the slice \(value.text) reads differently alone")
      if let int = value.int { try require(value.double == Double(int), "\(value.text) is \(int) and not \(int)") }
      if let string = value.string {
        try require(JSONValue.string(string).raw.string?.utf8.elementsEqual(string.utf8) == true, "the string \(value.text) does not come back")
      }
      let decoded = JSONValue(value)
      let children = Array(value.elements) + value.members.map(\.value)
      for child in children {
        try require(child.range.lowerBound > value.range.lowerBound && child.range.upperBound < value.range.upperBound, "a child is not within its parent")
      }
      for (name, member) in value.members {
        let name = name.string ?? ""
        try require(value[name]?.range == member.range, "the member \(name) is not found by its name")
        try require(decoded[name]?.text == JSONValue(member).text, "the decoded member \(name) is another one than the scanned")
      }
      open += children
    }
  }
}
