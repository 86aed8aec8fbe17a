import JSON
import MCP
import Testing

/// What the pages on tools and on Streamable HTTP ask of `x-mcp-header`.
@Suite("Requirements of x-mcp-header")
struct HeaderParameterRequirements {
  private static let deep = #"{"properties":{"a":{"type":"object","properties":{"b":{"type":"string","x-mcp-header":"B"}}}}}"#

  @Test(
    "An annotation is a header name of its own on a primitive that properties alone lead to; any other makes the tool invalid",
    arguments: [
      (#"{"properties":{"a":{"type":"string","x-mcp-header":"Region"},"b":{"type":"integer","x-mcp-header":"N"},"c":{"type":"boolean","x-mcp-header":"F"}}}"#, true),
      (deep, true), (#"{"properties":{"a":{"type":"string","x-mcp-header":""}}}"#, false), (#"{"properties":{"a":{"type":"string","x-mcp-header":"A B"}}}"#, false),
      (#"{"properties":{"a":{"type":"string","x-mcp-header":"A:"}}}"#, false), (#"{"properties":{"a":{"type":"string","x-mcp-header":"A\r\nX: y"}}}"#, false),
      (#"{"properties":{"a":{"type":"string","x-mcp-header":"é"}}}"#, false), (#"{"properties":{"a":{"type":"string","x-mcp-header":5}}}"#, false),
      (#"{"properties":{"a":{"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"a"}}}"#, false),
      (#"{"properties":{"a":{"type":"number","x-mcp-header":"A"}}}"#, false), (#"{"properties":{"a":{"type":"object","x-mcp-header":"A"}}}"#, false),
      (#"{"properties":{"a":{"x-mcp-header":"A"}}}"#, false), (#"{"properties":{"a":{"type":"array","items":{"type":"string","x-mcp-header":"A"}}}}"#, false),
      (#"{"oneOf":[{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}]}"#, false),
      (#"{"anyOf":[{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}]}"#, false),
      (#"{"allOf":[{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}]}"#, false),
      (#"{"not":{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}}"#, false),
      (#"{"if":{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}}"#, false),
      (##"{"$defs":{"d":{"type":"string","x-mcp-header":"A"}},"properties":{"a":{"$ref":"#/$defs/d"}}}"##, false),
      (#"{"type":"string","x-mcp-header":"A"}"#, false),
    ])
  func annotations(_ schema: String, _ isValid: Bool) throws {
    let raw = try RawJSON(schema)
    #expect(((try? HeaderParameter.all(in: raw)) != nil) == isValid)
  }

  @Test(
    "A value that is given is in its header and nothing else is; a server expects exactly that",
    arguments: [
      (#"{"r":"eu"}"#, "eu"), (#"{"r":" eu"}"#, "=?base64?IGV1?="), (#"{"r":null}"#, nil), ("{}", nil), (#"{"r":"=?base64?eA==?="}"#, "=?base64?PT9iYXNlNjQ/ZUE9PT89?="),
    ] as [(String, String?)])
  func values(_ arguments: String, _ header: String?) throws {
    let parameters = try HeaderParameter.all(in: try RawJSON(#"{"properties":{"r":{"type":"string","x-mcp-header":"Region"}}}"#))
    let raw = try RawJSON(arguments)
    #expect(HeaderParameter.headers(parameters, for: raw).map(\.value) == (header.map { [$0] } ?? []))
    var refused: Int?
    do { try HeaderParameter.check(parameters, raw) { $0 == "Mcp-Param-Region" ? header : nil } } catch { refused = error.code.rawValue }
    #expect(refused == nil)
    do { try HeaderParameter.check(parameters, raw) { _ in header == nil ? "eu" : nil } } catch { refused = error.code.rawValue }
    #expect(refused == -32020)
  }

  @Test(
    "Integers are compared as numbers",
    arguments: [("42", "42", true), ("42", "42.0", true), ("42.0", "42", true), ("42", "43", false), ("42", "x", false), ("42", "", false)])
  func integers(_ value: String, _ header: String, _ isSame: Bool) throws {
    let parameters = try HeaderParameter.all(in: try RawJSON(#"{"properties":{"n":{"type":"integer","x-mcp-header":"N"}}}"#))
    let raw = try RawJSON("{\"n\":\(value)}")
    #expect(((try? HeaderParameter.check(parameters, raw) { _ in header }) != nil) == isSame)
  }
}
