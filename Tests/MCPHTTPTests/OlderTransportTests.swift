import JSON
import MCP
import MCPHTTP
import NIOCore
import Synchronization
import Testing

@Suite("A client and the HTTP+SSE transport of 2024-11-05")
struct OlderTransportTests {
  /// A server of that transport: GET /sse opens the stream, POST /messages takes messages; `reply` says what goes onto the stream for each.
  private func server(
    endpoint: String = "/messages?session=1", refusal: HTTPReply = .text(405, "Method Not Allowed"),
    _ reply: @escaping @Sendable (JSONValue) -> [JSONValue]?
  ) -> (Responder, requests: @Sendable () -> [String]) {
    let (messages, stream) = AsyncStream.makeStream(of: JSONValue?.self)
    let seen = SeenLines()
    let responder = Responder { request in
      seen.add("\(request.method) \(request.path)")
      switch (request.method, request.path) {
      case (.get, "/sse"):
        return .stream(.ok, HTTPHeaders([("Content-Type", "text/event-stream")])) { writer in
          try await writer.write(SSE.event(data: ByteBuffer(string: endpoint), event: "endpoint"))
          for await message in messages {
            guard let message else { return }
            try await writer.write(SSE.event(data: ByteBuffer(message), event: "message"))
          }
        }
      case (.post, "/messages"):
        guard request.query == "session=1", let message = try? JSONValue(RawJSON(scanning: request.body)) else { return .text(400, "no") }
        if message["method"] == "initialize" {
          stream.yield([
            "jsonrpc": "2.0", "id": message["id"] ?? .null,
            "result": ["protocolVersion": "2024-11-05", "capabilities": ["tools": [:]], "serverInfo": ["name": "old", "version": "1"]],
          ])
        } else if let answers = reply(message) {
          for answer in answers { stream.yield(answer) }
        } else {
          stream.yield(nil)
        }
        return .full(202, HTTPHeaders(), body: ByteBuffer())
      default: return refusal
      }
    }
    return (responder, { seen.all })
  }

  @Test("A server that has only that transport is found by falling back, called, and answered")
  func fallback() async throws {
    let call = Mutex<JSONValue>(.null)
    let (responder, requests) = server { message in
      let id = message["id"] ?? .null
      switch message["method"]?.string {
      case "tools/call":
        call.withLock { $0 = id }
        let token = message["params"]?["_meta"]?["progressToken"] ?? .null
        return [
          ["jsonrpc": "2.0", "method": "notifications/progress", "params": ["progressToken": token, "progress": 1]],
          ["jsonrpc": "2.0", "id": 77, "method": "roots/list"],
        ]
      case nil where message["result"]?["roots"]?.array?.count == 1:
        return [["jsonrpc": "2.0", "id": call.withLock { $0 }, "result": ["content": [["type": "text", "text": "done"]]]]]
      default: return []
      }
    }
    try await withServer(responder) { port in
      let client = Client(.http("http://127.0.0.1:\(port)/sse"), handlers: ClientHandlers(roots: { [Root(uri: "file:///x")] }))
      let progress = SeenLines()
      let result = try await client.callTool("t", options: RequestOptions(onProgress: { progress.add("\($0.progress)") }))
      #expect(result.text == "done")
      #expect(progress.all == ["1.0"])
      #expect(client.server?.version == .v2024_11_05)
      await client.close()
    }
    #expect(requests().prefix(4) == ["POST /sse", "POST /sse", "GET /sse", "POST /messages"])
  }

  @Test("A stream that ends while a call waits fails the call")
  func streamEnds() async throws {
    let (responder, _) = server { $0["method"] == "tools/call" ? nil : [] }
    try await withServer(responder) { port in
      let client = Client(.http("http://127.0.0.1:\(port)/sse"))
      do throws(ClientError) {
        _ = try await client.callTool("t")
        Issue.record("answered")
      } catch {
        guard case .wire(let error) = error else {
          Issue.record("\(error)")
          return
        }
        #expect(error.code == .closed)
      }
      await client.close()
    }
  }

  @Test("An address of another origin is not posted to", arguments: ["http://127.0.0.2:9/x", "https://example.com/messages", "//example.com/messages", "file:///x"])
  func foreignEndpoint(endpoint: String) async throws {
    let (responder, requests) = server(endpoint: endpoint) { _ in [] }
    try await withServer(responder) { port in
      let client = Client(.http("http://127.0.0.1:\(port)/sse"))
      await #expect(throws: ClientError.self) { try await client.connect() }
      await client.close()
    }
    #expect(!requests().contains { $0.contains("messages") })
  }

  @Test("A modern server's refusal is no reason to look for that transport")
  func modernRefusal() async throws {
    var headers = HTTPHeaders()
    headers.add("Content-Type", "application/json")
    let body = ByteBuffer(string: #"{"jsonrpc":"2.0","error":{"code":-32022,"message":"no","data":{"supported":["2031-01-01"]}}}"#)
    let (responder, requests) = server(refusal: .full(400, headers, body: body)) { _ in [] }
    try await withServer(responder) { port in
      let client = Client(.http("http://127.0.0.1:\(port)/sse"))
      await #expect(throws: ClientError.self) { try await client.connect() }
      await client.close()
    }
    #expect(requests() == ["POST /sse"])
  }
}

private final class SeenLines: Sendable {
  private let lines: Mutex<[String]> = Mutex([])
  var all: [String] { lines.withLock { $0 } }
  func add(_ line: String) { lines.withLock { $0.append(line) } }
}
