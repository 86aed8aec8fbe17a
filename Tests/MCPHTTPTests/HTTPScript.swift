import MCPHTTP
import NIOCore
import NIOPosix

func origin(_ port: Int) -> HTTPOrigin { HTTPOrigin(scheme: .http, host: "127.0.0.1", port: port) }

func get(_ port: Int, _ path: String) -> HTTPClientRequest {
  HTTPClientRequest(origin: origin(port), method: .get, path: path)
}

/// A peer that reads a request head, sends the pieces one flush each, and closes.
func withScript(_ pieces: [ByteBuffer], _ body: @Sendable (Int) async throws -> Void) async throws {
  let channel = try await ServerBootstrap(group: loops)
    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
    .childChannelInitializer { child in
      child.eventLoop.makeCompletedFuture { try child.pipeline.syncOperations.addHandler(Script(pieces)) }
    }
    .bind(host: "127.0.0.1", port: 0).get()
  try await body(channel.localAddress?.port ?? 0)
  try await channel.close()
}

private final class Script: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer
  private var pieces: [ByteBuffer]

  init(_ pieces: [ByteBuffer]) { self.pieces = pieces }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    next(NIOLoopBound(context, eventLoop: context.eventLoop), NIOLoopBound(self, eventLoop: context.eventLoop))
  }

  private func next(_ context: NIOLoopBound<ChannelHandlerContext>, _ handler: NIOLoopBound<Script>) {
    guard !pieces.isEmpty else { return context.value.close(promise: nil) }
    let piece = pieces.removeFirst()
    context.value.writeAndFlush(wrapOutboundOut(piece)).whenComplete { _ in
      // Behind whatever the loop has to do, so that the other end reads the pieces apart.
      context.value.eventLoop.execute { handler.value.next(context, handler) }
    }
  }
}
