public import JSON
internal import NIOCore

/// A message as it passed between a client and its server.
public struct WireMessage: Sendable {
  /// Which way a message went, as the client sees it.
  public enum Direction: String, Sendable { case sent, received }

  /// Which way it went.
  public let direction: Direction
  /// The message.
  public let text: RawJSON

  package init(_ direction: Direction, _ text: RawJSON) {
    self.direction = direction
    self.text = text
  }
}

extension ClientTransport {
  /// The same transport, whose messages `observe` sees in both directions, in the order in which the client sends and gets them.
  ///
  /// What a wire says of itself does not pass here: cancellations over stdio, headers, sessions and events over HTTP.
  public func observed(by observe: @escaping @Sendable (WireMessage) -> Void) -> ClientTransport {
    ClientTransport { logger in ObservedWire(open(logger), observe) }
  }
}

/// A wire whose messages are shown to somebody.
struct ObservedWire: ClientWire {
  private let wire: any ClientWire
  private let observe: @Sendable (WireMessage) -> Void

  init(_ wire: any ClientWire, _ observe: @escaping @Sendable (WireMessage) -> Void) {
    self.wire = wire
    self.observe = observe
    wire.requestsFromServer?.observe { [observe] direction, message in Self.show(message, direction, observe) }
  }

  private static func show(_ message: ByteBuffer, _ direction: WireMessage.Direction, _ observe: (WireMessage) -> Void) {
    if let text = try? RawJSON(scanning: message) { observe(WireMessage(direction, text)) }
  }

  func roundTrip(_ request: WireRequest) async throws(WireError) -> Envelope {
    Self.show(request.message, .sent, observe)
    var request = request
    let forward = request.onNotification
    request.onNotification = { [observe] notification in
      observe(WireMessage(.received, notification.raw))
      await forward?(notification)
    }
    let answer = try await wire.roundTrip(request)
    observe(WireMessage(.received, answer.raw))
    return answer
  }

  func send(_ notification: ByteBuffer, version: ProtocolVersion) async throws(WireError) {
    Self.show(notification, .sent, observe)
    try await wire.send(notification, version: version)
  }

  func receiveUnsolicited(
    version: ProtocolVersion, opened: @escaping @Sendable () -> Void, _ receive: @escaping @Sendable (Envelope) async -> Void
  ) async throws(WireError) {
    try await wire.receiveUnsolicited(version: version, opened: opened) { [observe] notification in
      observe(WireMessage(.received, notification.raw))
      await receive(notification)
    }
  }

  func lost() async { await wire.lost() }
  func close() async { await wire.close() }
  var requestsFromServer: RequestsFromServer? { wire.requestsFromServer }
  var carriesHeaders: Bool { wire.carriesHeaders }
  var isSharedChannel: Bool { wire.isSharedChannel }
  var extensions: [String] { wire.extensions }
  var authorizationContext: Int { wire.authorizationContext }
}
