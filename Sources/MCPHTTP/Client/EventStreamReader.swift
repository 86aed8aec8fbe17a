internal import JSON
internal import MCP
internal import NIOCore

/// The messages of an event stream, and the place from which to go on should it end early.
struct EventStreamReader {
  /// Why a stream cannot be read on.
  struct Invalid: Error, CustomStringConvertible {
    let description: String
  }

  /// The id of the last event of the stream or of those that it goes on from.
  private(set) var lastEventID: String?
  /// How long the server wants us to wait before we come back, in milliseconds.
  private(set) var retry: Int?
  private var parser = SSEParser()
  private let limits: JSONLimits
  private let allowsBatch: Bool

  /// - Parameter version: the revision that is spoken.
  init(limits: JSONLimits, version: ProtocolVersion) {
    self.limits = limits
    allowsBatch = version == .v2025_03_26
  }

  /// The next bytes are the first of a new response.
  mutating func begin() { parser = SSEParser(maxEventBytes: limits.bytes) }

  /// The time to wait before coming back: the server's, or a second.
  var wait: TimeAmount { .milliseconds(Int64(min(retry ?? 1000, 3_600_000))) }

  /// The messages that `bytes` complete. Events of other kinds, and those without data, carry none.
  mutating func read(_ bytes: ByteBuffer) throws(Invalid) -> [Envelope] {
    let events: [SSEEvent]
    do throws(SSEParserError) { events = try parser.parse(bytes) } catch { throw Invalid(description: "the event stream is not valid: \(error)") }
    if let id = parser.lastEventID { lastEventID = id }
    if let time = parser.reconnectionTime { retry = time }
    var messages: [Envelope] = []
    for event in events where event.data.readableBytes > 0 && (event.event == nil || event.event == "message") {
      do throws(RPCError) { messages += try Envelope.messages(in: event.data, allowsBatch: allowsBatch, limits: limits) } catch {
        throw Invalid(description: "an event is no valid MCP message: \(error.message)")
      }
    }
    return messages
  }
}
