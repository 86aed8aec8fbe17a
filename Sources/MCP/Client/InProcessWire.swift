internal import JSON
public import NIOCore

/// A server in the same process: its handler is called directly.
public struct InProcessWire: ClientWire {
  private let handler: any RequestHandler

  /// A wire to a server in this process.
  public init(_ handler: any RequestHandler) { self.handler = handler }

  public func roundTrip(_ request: WireRequest) async throws(WireError) -> Envelope {
    let message = try envelope(request.message)
    let client: ClientDescription
    do throws(RPCError) { client = try ClientDescription(modern: message) } catch {
      return try envelope(Message.error(error, id: message.id))
    }
    let receive = request.onNotification
    let notify: @Sendable (ByteBuffer) async -> Void = { notification in
      guard let receive, let envelope = try? Envelope(scanning: notification) else { return }
      await receive(envelope)
    }
    let context = RequestContext(client: client, transport: .inProcess, eventLoop: request.eventLoop, notify: notify)
    guard let id = message.id else { throw WireError(.invalidAnswer, "a request has an id", mayHaveHadEffect: false) }
    if request.method == .discover {
      return try envelope(Message.response(id: id, result: await handler.describe(context).discoverResult(versions: [.latest])))
    }
    if request.method == .subscriptionsListen { return try await forwardChanges(message, to: receive) }
    switch await handler.handle(message, context) {
    case .result(let result): return try envelope(Message.response(id: id, result: result))
    case .failure(let error, _): return try envelope(Message.error(error, id: id))
    }
  }

  public func send(_ notification: ByteBuffer, version: ProtocolVersion) async throws(WireError) {}

  public func receiveUnsolicited(
    version: ProtocolVersion, opened: @escaping @Sendable () -> Void, _ receive: @escaping @Sendable (Envelope) async -> Void
  ) async throws(WireError) {
    opened()
  }

  private func envelope(_ text: ByteBuffer) throws(WireError) -> Envelope {
    do throws(RPCError) { return try Envelope(scanning: text) } catch {
      throw WireError(.invalidAnswer, "the server answered with no valid message: \(error.message)", mayHaveHadEffect: true)
    }
  }

  private func forwardChanges(_ request: Envelope, to receive: (@Sendable (Envelope) async -> Void)?) async throws(WireError) -> Envelope {
    let filter: SubscriptionFilter
    let context = RequestContext(client: ClientDescription(version: .latest), transport: .inProcess)
    do throws(RPCError) { filter = try SubscriptionFilter(of: request, capabilities: await handler.describe(context).capabilities) } catch {
      return try envelope(Message.error(error, id: request.id))
    }
    let queue = ChangeQueue()
    let observation = handler.observe(for: nil) { if filter.admits($0) { queue.add($0) } }
    defer { observation.cancel() }
    if let id = request.id { await receive?(try envelope(filter.acknowledgement(id: id))) }
    while true {
      switch await queue.next() {
      case .change(let change): await receive?(try envelope(change.notification()))
      case .idle: continue
      case .closed: throw WireError(.cancelled, "the subscription was cancelled", mayHaveHadEffect: false)
      }
    }
  }
}

extension ServerChange {
  /// The change that a notification tells of.
  public init?(_ notification: Envelope) {
    switch notification.method {
    case .toolsListChanged: self = .toolsListChanged
    case .promptsListChanged: self = .promptsListChanged
    case .resourcesListChanged: self = .resourcesListChanged
    case .resourceUpdated:
      guard let uri = notification["uri"]?.string else { return nil }
      self = .resourceUpdated(uri: uri)
    default: return nil
    }
  }
}
