internal import NIOCore

/// Runs `work`, and cancels it when the client of `channel` goes.
func cancelledWhenGone<Value: Sendable>(_ channel: any Channel, _ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
  let (signal, gone) = AsyncStream.makeStream(of: Never.self)
  let key = try await channel.eventLoop.submit { try ConnectionWatch.of(channel).add { gone.finish() } }.get()
  defer { channel.eventLoop.execute { (try? ConnectionWatch.of(channel))?.remove(key) } }
  return try await withThrowingTaskGroup(of: Value?.self) { group in
    group.addTask { try await work() }
    group.addTask {
      for await _ in signal {}
      return nil
    }
    defer { group.cancelAll() }
    while let value = try await group.next() {
      if let value { return value }
      // The client is gone; the work ends in its own time.
      group.cancelAll()
    }
    throw CancellationError()
  }
}

/// Tells when the client of a connection has gone: the connection closes, or in HTTP/1.1 the client ends what it sends.
///
/// An HTTP/1.1 client that only closes its sending half (RFC 9112, 9.6) is taken for gone, as Hummingbird does for event streams.
/// Used on the loop of its channel only.
final class ConnectionWatch: ChannelInboundHandler {
  typealias InboundIn = NIOAny

  private var waiting: [Int: @Sendable () -> Void] = [:]
  private var nextKey = 0
  private var isGone = false
  /// Whether the end of input is the end of the client. On a stream of HTTP/2 it only ends the request.
  private let inputIsConnection: Bool

  private init(inputIsConnection: Bool) { self.inputIsConnection = inputIsConnection }

  /// The watch of a connection. Must be called on its loop.
  static func of(_ channel: any Channel) throws -> ConnectionWatch {
    if let known = try? channel.pipeline.syncOperations.handler(type: ConnectionWatch.self) { return known }
    // A connection's parent listens; a stream's parent is a connection.
    let watch = ConnectionWatch(inputIsConnection: channel.parent?.parent == nil)
    try channel.pipeline.syncOperations.addHandler(watch, position: .first)
    return watch
  }

  /// Calls `gone` when the client goes, at once if it has.
  func add(_ gone: @escaping @Sendable () -> Void) -> Int {
    nextKey += 1
    if isGone { gone() } else { waiting[nextKey] = gone }
    return nextKey
  }

  func remove(_ key: Int) { waiting[key] = nil }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if inputIsConnection, case .some(.inputClosed) = event as? ChannelEvent { clientGone() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    clientGone()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { clientGone() }

  private func clientGone() {
    isGone = true
    let waiting = waiting
    self.waiting = [:]
    for gone in waiting.values { gone() }
  }
}
