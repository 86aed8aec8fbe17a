internal import JSON
internal import MCP
internal import NIOCore

/// The stream of a legacy request as a way to its client.
final class LegacyChannel: ClientChannel {
  private let requests: RequestsToClient
  private let scope: String
  private let exchange: Exchange
  private let session: LegacySession

  init(_ requests: RequestsToClient, _ exchange: Exchange, of session: LegacySession) {
    self.requests = requests
    self.exchange = exchange
    self.session = session
    scope = session.token.id
  }

  func request(_ method: Method, params: ByteBuffer?) async throws(ClientFailure) -> RawJSON {
    try await requests.request(method, params: params, scope: scope) { [exchange] in await exchange.notify($0) }
  }

  func closeStream(retryAfter milliseconds: Int) async {
    // Before 2025-11-25 clients take the end of a stream for that of the request.
    guard session.token.client.version >= .v2025_11_25, let id = await exchange.closeStream(retryAfter: milliseconds) else { return }
    session.keep(exchange, streamID: id)
  }
}
