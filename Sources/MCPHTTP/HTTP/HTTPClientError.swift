/// Why a request got no answer.
public struct HTTPClientError: Error, Sendable, CustomStringConvertible {
  /// What kind of error it is, for programs.
  public enum Code: String, Sendable {
    /// No connection could be made: refused, unreachable, or the name does not resolve.
    case connect
    /// The deadline passed, in any phase.
    case timeout
    /// The peer closed the connection before any byte of an answer.
    case closedBeforeAnswer
    case closedMidAnswer
    /// The answer is larger than `maxResponseBytes`, or its head than `maxHeaderBytes`.
    case tooLarge
    /// The peer does not speak HTTP/1.1 as it should, or the request cannot be written as HTTP.
    case `protocol`
    case tls
    /// The task was cancelled, or the client shut down.
    case cancelled
  }

  /// What kind of error it is.
  public let code: Code
  /// Says what happened; names the origin, never header values or content.
  public let message: String
  /// Whether bytes of the request were handed to the system: the peer may have acted on it.
  public let requestWasSent: Bool
  /// Whether the request went out on a connection that had served others. With `closedBeforeAnswer` this is most often a
  /// keep-alive connection that the peer closed as we wrote: an idempotent request may be sent again.
  public let connectionWasReused: Bool

  /// Whether no byte of the request can have been processed, so that any request may be sent again.
  public var isSafeToRetry: Bool { !requestWasSent && (code == .connect || code == .closedBeforeAnswer || code == .timeout || code == .tls) }

  public var description: String { "\(code.rawValue): \(message)" }

  public init(_ code: Code, _ message: String, requestWasSent: Bool = false, connectionWasReused: Bool = false) {
    self.code = code
    self.message = message
    self.requestWasSent = requestWasSent
    self.connectionWasReused = connectionWasReused
  }
}
