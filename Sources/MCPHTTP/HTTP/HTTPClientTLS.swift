import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// TLS of a client: one context, made when the first `https` origin is met, because loading trust roots takes milliseconds.
final class HTTPClientTLS: Sendable {
  private let configuration: TLSConfiguration
  private let context: Mutex<NIOSSLContext?> = Mutex(nil)

  init(_ configuration: TLSConfiguration) {
    self.configuration = configuration
  }

  /// The handler for a new connection, or nil for plain `http`. The certificate must name the origin's host.
  func handler(for origin: HTTPOrigin) throws -> NIOSSLClientHandler? {
    guard origin.scheme == .https else { return nil }
    let context = try context.withLock { known in
      if let known { return known }
      let made = try NIOSSLContext(configuration: configuration)
      known = made
      return made
    }
    // A server name is a DNS name (RFC 6066, 3). Without one NIOSSL verifies the certificate against the peer's address.
    let isAddress = (try? SocketAddress(ipAddress: origin.host, port: origin.port)) != nil
    return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : origin.host)
  }

  static func classify(_ error: any Error, _ origin: HTTPOrigin) -> HTTPClientError {
    switch error {
    case let error as HTTPClientError: error
    case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
      HTTPClientError(.tls, "TLS with \(origin) failed: \(error)")
    case ChannelError.connectTimeout:
      HTTPClientError(.timeout, "connecting to \(origin) took too long")
    default:
      HTTPClientError(.connect, "cannot connect to \(origin): \(error)")
    }
  }
}
