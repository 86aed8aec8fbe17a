import JSON
import NIOCore
import Testing

@Suite("A scanned text")
struct RawJSONTests {
  @Test("gives members, elements and scalars as slices of the text")
  func reads() throws {
    let value = try RawJSON(#"{"a": [1, 2.50, "x\n\u00e9\uD83D\uDE00"], "b": {"c": null, "d": true}, "é": -1e3}"#)
    #expect(value["a"]?.text == #"[1, 2.50, "x\n\u00e9\uD83D\uDE00"]"#)
    #expect(value["a"]?.elements.map(\.text).count == 3)
    #expect(value["a"]?.elements.compactMap(\.string) == ["x\né😀"])
    #expect(value["b"]?["c"]?.isNull == true)
    #expect(value["b"]?["d"]?.bool == true)
    #expect(value["é"]?.double == -1000)
    #expect(value["missing"] == nil)
    #expect(value.members.map { $0.name.string } == ["a", "b", "é"])
  }

  @Test("keeps number texts and member order through decoding and writing")
  func keeps() throws {
    let text = #"{"z":1.0,"a":[12345678901234567890123,1e400,-0],"m":{"k":"\u0001\"\\"}}"#
    #expect(try JSONValue(parsing: text).text == text)
  }

  @Test(
    "refuses a repeated name, however it is written",
    arguments: [
      #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, #"[{"x":{"b":1,"c":2,"b":3}}]"#,
      "{" + (0..<40).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + #","k7":0}"#,
    ])
  func duplicates(text: String) {
    #expect { try RawJSON(text) } throws: { ($0 as? JSONError)?.code == .duplicateKey }
  }

  @Test("accepts names that differ only beyond ASCII equivalence")
  func distinct() throws {
    #expect(try RawJSON("{\"\u{e9}\":1,\"e\u{301}\":2}").members.map(\.value.int) == [1, 2])
  }

  @Test(
    "refuses what is past its bounds",
    arguments: [
      (String(repeating: "[", count: 10_000), JSONError.Code.tooDeep),
      (String(repeating: "{\"a\":", count: 10_000), .tooDeep),
      ("[" + String(repeating: "0,", count: 2000) + "0]", .tooLarge),
      ("\"" + String(repeating: "x", count: 5000) + "\"", .tooLarge),
    ])
  func bounds(text: String, code: JSONError.Code) {
    let limits = JSONLimits(bytes: code == .tooDeep ? 1 << 20 : 4096, depth: 64, values: 1000)
    #expect { try RawJSON(text, limits: limits) } throws: { ($0 as? JSONError)?.code == code }
  }

  @Test("names the byte at which a truncated text ends, for every prefix of a message")
  func truncation() {
    let text = #"{"jsonrpc":"2.0","id":"é\u00e9","params":{"n":[-1.5e+3,true,null]}}"#
    let bytes = Array(text.utf8)
    for length in 0..<bytes.count {
      #expect(throws: JSONError.self) { try RawJSON(scanning: ByteBuffer(bytes: bytes[..<length])) }
    }
    #expect(throws: Never.self) { try RawJSON(text) }
  }

  @Test("compares strings without decoding, escapes included")
  func equals() throws {
    let value = try RawJSON(#"["tools/call","tools\/call","tools/cal",""]"#)
    #expect(value.elements.map { $0.equals("tools/call") } == [true, true, false, false])
    #expect(value.elements.map { $0.equals("") } == [false, false, false, true])
  }

  @Test("keeps names apart that only look alike, once decoded as well")
  func namesThatLookAlike() throws {
    let text = "{\"K\":1,\"\u{212A}\":2,\"e\u{301}\":3,\"\u{E9}\":4}"
    let value = try JSONValue(parsing: text)
    #expect(["K", "\u{212A}", "e\u{301}", "\u{E9}"].map { value[$0]?.int } == [1, 2, 3, 4])
    #expect(value.text == text)
    var changed = value
    changed["\u{212A}"] = nil
    #expect(changed["K"]?.int == 1 && changed["\u{212A}"] == nil)
  }

  @Test("writes each character that needs an escape, wherever it stands")
  func escapes() throws {
    for length in 0..<40 {
      for place in 0..<max(length, 1) {
        for character in ["\"", "\\", "\n", "\u{1}", "\u{1F}", "\u{7F}", "\u{E9}"] {
          let text = String(repeating: "x", count: place) + character + String(repeating: "y", count: length - min(place, length))
          #expect(try RawJSON(JSONValue.string(text).text).string == text)
        }
      }
    }
  }
}
