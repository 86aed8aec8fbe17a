public import JSON
public import NIOCore

/// The way back to a legacy client while one of its requests is being answered: the stream of that request over HTTP, the pipe over stdio.
///
/// Modern clients have none: what a handler asks of them becomes an `input_required` result (2026-07-28, basic/patterns/mrtr).
public protocol ClientChannel: AnyObject, Sendable {
  /// Sends a request to the client and waits for its response. Cancelled with the task that waits.
  ///
  /// - Parameter params: the text of the params object; nil for none.
  /// - Returns: the result object.
  func request(_ method: Method, params: ByteBuffer?) async throws(ClientFailure) -> RawJSON

  /// Ends the HTTP response, not the request: what is still said is kept until the client comes back for it (2025-11-25,
  /// basic/transports, "Resumability and Redelivery"). Does nothing on other transports.
  ///
  /// - Parameter milliseconds: how long the client is asked to wait before it comes back.
  func closeStream(retryAfter milliseconds: Int) async
}

/// Why a client did not do what a handler asked of it.
public enum ClientFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// The client answered with an error, for example because its user said no.
  case refused(Method, RPCError)
  /// The answer has another form than the question asks for.
  case invalidAnswer(Method, String)
  /// No answer came in time.
  case timeout(Method)
  /// The request was cancelled or the client went away.
  case cancelled
  /// There is no way to ask: the message says why.
  case unreachable(String)

  /// Safe to show to the client and its model.
  public var description: String {
    switch self {
    case .refused(let method, let error): "The client refused \(method.rawValue): \(error.message)"
    case .invalidAnswer(let method, let problem): "The client's answer to \(method.rawValue) cannot be used: \(problem)"
    case .timeout(let method): "The client did not answer \(method.rawValue) in time"
    case .cancelled: "The request was cancelled before the client answered"
    case .unreachable(let reason): reason
    }
  }
}
