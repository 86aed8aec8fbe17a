public import NIOCore

/// One event as a reader sees it.
public struct SSEEvent: Sendable, Equatable {
  /// The `event` field; nil means `message`.
  public var event: String?
  /// The lines of `data`, joined by LF.
  public var data: ByteBuffer
  /// The last event id at this point of the stream: it lasts until another `id` replaces it. Nil when there was none.
  public var id: String?
  /// The `retry` field of this event, in milliseconds.
  public var retry: Int?

  public init(event: String? = nil, data: ByteBuffer, id: String? = nil, retry: Int? = nil) {
    self.event = event
    self.data = data
    self.id = id
    self.retry = retry
  }
}

/// A stream of events that is none.
public enum SSEParserError: Error, Equatable, Sendable {
  /// A line or an event is larger than the bound.
  case eventTooLarge(maxBytes: Int)
}
