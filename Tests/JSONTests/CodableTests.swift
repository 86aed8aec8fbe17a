import JSON
import Testing

struct CodableTests {
  struct Everything: Codable, Equatable {
    enum Color: String, Codable { case red, green }
    struct Nested: Codable, Equatable { var values: [Int?], names: [String: Double] }
    var text: String
    var int: Int64
    var small: UInt8
    var ratio: Double
    var isSet: Bool
    var absent: String?
    var color: Color
    var nested: [Nested]
    var any: JSONValue
  }

  private let sample = Everything(
    text: "a\"b\u{1F600}", int: .min, small: 255, ratio: 0.5, isSet: true, absent: nil, color: .green,
    nested: [.init(values: [1, nil, 3], names: ["x": 1.25])], any: ["k": [1, nil, "v"]])

  @Test("What is encoded decodes to the same")
  func roundTrip() throws {
    let value = try JSONValue(encoding: sample)
    #expect(try value.decode(Everything.self) == sample)
    #expect(try RawJSON(value.text).decode(Everything.self) == sample)
  }

  @Test("Members are encoded in order, and optionals that are nil are left out")
  func order() throws {
    struct Order: Encodable { var b = 1, a = 2, c: Int? }
    #expect(try JSONValue(encoding: Order()).text == #"{"b":1,"a":2}"#)
  }

  @Test("An empty type is an empty object, a bare value is itself")
  func plain() throws {
    struct Nothing: Encodable {}
    #expect(try JSONValue(encoding: Nothing()).text == "{}")
    #expect(try JSONValue(encoding: "x").text == #""x""#)
    #expect(try JSONValue(encoding: [1.5, 2]).text == "[1.5,2]")
    #expect(try JSONValue(encoding: Int?.none).text == "null")
  }

  @Test("Whole numbers decode as integers however they are written", arguments: ["2000", "2000.0", "2e3"])
  func wholeNumbers(text: String) throws {
    #expect(try RawJSON(text).decode(Int.self) == 2000)
  }

  @Test("Numbers that do not fit are refused", arguments: ["1.5", "300", "-1", "1e400"])
  func misfits(text: String) throws {
    let raw = try RawJSON(text)
    #expect(throws: DecodingError.self) { try raw.decode(UInt8.self) }
  }

  @Test("A number that is not finite is refused")
  func infinity() {
    #expect(throws: EncodingError.self) { try JSONValue(encoding: [Double.infinity]) }
  }

  @Test("A mismatch tells the place")
  func path() throws {
    let raw = try RawJSON(#"{"nested":[{"values":["x"],"names":{}}]}"#)
    struct Outer: Decodable { var nested: [Everything.Nested] }
    do {
      _ = try raw.decode(Outer.self)
      Issue.record("decoded")
    } catch DecodingError.typeMismatch(_, let context) {
      #expect(context.codingPath.map(\.stringValue) == ["nested", "0", "values", "0"])
    }
  }
}
