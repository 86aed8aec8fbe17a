import JSON
import MCP
import NIOCore

extension FuzzTarget {
  static let protocolWords =
    [
      "\"jsonrpc\":\"2.0\"", "\"id\":1", "\"id\":\"x\"", "\"id\":null", "\"method\":\"tools/call\"", "\"params\":{", "\"_meta\":{", "\"name\":\"add\"",
      "\"name\":\"echo\"",
      "\"name\":\"ask\"", "\"arguments\":{\"a\":1}", "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"", "\"io.modelcontextprotocol/clientCapabilities\":{}",
      "\"io.modelcontextprotocol/clientCapabilities\":{\"elicitation\":{\"form\":{}}}", "\"io.modelcontextprotocol/logLevel\":\"debug\"", "\"progressToken\":1",
      "\"cursor\":\"\"", "\"uri\":\"test://static\"", "\"uri\":\"test://item/1/data\"",
      "\"inputResponses\":{\"who\":{\"action\":\"accept\",\"content\":{\"name\":\"n\"}}}",
      "\"requestState\":\"\"", "\"result\":{}", "\"error\":{\"code\":1,\"message\":\"\"}", "\"ref\":{\"type\":\"ref/prompt\",\"name\":\"greet\"}",
      "\"argument\":{\"name\":\"who\",\"value\":\"a\"}", "\"notifications\":{\"toolsListChanged\":true}", "\"level\":\"info\"", "\"protocolVersion\":\"2025-11-25\"", "{",
      "}",
      "[", "]", ",", "\"", "null", "-1", "1e9", "%2F", "%zz", "{id}",
    ] + Method.allCases.map { "\"\($0.rawValue)\"" }

  /// The dispatcher of a server, without transport, in both eras.
  public static let dispatch = FuzzTarget(
    "dispatch", dictionary: protocolWords,
    concurrent: { bytes async throws(Finding) in
      let text = ByteBuffer(bytes: bytes)
      let message: Envelope
      do throws(RPCError) { message = try Envelope(scanning: text) } catch {
        try require(error.code == .parseError || error.code == .invalidRequest, "a message that is none is refused with \(error)")
        try require(error.code != .parseError || Envelope.id(of: text) == nil, "a text that is no JSON has an id")
        return
      }
      for client in clients(of: message) {
        let context = RequestContext(client: client, transport: .inProcess)
        guard message.kind == .request, let id = message.id else {
          await FuzzServer.server.receive(message, context)
          continue
        }
        let answer = await FuzzServer.server.handle(message, context)
        let response: ByteBuffer
        switch answer {
        case .failure(let error, _):
          try require(error.code != .internalError, "\(client.version): \(error)")
          response = Message.error(error, id: id)
        case .result(let result):
          response = Message.response(id: id, result: result)
        }
        try check(response, to: id, era: context.era)
      }
    })

  private static func clients(of message: Envelope) -> [ClientDescription] {
    let modern = (try? ClientDescription(modern: message)) ?? ClientDescription(version: .latest)
    return [modern, ClientDescription(version: .v2025_11_25), ClientDescription(version: .v2024_11_05)]
  }

  /// Checks that a text is the response to a request.
  static func check(_ response: ByteBuffer, to id: RawJSON, era: Era?) throws(Finding) {
    let answer: Envelope
    do throws(RPCError) { answer = try Envelope(scanning: response) } catch { throw Finding("the answer is no message: \(error): \(String(buffer: response))") }
    try require(answer.kind == .response && answer.id?.text == id.text, "the answer is not one to \(id.text): \(String(buffer: response))")
    if let error = answer.error {
      try require(error["code"]?.int != nil && error["message"]?.string?.isEmpty == false, "an error has no code or message: \(error.text)")
    } else if era == .modern {
      try require(answer.result?["resultType"]?.string != nil, "a modern result has no type: \(String(buffer: response))")
    }
  }
}
