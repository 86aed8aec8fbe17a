import JSON
import MCP
import MCPHTTP
import NIOCore

extension FuzzTarget {
  /// The Streamable HTTP endpoint, in both eras: a method, header lines, an empty line, and all that follows as the body.
  public static let endpoint = FuzzTarget(
    "endpoint",
    dictionary: protocolWords + [
      "\n", "POST\n", "GET\n", "DELETE\n", "Host: localhost\n", "Origin: http://evil.example\n", "Content-Type: application/json\n", "Accept: application/json\n",
      "Accept: text/event-stream\n", "MCP-Protocol-Version: 2026-07-28\n", "MCP-Protocol-Version: 2025-11-25\n", "MCP-Protocol-Version: 2025-03-26\n",
      "Mcp-Session-Id: $SESSION\n", "Mcp-Session-Id: $BATCHES\n", "Mcp-Method: tools/call\n", "Mcp-Name: add\n", "Mcp-Name: =?base64?YWRk?=\n", "Mcp-Param-A: 1\n",
      "Last-Event-ID: 1-1\n", "[{", "},{",
    ],
    concurrent: { bytes async throws(Finding) in
      guard let request = await request(bytes) else { return }
      guard case .full(let status, let headers, let body) = await FuzzServer.endpoint.respond(to: request) else { return }
      let code = status.code
      try require(code == 200 || code == 202 || code == 204 || (400..<500).contains(code), "the status is \(status): \(String(buffer: body))")
      switch headers["Content-Type"] {
      case "application/json":
        guard let answer = try? RawJSON(scanning: body) else { throw Finding("the body is no JSON: \(String(buffer: body))") }
        let messages = answer.kind == .array ? Array(answer.elements) : [answer]
        for message in messages { try check(message, as: request) }
      case "text/event-stream":
        var parser = SSEParser()
        guard let events = try? parser.parse(body), !events.isEmpty else { throw Finding("the stream has no event: \(String(buffer: body))") }
        for event in events {
          guard let message = try? RawJSON(scanning: event.data) else { throw Finding("an event is no JSON: \(String(buffer: event.data))") }
          try check(message, as: request)
        }
      case let type?: try require(type.hasPrefix("text/plain"), "the answer is \(type)")
      case nil: try require(body.readableBytes == 0, "a body has no type: \(String(buffer: body))")
      }
    })

  private static func check(_ message: RawJSON, as request: HTTPRequest) throws(Finding) {
    do throws(RPCError) { _ = try Envelope(message) } catch { throw Finding("the answer is no message: \(error): \(message.text)") }
    try require(message["error"]?["code"]?.int != RPCError.Code.internalError.rawValue, "an internal error: \(message.text)")
  }

  private static func request(_ bytes: [UInt8]) async -> HTTPRequest? {
    let (session, batches) = await FuzzServer.sessions.value
    var lines = ByteBuffer(bytes: bytes)
    func line() -> String? {
      guard let length = lines.readableBytesView.firstIndex(of: 0x0A).map({ $0 - lines.readerIndex }), let text = lines.readString(length: length) else { return nil }
      lines.moveReaderIndex(forwardBy: 1)
      return text
    }
    guard let method = line() else { return nil }
    var headers = HTTPHeaders()
    while let field = line(), !field.isEmpty {
      guard let colon = field.firstIndex(of: ":") else { continue }
      let value = String(field[field.index(after: colon)...].drop { $0 == " " })
      headers.add(String(field[..<colon]), value.replacing("$SESSION", with: session).replacing("$BATCHES", with: batches))
    }
    return HTTPRequest(method: HTTPMethod(method), path: "/mcp", headers: headers, body: lines, eventLoop: FuzzServer.loop)
  }
}
