import JSON
import NIOCore
import NIOPosix
import Synchronization

/// A server that speaks HTTP by hand, so that it can speak it wrong.
///
/// It answers the handshake of 2026-07-28 and lists `tools`; what it does at a call is the test's.
final class RawUpstream: Sendable {
  /// One thing that the server does.
  enum Act: Sendable {
    case send(String)
    case bytes([UInt8])
    /// Sends the same again and again until the peer goes away.
    case flood(String)
    case close
    /// Neither answers nor closes.
    case hang
  }

  struct Call: Sendable {
    let id: JSONValue
    let tool: String
    let request: JSONValue
    /// Header lines, as sent.
    let head: String
  }

  let port: Int
  let calls = Seen<Call>()
  /// Connections that ended while a call was unanswered.
  let abandoned = Tally()
  private let channel: any Channel

  init(tools: [String], _ script: @escaping @Sendable (Call) -> [Act]) async throws {
    let (calls, abandoned) = (calls, abandoned)
    channel = try await ServerBootstrap(group: loops)
      .childChannelInitializer { child in
        child.eventLoop.makeCompletedFuture {
          try child.pipeline.syncOperations.addHandler(RawUpstreamConnection(tools: tools, calls: calls, abandoned: abandoned, script: script))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = channel.localAddress?.port ?? 0
  }

  deinit { channel.close(promise: nil) }

  /// A whole HTTP answer.
  static func answer(_ body: String, status: String = "200 OK", type: String = "application/json", extra: String = "") -> Act {
    .send("HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\n\(extra)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
  }

  /// A JSON-RPC response with a result.
  static func result(_ id: JSONValue, _ result: JSONValue) -> Act {
    answer((["jsonrpc": "2.0", "id": id, "result": result] as JSONValue).text)
  }

  static func text(_ id: JSONValue, _ text: String) -> Act {
    result(id, ["resultType": "complete", "content": [["type": "text", "text": .string(text)]]])
  }
}

private final class RawUpstreamConnection: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let tools: [String]
  private let calls: Seen<RawUpstream.Call>
  private let abandoned: Tally
  private let script: @Sendable (RawUpstream.Call) -> [RawUpstream.Act]
  private var received = ByteBuffer()
  private var isAnswering = false
  private var flood: ByteBuffer?

  init(
    tools: [String], calls: Seen<RawUpstream.Call>, abandoned: Tally, script: @escaping @Sendable (RawUpstream.Call) -> [RawUpstream.Act]
  ) {
    self.tools = tools
    self.calls = calls
    self.abandoned = abandoned
    self.script = script
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var piece = unwrapInboundIn(data)
    received.writeBuffer(&piece)
    while let (head, body) = nextRequest() { answer(head, body, context) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    if isAnswering { abandoned.add() }
    flood = nil
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func nextRequest() -> (head: String, body: String)? {
    let text = String(buffer: received)
    guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
    let head = String(text[..<end.lowerBound])
    let length = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }.flatMap { Int($0.dropFirst(15).trimmingPrefix(" ")) } ?? 0
    let headBytes = head.utf8.count + 4
    guard received.readableBytes >= headBytes + length else { return nil }
    received.moveReaderIndex(forwardBy: headBytes)
    return (head, received.readString(length: length) ?? "")
  }

  private func answer(_ head: String, _ body: String, _ context: ChannelHandlerContext) {
    guard let request = try? JSONValue(parsing: body), let method = request["method"]?.string else { return context.close(promise: nil) }
    let id = request["id"] ?? .null
    switch method {
    case "server/discover":
      act(
        [
          RawUpstream.result(
            id,
            ["resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": ["tools": [:]], "ttlMs": 0, "cacheScope": "private"])
        ], context)
    case "tools/list":
      let list: [JSONValue] = tools.map { ["name": .string($0), "inputSchema": ["type": "object"]] }
      act([RawUpstream.result(id, ["resultType": "complete", "tools": .array(list), "ttlMs": 0, "cacheScope": "private"])], context)
    case "tools/call":
      let call = RawUpstream.Call(id: id, tool: request["params"]?["name"]?.string ?? "", request: request, head: head)
      calls.add(call)
      isAnswering = true
      act(script(call), context)
    default:
      let error: JSONValue = ["jsonrpc": "2.0", "id": id, "error": ["code": -32601, "message": "Method not found"]]
      act([RawUpstream.answer(error.text, status: "404 Not Found")], context)
    }
  }

  private func act(_ acts: [RawUpstream.Act], _ context: ChannelHandlerContext) {
    for act in acts {
      switch act {
      case .send(let text):
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        isAnswering = false
      case .bytes(let bytes):
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        isAnswering = false
      case .flood(let text):
        flood = ByteBuffer(string: text)
        isAnswering = true
        pour(context)
      case .close: context.close(promise: nil)
      case .hang: isAnswering = true
      }
    }
  }

  /// One piece after the other, each when the one before is out: the loop is shared with other tests.
  private func pour(_ context: ChannelHandlerContext) {
    guard let flood else { return }
    let written = context.eventLoop.makePromise(of: Void.self)
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    written.futureResult.whenSuccess {
      bound.value.1.eventLoop.execute {
        let (handler, context) = bound.value
        handler.pour(context)
      }
    }
    context.writeAndFlush(wrapOutboundOut(flood), promise: written)
  }
}
