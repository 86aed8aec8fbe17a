internal import JSON
internal import MCP
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import NIOWebSocket

/// Where a WebSocket is.
struct WebSocketAddress: Sendable, Hashable {
  var host: String
  var port: Int
  /// `wss`.
  var isSecure: Bool
  /// Path and query.
  var target: String
}

/// Why a WebSocket could not be opened. Does not hold the address, which may hold a ticket.
struct WebSocketError: Error, Sendable {
  var reason: String
}

/// One WebSocket of a client (RFC 6455): messages in the order in which they came, bounded in size and number; pings are answered, and
/// a peer that is silent for too long is left.
final class WebSocketConnection: Sendable {
  struct Settings: Sendable {
    var tls = TLSConfiguration.makeClientConfiguration()
    /// For connection, TLS and upgrade together.
    var openTimeout: TimeAmount = .seconds(15)
    /// After so long without a word from the peer it is pinged; after two such pings without an answer it is gone.
    var pingInterval: TimeAmount = .seconds(20)
    var maximumMessageBytes = 1 << 20
    /// Messages that wait to be read; at one more the connection ends, and the peer sends it again elsewhere.
    var maximumUnread = 1000
  }

  private let channel: any Channel
  private let messages: AsyncStream<ByteBuffer>
  private let continuation: AsyncStream<ByteBuffer>.Continuation

  fileprivate init(_ channel: any Channel, _ settings: Settings) throws {
    self.channel = channel
    (messages, continuation) = AsyncStream.makeStream(of: ByteBuffer.self, bufferingPolicy: .bufferingOldest(settings.maximumUnread))
    let bytes = settings.maximumMessageBytes
    try channel.pipeline.syncOperations.addHandlers([
      NIOWebSocketFrameAggregator(minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 1024, maxAccumulatedFrameSize: bytes),
      IdleStateHandler(readTimeout: settings.pingInterval), WebSocketMessages(continuation),
    ])
  }

  /// Opens a connection: TCP, TLS where the address says so, upgrade.
  static func open(_ address: WebSocketAddress, _ settings: Settings) async throws(WebSocketError) -> WebSocketConnection {
    let tls: NIOSSLContext?
    do { tls = address.isSecure ? try NIOSSLContext(configuration: settings.tls) : nil } catch { throw WebSocketError(reason: "TLS cannot be set up: \(error)") }
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    do {
      let (channel, upgraded) = try await ClientBootstrap(group: loop).connectTimeout(settings.openTimeout).connect(host: address.host, port: address.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls {
            // A server name is a DNS name (RFC 6066, section 3).
            let isNumber = (try? SocketAddress(ipAddress: address.host, port: address.port)) != nil
            try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: tls, serverHostname: isNumber ? nil : address.host))
          }
          return (channel, try upgrade(channel, address, settings))
        }
      }
      let late = loop.scheduleTask(in: settings.openTimeout) { channel.close(promise: nil) }
      defer { late.cancel() }
      do {
        return try await withTaskCancellationHandler {
          try await upgraded.get()
        } onCancel: {
          channel.close(promise: nil)
        }
      } catch {
        channel.close(promise: nil)
        throw error
      }
    } catch {
      throw error as? WebSocketError ?? WebSocketError(reason: "\(error)")
    }
  }

  private static func upgrade(_ channel: any Channel, _ address: WebSocketAddress, _ settings: Settings) throws -> EventLoopFuture<WebSocketConnection> {
    let upgrader = NIOTypedWebSocketClientUpgrader<WebSocketConnection>(maxFrameSize: settings.maximumMessageBytes) { channel, _ in
      channel.eventLoop.makeCompletedFuture { try WebSocketConnection(channel, settings) }
    }
    let host = address.host.contains(":") ? "[\(address.host)]" : address.host
    let isStandard = address.port == (address.isSecure ? 443 : 80)
    let head = HTTPRequestHead(
      version: .http1_1, method: .GET, uri: address.target, headers: ["Host": isStandard ? host : "\(host):\(address.port)", "User-Agent": "Sluice"])
    let configuration = NIOTypedHTTPClientUpgradeConfiguration(upgradeRequestHead: head, upgraders: [upgrader]) { channel in
      channel.eventLoop.makeFailedFuture(WebSocketError(reason: "the server did not take the upgrade"))
    }
    return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(configuration: .init(upgradeConfiguration: configuration))
  }

  // MARK: Messages

  /// The next message; nil when the connection has ended, reading was finished, or the task was cancelled. To be asked by one task at a time.
  func next() async -> ByteBuffer? {
    for await message in messages { return message }
    return nil
  }

  /// Sends a text. That it fails is seen in that there is no next message.
  func send(_ json: JSONValue) async {
    let frame = WebSocketFrame(fin: true, opcode: .text, maskKey: .random(), data: ByteBuffer(json))
    try? await channel.writeAndFlush(frame)
  }

  /// Takes no more messages: those that came can still be read, and answered.
  func finishReading() { continuation.finish() }

  /// Says goodbye (RFC 6455, section 5.5.1) and closes.
  func close() {
    continuation.finish()
    channel.eventLoop.execute { [channel] in
      channel.writeAndFlush(WebSocketMessages.closing(nil)).whenComplete { _ in channel.close(promise: nil) }
    }
  }
}

/// Frames of a connection, on its event loop.
private final class WebSocketMessages: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  private let continuation: AsyncStream<ByteBuffer>.Continuation
  /// Pings since the peer was heard last.
  private var unanswered = 0

  init(_ continuation: AsyncStream<ByteBuffer>.Continuation) { self.continuation = continuation }

  static func closing(_ received: ByteBuffer?) -> WebSocketFrame {
    var data = received ?? ByteBuffer()
    if received == nil { data.write(webSocketErrorCode: .normalClosure) }
    return WebSocketFrame(fin: true, opcode: .connectionClose, maskKey: .random(), data: data)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    unanswered = 0
    switch frame.opcode {
    case .text, .binary:
      if case .dropped = continuation.yield(frame.unmaskedData) { context.close(promise: nil) }
    case .ping: context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .pong, maskKey: .random(), data: frame.unmaskedData)), promise: nil)
    case .connectionClose:
      continuation.finish()
      context.writeAndFlush(wrapOutboundOut(Self.closing(frame.unmaskedData)), promise: nil)
      context.close(promise: nil)
    default: break
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case .read? = event as? IdleStateHandler.IdleStateEvent else { return context.fireUserInboundEventTriggered(event) }
    guard unanswered < 2 else { return context.close(promise: nil) }
    unanswered += 1
    context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .ping, maskKey: .random(), data: ByteBuffer())), promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    continuation.finish()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    continuation.finish()
    context.close(promise: nil)
  }
}
