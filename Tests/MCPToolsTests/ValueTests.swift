import JSON
import MCPToolMacros
import MCPTools
import Testing

@Suite("Values from and to JSON")
struct ValueTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let text: String
    let problem: String
    let read: @Sendable (RawJSON) throws -> any ToolValue
    var testDescription: String { text }
    init<Value: ToolValue>(_ type: Value.Type, _ text: String, _ problem: String) {
      self.text = text
      self.problem = problem
      read = { try Value(json: $0) }
    }
  }

  static let wrong: [Row] = [
    Row(Int.self, "\"1\"", "The value must be an integer, not a string."),
    Row(Int.self, "1.5", "The value must be an integer, not a fraction."),
    Row(Int8.self, "128", "The value must be an integer from -128 to 127."),
    Row(UInt.self, "-1", "The value must be an integer from 0 to 18446744073709551615."),
    Row(Int.self, "1e99", "The value must be an integer from -9223372036854775808 to 9223372036854775807."),
    Row(Double.self, "null", "The value must be a number, not null."),
    Row(Bool.self, "1", "The value must be true or false, not a number."),
    Row(String.self, "{}", "The value must be a string, not an object."),
    Row([Int].self, "[1,2,true]", "\"[2]\" must be an integer, not a boolean."),
    Row([String: [Int]].self, "{\"a\":[1],\"b\":[\"x\"]}", "\"b[0]\" must be an integer, not a string."),
    Row(Unit.self, "\"kelvin\"", "The value must be one of \"celsius\", \"fahrenheit\"."),
    Row(Priority.self, "2", "The value must be one of 1, 5."),
    Row(Address.self, "[]", "The value must be an object, not an array."),
    Row(Address.self, "{\"street\":\"x\"}", "\"zip\" is missing: it is required."),
    Row(Order.self, "{\"items\":[{\"sku\":\"a\"},{\"sku\":7}]}", "\"items[1].sku\" must be a string, not a number."),
    Row(Shape.self, "{\"type\":\"star\"}", "\"type\" must be one of \"circle\", \"rectangle\", \"named\", \"nothing\"."),
    Row(Shape.self, "{\"type\":\"circle\"}", "\"radius\" is missing: it is required."),
  ]

  @Test("What does not fit is refused with its place and what would be right", arguments: wrong)
  func refused(_ row: Row) throws {
    let json = try RawJSON(row.text)
    do {
      _ = try row.read(json)
      Issue.record("was read")
    } catch { #expect("\(error)" == row.problem) }
  }

  @Test(
    "A value is the same after it was written and read",
    arguments: [
      Shape.circle(radius: 2.5), .rectangle(width: 1, height: 3), .named("blob"), .nothing,
    ])
  func cases(_ shape: Shape) throws {
    #expect(try Shape(json: shape.jsonValue.raw) == shape)
  }

  @Test("Nested values are the same after they were written and read; nil members are left out")
  func nested() throws {
    let address = Address(street: "Weg 1", zip: "10115")
    let order = Order(items: [Item(sku: "a", count: 3, tags: ["x"]), Item(sku: "b")], deliverTo: address)
    let json = order.jsonValue
    #expect(json["billTo"] == nil)
    #expect(json["deliverTo"] == ["street": "Weg 1", "zip": "10115", "country": "DE"])
    #expect(try Order(json: json.raw) == order)
    let department = Department(name: "a", parts: [Department(name: "b", parts: [Department(name: "c")])])
    #expect(try Department(json: department.jsonValue.raw) == department)
  }

  @Test("Left-out members stand for their defaults, and null for a nil")
  func defaults() throws {
    let address = try Address(json: try RawJSON("{\"street\":\"x\",\"zip\":\"10115\",\"note\":null}"))
    #expect(address == Address(street: "x", zip: "10115", country: "DE", note: nil))
  }

  @Test("Numbers are read by their value, however they are written")
  func numbers() throws {
    #expect(try Int(json: RawJSON("1.0")) == 1)
    #expect(try Int(json: RawJSON("1e3")) == 1000)
    #expect(try UInt64(json: RawJSON("18446744073709551615")) == .max)
    #expect(Float(0.1).jsonValue.text == "0.1")
    #expect(Double.nan.jsonValue == .null)
    #expect(try Set<Int>(json: RawJSON("[3,1,3]")).jsonValue == [1, 3])
  }
}
