internal import JSON
internal import MCP
internal import NIOCore

/// The stream of a legacy request as a way to its client.
final class LegacyChannel: ClientChannel {
  private let requests: ClientRequests
  private let scope: String
  private let exchange: Exchange

  /// - Parameter scope: the id of the session.
  init(_ requests: ClientRequests, scope: String, _ exchange: Exchange) {
    self.requests = requests
    self.scope = scope
    self.exchange = exchange
  }

  func request(_ method: Method, params: ByteBuffer?) async throws(ClientFailure) -> RawJSON {
    try await requests.request(method, params: params, scope: scope) { [exchange] in await exchange.notify($0) }
  }

  func closeStream(retryAfter milliseconds: Int) async {}
}
