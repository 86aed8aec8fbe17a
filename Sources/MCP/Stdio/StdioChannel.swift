internal import JSON
internal import NIOCore

/// The pipe back to a legacy client while one of its requests is answered.
final class StdioChannel: ClientChannel {
  private let requests: RequestsToClient
  private let send: @Sendable (ByteBuffer) async -> Void
  /// Told 1 when a request begins to wait for its answer, and -1 when it ends to.
  private let waits: @Sendable (Int) -> Void

  init(_ requests: RequestsToClient, send: @escaping @Sendable (ByteBuffer) async -> Void, waits: @escaping @Sendable (Int) -> Void) {
    self.requests = requests
    self.send = send
    self.waits = waits
  }

  func request(_ method: Method, params: ByteBuffer?) async throws(ClientFailure) -> RawJSON {
    waits(1)
    defer { waits(-1) }
    return try await requests.request(method, params: params, scope: "", send: send)
  }

  func closeStream(retryAfter milliseconds: Int) async {}
}
