import NIOCore

/// One request on its way: what the pool queues and a connection carries.
///
/// `@unchecked Sendable`: the mutable state is touched on the pool's loop only; `HTTPClient` brings every call there.
final class HTTPExchange: @unchecked Sendable {
  typealias Outcome = Result<HTTPClientResponse, HTTPClientError>

  let request: HTTPClientRequest
  let deadline: NIODeadline
  /// The connection that carries the exchange, once one does.
  var connection: HTTPClientConnection?
  private(set) var isCancelled = false
  private var continuation: UnsafeContinuation<Outcome, Never>?

  init(request: HTTPClientRequest, deadline: NIODeadline) {
    self.request = request
    self.deadline = deadline
  }

  var isSettled: Bool { continuation == nil }

  func begin(_ continuation: UnsafeContinuation<Outcome, Never>) {
    self.continuation = continuation
  }

  /// Resumes the sender; the first outcome counts, so the continuation is resumed exactly once.
  func settle(_ outcome: Outcome) {
    guard let continuation else { return }
    self.continuation = nil
    continuation.resume(returning: outcome)
  }

  func cancel() {
    isCancelled = true
    if let connection {
      connection.abandon(self, HTTPClientError(.cancelled, "the request was cancelled", requestWasSent: true))
    } else {
      settle(.failure(HTTPClientError(.cancelled, "the request was cancelled")))
    }
  }
}
