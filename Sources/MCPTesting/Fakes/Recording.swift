public import JSON
public import MCP
internal import Synchronization

/// All messages between one client and its server, and all questions that the server asked, in order.
public final class Recording: Sendable {
  /// Something that a server asked of the user, the model or the client.
  public enum Asked: Sendable, Hashable {
    case form(FormElicitation)
    case url(URLElicitation)
    case sample(SamplingRequest)
    case roots
  }

  private struct State {
    var messages: [WireMessage] = []
    var asked: [Asked] = []
  }

  public let wire: Wire
  /// Guards what was recorded.
  private let state = Mutex(State())

  init(_ wire: Wire) { self.wire = wire }

  /// Every message, the handshake included.
  public var messages: [WireMessage] { state.withLock(\.messages) }

  /// What the server asked.
  public var asked: [Asked] { state.withLock(\.asked) }

  /// The methods of the requests and notifications that went one way.
  public func methods(_ direction: WireMessage.Direction) -> [String] { texts(direction).compactMap { $0["method"]?.string } }

  /// The messages with `method` that went one way, decoded.
  public func messages(_ direction: WireMessage.Direction, _ method: Method) -> [JSONValue] {
    texts(direction).filter { $0["method"]?.string == method.rawValue }.map { JSONValue($0) }
  }

  private func texts(_ direction: WireMessage.Direction) -> [RawJSON] { messages.filter { $0.direction == direction }.map(\.text) }

  func add(_ message: WireMessage) { state.withLock { $0.messages.append(message) } }

  /// - Returns: how many of its kind were asked before.
  func add(_ asked: Asked, like isAlike: (Asked) -> Bool) -> Int {
    state.withLock { state in
      defer { state.asked.append(asked) }
      return state.asked.count(where: isAlike)
    }
  }

  /// The last messages, one a line and cut where they are long.
  var lastWords: String {
    let messages = messages
    guard !messages.isEmpty else { return "nothing was said" }
    return messages.suffix(6).map { ($0.direction == .sent ? "-> " : "<- ") + $0.text.text.prefix(300) }.joined(separator: "\n")
  }
}
