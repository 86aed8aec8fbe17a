import JSON
import MCP
import MCPHTTP
import NIOCore
import Synchronization
import Testing

@Suite("The everything client", .enabled(if: ClientMessageSchema.shared != nil, "shared/spec not present: messages not tested against the schemas"))
struct EverythingClientTests {
  private typealias Scripted = ScriptedHTTPServer

  private static func tool(_ name: String, _ schema: JSONValue = ["type": "object"]) -> JSONValue { ["name": .string(name), "inputSchema": schema] }
  private static func list(_ tools: JSONValue...) -> JSONValue { ["tools": .array(tools), "ttlMs": 0, "cacheScope": "private"] }
  private static let done: JSONValue = ["content": [["type": "text", "text": "done"]]]

  /// A server of 2025-11-25 with one tool; `call` answers its calls.
  private func legacy(
    _ tool: String, get: @escaping @Sendable (SeenRequest, Scripted) -> HTTPReply = { _, _ in .text(405, "no") },
    call: @escaping @Sendable (SeenRequest, Scripted) async -> HTTPReply
  ) -> Scripted {
    Scripted { request, server in
      if request.method == .get { return get(request, server) }
      if request.method == .delete { return .full(.ok, HTTPHeaders(), body: ByteBuffer()) }
      switch request.rpcMethod {
      case "initialize":
        let version = request.message["params"]?["protocolVersion"] ?? .null
        return Scripted.result(
          request, ["protocolVersion": version, "capabilities": ["tools": [:]], "serverInfo": ["name": "s", "version": "1"]], session: "session-1")
      case "tools/list": return Scripted.result(request, ["tools": [Self.tool(tool)]])
      case "tools/call": return await call(request, server)
      default: return .full(202, HTTPHeaders(), body: ByteBuffer())
      }
    }
  }

  // MARK: Both revisions

  @Test("initialize and tools_call: handshake or discovery, list, call", arguments: ["2025-11-25", "2026-07-28"])
  func basics(revision: String) async throws {
    let isModern = revision == "2026-07-28"
    let server =
      isModern
      ? Scripted.modern { request, _ in request.rpcMethod == "tools/list" ? Self.list(Self.tool("add_numbers")) : Self.done }
      : legacy("add_numbers", call: { request, _ in Scripted.result(request, Self.done) })
    try await server.serve { url in
      try await EverythingClientRun.run("initialize", revision, url)
      try await EverythingClientRun.run("tools_call", revision, url)
    }
    let calls = server.requests("tools/call")
    #expect(calls.map { $0.message["params"]?["arguments"] } == [["a": 5, "b": 3]])
    #expect(calls.first?.headers["MCP-Protocol-Version"] == revision)
    #expect(server.requests("tools/list").count == 2)
    #expect(server.requests(isModern ? "server/discover" : "initialize").count == 2)
    if !isModern {
      #expect(calls.first?.headers["Mcp-Session-Id"] == "session-1")
      // Each run ends its session.
      #expect(server.requests.filter { $0.method == .delete }.count == 2)
      #expect(server.requests("server/discover").isEmpty)
    }
    try ClientMessageSchema(revision).check(server.requests)
  }

  @Test("json-schema-2020-12-preservation: a schema comes back as it was", arguments: ["2025-11-25", "2026-07-28"])
  func preservation(revision: String) async throws {
    let schema: JSONValue = [
      "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
      "$defs": ["address": ["$anchor": "addressDef", "type": "object", "properties": ["street": ["type": "string"]]]],
      "properties": ["name": ["type": "string"], "address": ["$ref": "#/$defs/address"]],
      "allOf": [["anyOf": [["required": ["phone"]], ["required": ["email"]]]]], "if": ["properties": ["name": ["const": "x"]]],
      "then": ["required": ["address"]], "else": [:], "additionalProperties": false,
    ]
    let tools: JSONValue = [Self.tool("json_schema_2020_12_tool", schema), Self.tool("json_schema_echo")]
    let server =
      revision == "2026-07-28"
      ? Scripted.modern { request, _ in request.rpcMethod == "tools/list" ? ["tools": tools, "ttlMs": 0, "cacheScope": "private"] : Self.done }
      : Scripted { request, _ in
        switch request.rpcMethod {
        case "initialize":
          Scripted.result(request, ["protocolVersion": "2025-11-25", "capabilities": [:], "serverInfo": ["name": "s", "version": "1"]])
        case "tools/list": Scripted.result(request, ["tools": tools])
        case "tools/call": Scripted.result(request, Self.done)
        default: request.method == .post ? .full(202, HTTPHeaders(), body: ByteBuffer()) : .text(405, "no")
        }
      }
    try await server.serve { url in try await EverythingClientRun.run("json-schema-2020-12-preservation", revision, url) }
    #expect(server.requests("tools/call").first?.message["params"]?["arguments"]?["schema"] == schema)
    try ClientMessageSchema(revision).check(server.requests)
  }

  @Test("json-schema-ref-no-deref: nothing that a schema refers to is fetched", arguments: ["2025-11-25", "2026-07-28"])
  func references(revision: String) async throws {
    let tool: @Sendable (SeenRequest) -> JSONValue = { request in
      Self.tool("t", ["type": "object", "properties": ["x": ["$ref": .string("http://\(request.headers["Host"] ?? "")/schema.json")]]])
    }
    let server =
      revision == "2026-07-28"
      ? Scripted.modern { request, _ in request.rpcMethod == "tools/list" ? Self.list(tool(request)) : Self.done }
      : Scripted { request, _ in
        switch (request.method, request.rpcMethod) {
        case (.post, "initialize"):
          Scripted.result(request, ["protocolVersion": "2025-11-25", "capabilities": ["tools": [:]], "serverInfo": ["name": "s", "version": "1"]])
        case (.post, "tools/list"): Scripted.result(request, ["tools": [tool(request)]])
        case (.post, _): .full(202, HTTPHeaders(), body: ByteBuffer())
        default: .text(405, "no")
        }
      }
    try await server.serve { url in try await EverythingClientRun.run("json-schema-ref-no-deref", revision, url) }
    #expect(server.requests("tools/list").count == 1)
    // A GET of the endpoint asks for the stream of a legacy server's own messages.
    #expect(server.requests.allSatisfy { $0.method == .post || $0.headers["Accept"] == "text/event-stream" })
    try ClientMessageSchema(revision).check(server.requests)
  }

  // MARK: 2025-11-25

  @Test("elicitation-sep1034-client-defaults: a question on the GET stream is accepted with the defaults filled in")
  func elicitationDefaults() async throws {
    let defaults: JSONObject = ["name": "John Doe", "age": 30, "score": 95.5, "status": "active", "verified": true]
    var properties = JSONObject()
    for (name, value) in defaults { properties[name] = ["default": value] }
    let question: JSONValue = [
      "jsonrpc": "2.0", "id": "ask-1", "method": "elicitation/create",
      "params": ["message": "Please accept", "requestedSchema": ["type": "object", "properties": .object(properties), "required": []]],
    ]
    let (asks, ask) = AsyncStream.makeStream(of: Void.self)
    let (answers, answered) = AsyncStream.makeStream(of: JSONValue.self)
    let server = Scripted { request, server in
      switch (request.method, request.rpcMethod) {
      case (.get, _):
        return .stream(.ok, HTTPHeaders([("Content-Type", "text/event-stream")])) { writer in
          try await writer.write(SSE.comment("open"))
          for await _ in asks { try await writer.write(SSE.event(data: ByteBuffer(question), id: "g-1")) }
        }
      case (.delete, _): return .full(.ok, HTTPHeaders(), body: ByteBuffer())
      case (_, "initialize"):
        return Scripted.result(
          request, ["protocolVersion": "2025-11-25", "capabilities": ["tools": [:]], "serverInfo": ["name": "s", "version": "1"]], session: "s-1")
      case (_, "tools/list"): return Scripted.result(request, ["tools": [Self.tool("test_client_elicitation_defaults")]])
      case (_, "tools/call"):
        ask.yield()
        for await answer in answers {
          #expect(answer["result"]?["action"] == "accept")
          #expect(answer["result"]?["content"] == .object(defaults))
          break
        }
        return Scripted.result(request, Self.done)
      case (_, nil):
        if request.message["result"] != nil { answered.yield(request.message) }
        return .full(202, HTTPHeaders(), body: ByteBuffer())
      default: return .full(202, HTTPHeaders(), body: ByteBuffer())
      }
    }
    try await server.serve { url in try await EverythingClientRun.run("elicitation-sep1034-client-defaults", "2025-11-25", url) }
    let answer = try #require(server.requests.first { $0.message["result"] != nil })
    #expect(answer.message["id"] == "ask-1")
    #expect(answer.headers["Mcp-Session-Id"] == "s-1")
    let schema = try ClientMessageSchema("2025-11-25")
    try schema.check(server.requests)
    try schema.check(answer.message["result"] ?? .null, "ElicitResult")
  }

  @Test("sse-retry: the answer is fetched with Last-Event-ID, after the time asked for and not sooner")
  func sseRetry() async throws {
    let closed = Mutex<ContinuousClock.Instant?>(nil)
    let callID = Mutex<JSONValue>(.null)
    let server = legacy("test_reconnection") { request, _ in
      guard request.headers["Last-Event-ID"] == "event-1" else {
        // The stream of the server's own messages, which has none.
        return .stream(.ok, HTTPHeaders([("Content-Type", "text/event-stream")])) { writer in
          try await writer.write(SSE.comment("open"))
          try await Task.sleep(for: .seconds(60))
        }
      }
      let response: JSONValue = ["jsonrpc": "2.0", "id": callID.withLock { $0 }, "result": Self.done]
      return .stream(.ok, HTTPHeaders([("Content-Type", "text/event-stream")])) { writer in
        try await writer.write(SSE.event(data: ByteBuffer(response), event: "message", id: "event-2"))
      }
    } call: { request, _ in
      callID.withLock { $0 = request.message["id"] ?? .null }
      return .stream(.ok, HTTPHeaders([("Content-Type", "text/event-stream")])) { writer in
        try await writer.write(SSE.event(data: ByteBuffer(), id: "event-1", retry: 500))
        closed.withLock { $0 = .now }
      }
    }
    try await server.serve { url in try await EverythingClientRun.run("sse-retry", "2025-11-25", url) }
    let resumptions = server.requests.filter { $0.method == .get && $0.headers["Last-Event-ID"] != nil }
    #expect(resumptions.count == 1)
    let resumption = try #require(resumptions.first)
    let end = try #require(closed.withLock { $0 })
    #expect(resumption.time - end >= .milliseconds(500))
    #expect(resumption.time - end < .seconds(10))
    try ClientMessageSchema("2025-11-25").check(server.requests)
  }

  // MARK: 2026-07-28

  @Test("request-metadata: every request says who asks and what it can; a refused version is tried again")
  func requestMetadata() async throws {
    let rejected = Atomic<Bool>(false)
    let server = Scripted { request, _ in
      guard request.method == .post else { return .text(405, "no") }
      if !rejected.exchange(true, ordering: .relaxed) {
        return Scripted.error(request, status: 400, .unsupported(version: "2026-07-28", supported: [.v2026_07_28]))
      }
      switch request.rpcMethod {
      case "server/discover":
        return Scripted.result(
          request, ["resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": [:], "ttlMs": 0, "cacheScope": "public"])
      default: return Scripted.result(request, ["resultType": "complete", "tools": [], "ttlMs": 0, "cacheScope": "public"])
      }
    }
    try await server.serve { url in try await EverythingClientRun.run("request-metadata", "2026-07-28", url) }
    #expect(server.requests.map(\.rpcMethod) == ["server/discover", "server/discover", "tools/list"])
    for request in server.requests {
      let meta = request.message["params"]?["_meta"]
      #expect(request.headers["MCP-Protocol-Version"] == "2026-07-28")
      #expect(meta?["io.modelcontextprotocol/protocolVersion"] == "2026-07-28")
      #expect(meta?["io.modelcontextprotocol/clientInfo"]?["name"] == "everything-client")
      let capabilities = meta?["io.modelcontextprotocol/clientCapabilities"]
      for name in ["roots", "sampling", "elicitation"] { #expect(capabilities?[name]?.object != nil, "\(name)") }
    }
    try ClientMessageSchema("2026-07-28").check(server.requests)
  }

  @Test("http-standard-headers: Mcp-Method on all requests, Mcp-Name where there is one")
  func standardHeaders() async throws {
    let server = Scripted.modern { request, _ in
      let hints: JSONValue = ["ttlMs": 0, "cacheScope": "private"]
      var answer: JSONValue = hints
      switch request.rpcMethod {
      case "tools/list": answer["tools"] = [Self.tool("test_headers"), Self.tool("my-hyphenated-tool")]
      case "resources/list": answer["resources"] = [["uri": "file:///path/to/file%20name.txt", "name": "a"], ["uri": "https://example.com/r?id=1", "name": "b"]]
      case "prompts/list": answer["prompts"] = [["name": "test_prompt"]]
      case "resources/read": answer["contents"] = []
      case "prompts/get": answer = ["messages": []]
      default: answer = Self.done
      }
      return answer
    }
    try await server.serve { url in try await EverythingClientRun.run("http-standard-headers", "2026-07-28", url) }
    for method in ["tools/list", "tools/call", "resources/list", "resources/read", "prompts/list", "prompts/get"] {
      #expect(!server.requests(method).isEmpty, "\(method)")
    }
    for request in server.requests {
      let params = request.message["params"]
      #expect(request.headers["Mcp-Method"] == request.rpcMethod)
      #expect(request.headers["Mcp-Name"] == (params?["name"] ?? params?["uri"])?.string)
      #expect(request.headers["Accept"]?.contains("application/json") == true && request.headers["Accept"]?.contains("text/event-stream") == true)
    }
    try ClientMessageSchema("2026-07-28").check(server.requests)
  }

  @Test("http-custom-headers: annotated arguments become headers, encoded where need be, null ones do not")
  func customHeaders() async throws {
    let annotated: [(String, String, String)] = [
      ("region", "string", "Region"), ("priority", "integer", "Priority"), ("verbose", "boolean", "Verbose"), ("empty_val", "string", "EmptyVal"),
      ("method_val", "string", "Method"), ("non_ascii_val", "string", "NonAscii"), ("whitespace_val", "string", "Whitespace"),
      ("control_char_val", "string", "ControlChar"), ("tab_val", "string", "Tab"),
    ]
    var properties: JSONObject = ["float_val": ["type": "number"], "query": ["type": "string"]]
    for (name, type, header) in annotated { properties[name] = ["type": .string(type), "x-mcp-header": .string(header)] }
    let schema: JSONValue = ["type": "object", "properties": .object(properties)]
    let server = Scripted.modern { request, _ in
      request.rpcMethod == "tools/list" ? Self.list(Self.tool("test_custom_headers", schema), Self.tool("test_custom_headers_null", schema)) : Self.done
    }
    let calls: JSONValue = [
      [
        "name": "test_custom_headers",
        "arguments": [
          "region": "us-west1", "priority": 42, "verbose": false, "empty_val": "", "method_val": "test-method", "float_val": 3.14159,
          "non_ascii_val": "Hello, 世界", "whitespace_val": " padded ", "control_char_val": "line1\nline2", "tab_val": "\tindented", "query": "SELECT 1",
        ],
      ], ["name": "test_custom_headers_null", "arguments": ["region": "us-east1", "priority": 1, "verbose": nil, "query": "SELECT 1"]],
    ]
    try await server.serve { url in try await EverythingClientRun.run("http-custom-headers", "2026-07-28", url, context: ["toolCalls": calls]) }
    let sent = server.requests("tools/call")
    #expect(sent.map { $0.message["params"]?["arguments"] } == calls.array?.map { $0["arguments"] })
    let expected: [String: String] = [
      "Region": "us-west1", "Priority": "42", "Verbose": "false", "EmptyVal": "", "Method": "test-method",
      "NonAscii": "=?base64?SGVsbG8sIOS4lueVjA==?=", "Whitespace": "=?base64?IHBhZGRlZCA=?=", "ControlChar": "=?base64?bGluZTEKbGluZTI=?=",
      "Tab": "=?base64?CWluZGVudGVk?=",
    ]
    for (name, value) in expected { #expect(sent.first?.headers["Mcp-Param-\(name)"] == value, "\(name)") }
    #expect(sent.first?.headers.pairs.filter { $0.name.lowercased().hasPrefix("mcp-param-") }.count == expected.count)
    #expect(sent.last?.headers.contains("Mcp-Param-Verbose") == false)
    #expect(sent.last?.headers["Mcp-Param-Region"] == "us-east1")
    try ClientMessageSchema("2026-07-28").check(server.requests)
  }

  @Test("http-invalid-tool-headers: tools with malformed annotations are never called, the others are")
  func invalidHeaders() async throws {
    func tool(_ name: String, _ header: JSONValue, type: String = "string") -> JSONValue {
      Self.tool(name, ["type": "object", "properties": ["value": ["type": .string(type), "x-mcp-header": header]], "required": ["value"]])
    }
    let twice: JSONValue = [
      "type": "object", "properties": ["a": ["type": "string", "x-mcp-header": "MyField"], "b": ["type": "string", "x-mcp-header": "myfield"]],
    ]
    let nested: JSONValue = ["type": "object", "properties": ["a": ["type": "array", "items": ["type": "string", "x-mcp-header": "Item"]]]]
    let tools: [JSONValue] = [
      tool("valid_tool", "Region"), tool("empty", ""), tool("object", "X", type: "object"), tool("array", "X", type: "array"),
      tool("null", "X", type: "null"), tool("number", "X", type: "number"), tool("space", "My Region"), tool("colon", "Region:Primary"),
      tool("non_ascii", "Région"), tool("control", "Region\t1"), tool("no_string", 5), Self.tool("twice", twice), Self.tool("nested", nested),
    ]
    let server = Scripted.modern { request, _ in
      request.rpcMethod == "tools/list" ? ["tools": .array(tools), "ttlMs": 0, "cacheScope": "private"] : Self.done
    }
    try await server.serve { url in try await EverythingClientRun.run("http-invalid-tool-headers", "2026-07-28", url) }
    #expect(server.requests("tools/call").map { $0.message["params"]?["name"]?.string } == ["valid_tool"])
    #expect(server.requests("tools/call").first?.headers["Mcp-Param-Region"] == "test")
    try ClientMessageSchema("2026-07-28").check(server.requests)
  }

  @Test("sep-2322-client-request-state: the state comes back byte for byte, in its own call alone, under a new id")
  func requestState() async throws {
    let state = "{\"nonce\":\"\u{e9}/\\\"\u{1}\",\"originalId\":2}"
    let server = Scripted.modern { request, _ in
      let params = request.message["params"]
      let question: JSONValue = [
        "confirm": [
          "method": "elicitation/create",
          "params": ["message": "Confirm", "requestedSchema": ["type": "object", "properties": ["confirmed": ["type": "boolean"]]]],
        ]
      ]
      switch (request.rpcMethod, params?["name"]?.string, params?["inputResponses"]) {
      case ("tools/list", _, _):
        let names = ["test_mrtr_echo_state", "test_mrtr_unrelated", "test_mrtr_no_state", "test_mrtr_no_result_type"]
        return ["tools": .array(names.map { Self.tool($0) }), "ttlMs": 0, "cacheScope": "private"]
      case (_, "test_mrtr_echo_state", nil): return ["resultType": "input_required", "inputRequests": question, "requestState": .string(state)]
      case (_, "test_mrtr_no_state", nil): return ["resultType": "input_required", "inputRequests": question]
      case (_, "test_mrtr_no_result_type", _): return ["untyped": true, "content": []]
      default: return Self.done
      }
    }
    try await server.serve { url in try await EverythingClientRun.run("sep-2322-client-request-state", "2026-07-28", url) }
    func calls(_ name: String) -> [JSONValue] { server.requests("tools/call").map(\.message).filter { $0["params"]?["name"]?.string == name } }
    let (echoed, stateless, unrelated) = (calls("test_mrtr_echo_state"), calls("test_mrtr_no_state"), calls("test_mrtr_unrelated"))
    #expect(echoed.count == 2 && stateless.count == 2 && unrelated.count == 1 && calls("test_mrtr_no_result_type").count == 1)
    #expect(echoed.last?["params"]?["requestState"]?.string == state)
    #expect(echoed.last?["params"]?["inputResponses"] == ["confirm": ["action": "accept", "content": ["confirmed": true]]])
    #expect(echoed.first?["id"] != echoed.last?["id"])
    #expect(stateless.last?["params"]?["requestState"] == nil)
    #expect(unrelated.first?["params"]?["requestState"] == nil && unrelated.first?["params"]?["inputResponses"] == nil)
    try ClientMessageSchema("2026-07-28").check(server.requests)
  }
}
