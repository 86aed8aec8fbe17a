import JSON
import Logging
import MCP
import NIOCore
import Synchronization
import Testing

@Suite("Schemas of tools")
struct ServerSchemaTests {
  private let lines = CapturedLines()
  private let server: Server

  init() {
    let lines = lines
    server = Server(
      name: "fixture", version: "1", settings: Server.Settings(schemaResources: ["https://example.com/limit": ["type": "integer", "maximum": 10]]),
      logger: lines.logger)
  }

  private func call(_ name: String, _ arguments: String = "{}", _ version: ProtocolVersion = .latest) async throws -> JSONValue {
    let request: JSONValue = [
      "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": ["name": .string(name), "arguments": try JSONValue(parsing: arguments)],
    ]
    let context = RequestContext(client: ClientDescription(version: version), transport: .inProcess)
    let answer = await server.handle(try Envelope(request.raw), context)
    guard case .result(let text) = answer else { throw UnexpectedAnswer() }
    return JSONValue(try RawJSON(scanning: text))
  }

  private struct UnexpectedAnswer: Error {}

  @Test(
    "say what is wrong deep inside the arguments, before the handler runs",
    arguments: [
      (#"{"filter":{"limit":11}}"#, #"Argument "filter/limit" must be at most 10."#),
      (#"{"filter":{"tags":["a",1]}}"#, #"Argument "filter/tags/1" must be of type string, not number."#),
      (#"{"filter":{}, "kind":"x"}"#, #"Argument "kind" must match the pattern ^[a-c]$."#),
      (#"{"filter":{"nope":1}}"#, #"Argument "filter" must not have the property "nope": known are limit, tags."#),
      (#"{"a":1}"#, #"The arguments: lacks the property "b", which is required where "a" is. Missing required argument "filter" (object)."#),
    ])
  func arguments(_ arguments: String, _ expected: String) async throws {
    let ran = Mutex(false)
    let schema = try JSONValue(
      parsing: """
        {"type":"object","required":["filter"],"dependentRequired":{"a":["b"]},"properties":{"kind":{"pattern":"^[a-c]$"},
        "filter":{"type":"object","additionalProperties":false,
        "properties":{"limit":{"$ref":"https://example.com/limit"},"tags":{"type":"array","items":{"type":"string"}}}}}}
        """)
    server.add(
      Tool(name: "find", inputSchema: schema) { _ in
        ran.withLock { $0 = true }
        return ToolResult(text: "found")
      })
    let result = try await call("find", arguments)
    #expect(result["isError"] == true)
    let text = result["content"]?.array?.first?["text"]?.string ?? ""
    #expect(text.split(separator: ". ").count == expected.split(separator: ". ").count)
    #expect(Set(text.dropLast().split(separator: ". ")) == Set(expected.dropLast().split(separator: ". ")))
    #expect(ran.withLock { $0 } == false)
    #expect(try await call("find", #"{"filter":{"limit":10,"tags":["a"]},"kind":"b"}"#)["isError"] == nil)
  }

  @Test("say by their formats what arguments must be, where the tool asks for it; never what results must be", arguments: [true, false])
  func formats(areChecked: Bool) async throws {
    let schema: JSONValue = ["type": "object", "properties": ["day": ["type": "string", "format": "date"]]]
    server.add(
      Tool(name: "echo", inputSchema: schema, outputSchema: schema, checksFormats: areChecked) { call in
        ToolResult(structured: ["day": .string("on \(call.string("day") ?? "")")])
      })
    let refused = try await call("echo", #"{"day":"tomorrow"}"#)
    #expect((refused["isError"] == true) == areChecked)
    if areChecked {
      let text = refused["content"]?.array?.first?["text"]?.string ?? ""
      #expect(text.hasPrefix(#"Argument "day" must be a date"#), "\(text)")
    }
    #expect(try await call("echo", #"{"day":"2026-07-28"}"#)["structuredContent"] == ["day": "on 2026-07-28"])
  }

  @Test("that a result does not fit are the server's fault: logged, and not shown", arguments: [ProtocolVersion.latest, .latestLegacy])
  func results(version: ProtocolVersion) async throws {
    let schema: JSONValue = ["type": "object", "properties": ["sum": ["type": "integer"]], "required": ["sum"]]
    server.add(Tool(name: "wrong", outputSchema: schema) { _ in ToolResult(structured: ["sum": "s3cret"]) })
    server.add(Tool(name: "missing", outputSchema: schema) { _ in ToolResult(text: "s3cret") })
    server.add(Tool(name: "right", outputSchema: schema) { _ in ToolResult(structured: ["sum": 5, "more": [1]]) })
    server.add(Tool(name: "failing", outputSchema: schema) { _ in .error("no such sum") })
    for name in ["wrong", "missing"] {
      let result = try await call(name, "{}", version)
      #expect(result["isError"] == true)
      #expect(result["structuredContent"] == nil)
      #expect(result["content"] == [["type": "text", "text": .string("The tool \(name) failed for an internal reason; it was logged.")]])
    }
    #expect(try await call("right", "{}", version)["structuredContent"] == ["sum": 5, "more": [1]])
    #expect(try await call("failing", "{}", version)["content"]?.array?.first?["text"] == "no such sum")
    let logged = lines.all
    #expect(logged.count == 2)
    #expect(logged.first?.contains("/sum must be of type integer, not string") == true)
    #expect(logged.allSatisfy { !$0.contains("s3cret") })
  }

  @Test(
    "that are none of their dialect are logged, and answer every call",
    arguments: [
      #"{"type":"object","title":5}"#, #"{"type":"object","properties":{"a":{"description":["x"]}}}"#, #"{"type":"object","$defs":{"a":{"deprecated":"yes"}}}"#,
    ])
  func metaschema(_ schema: String) async throws {
    server.add(Tool(name: "broken", inputSchema: try JSONValue(parsing: schema)) { _ in ToolResult(text: "ran") })
    #expect(lines.all.count == 1)
    #expect(try await call("broken")["isError"] == true)
    server.add(Tool(name: "broken", outputSchema: try JSONValue(parsing: schema)) { _ in ToolResult(structured: [:]) })
    #expect(lines.all.count == 2)
    #expect(try await call("broken")["isError"] == true)
  }

  @Test(
    "A name that clients need not take is logged with what is wrong",
    arguments: [
      ("", "1 to 128"), (String(repeating: "a", count: 129), "129"), ("my tool", "A-Z"), ("a,b", "A-Z"), ("a/b", "A-Z"), ("caf\u{e9}", "A-Z"), ("a\n", "A-Z"),
    ])
  func names(_ name: String, _ says: String) async throws {
    server.add(Tool(name: String(repeating: "a", count: 128)) { _ in ToolResult(text: "") })
    server.add(Tool(name: "Aa0_-.z") { _ in ToolResult(text: "") })
    #expect(lines.all == [])
    server.add(Tool(name: name) { _ in ToolResult(text: "") })
    #expect(lines.all.count == 1 && lines.all.first?.contains(says) == true)
  }

  @Test("that do not compile are logged, and answer every call", arguments: [true, false])
  func faults(isInput: Bool) async throws {
    let broken: JSONValue = ["type": "object", "properties": ["a": ["$ref": "#/$defs/none"]]]
    let ran = Mutex(false)
    server.add(
      Tool(name: "broken", inputSchema: isInput ? broken : ["type": "object"], outputSchema: isInput ? nil : broken) { _ in
        ran.withLock { $0 = true }
        return ToolResult(text: "ran")
      })
    #expect(lines.all.count == 1)
    let result = try await call("broken")
    #expect(result["isError"] == true)
    let text = result["content"]?.array?.first?["text"]?.string ?? ""
    #expect(text.contains("The tool broken cannot be called") && text.contains("/properties/a/$ref"), "\(text)")
    #expect(ran.withLock { $0 } == false)
  }
}
