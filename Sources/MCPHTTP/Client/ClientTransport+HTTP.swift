public import JSON
public import MCP
internal import NIOCore
internal import NIOPosix
public import NIOSSL

extension ClientTransport {
  /// A server over HTTP: Streamable HTTP in either era, or where a server has only that, the HTTP+SSE transport of 2024-11-05.
  ///
  /// - Parameters:
  ///   - url: the MCP endpoint, `http` or `https`. What is wrong with it shows when the client connects.
  ///   - headers: gives the headers of each request beyond the protocol's, credentials above all.
  ///   - tls: certificates are verified against the system's roots unless it says otherwise.
  public static func http(
    _ url: String, headers: @escaping @Sendable () throws -> [HTTPHint.Header] = { [] }, limits: JSONLimits = JSONLimits(),
    tls: TLSConfiguration = .makeClientConfiguration()
  ) -> ClientTransport {
    ClientTransport { logger in
      guard let target = HTTPURL(url) else {
        return UnusableWire(WireError(.unreachable, "\(url) is no http or https URL", mayHaveHadEffect: false))
      }
      let configuration = HTTPWire.Configuration(origin: target.origin, path: target.path, headers: headers, limits: limits)
      return HTTPWire(configuration, client: HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, tls: tls), ownsClient: true, logger: logger)
    }
  }

  /// A server over HTTP with a bearer token.
  public static func http(_ url: String, bearer token: String) -> ClientTransport {
    http(url, headers: { [HTTPHint.Header("Authorization", "Bearer \(token)")] })
  }

  /// A server over HTTP that asks for OAuth access tokens, at the URL that the configuration names.
  public static func http(
    _ authorization: OAuthConfiguration, limits: JSONLimits = JSONLimits(), tls: TLSConfiguration = .makeClientConfiguration()
  ) -> ClientTransport {
    ClientTransport { logger in
      let client = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, tls: tls)
      do throws(OAuthError) {
        let authorizer = try OAuthClient(authorization, client: client)
        let configuration = HTTPWire.Configuration(origin: authorizer.server.origin, path: authorizer.server.path, authorizer: authorizer, limits: limits)
        return HTTPWire(configuration, client: client, ownsClient: true, logger: logger)
      } catch {
        return UnusableWire(WireError(.unreachable, error.message, mayHaveHadEffect: false))
      }
    }
  }

  /// A server over HTTP, through a client that others use as well and that is shut down by whoever made it.
  public static func http(_ configuration: HTTPWire.Configuration, client: HTTPClient) -> ClientTransport {
    ClientTransport { logger in HTTPWire(configuration, client: client, logger: logger) }
  }
}

/// A wire that says why there is none.
struct UnusableWire: ClientWire {
  private let error: WireError

  init(_ error: WireError) { self.error = error }

  func roundTrip(_ request: WireRequest) async throws(WireError) -> Envelope { throw error }
  func send(_ notification: ByteBuffer, version: ProtocolVersion) async throws(WireError) { throw error }
  func receiveUnsolicited(
    version: ProtocolVersion, opened: @escaping @Sendable () -> Void, _ receive: @escaping @Sendable (Envelope) async -> Void
  ) async throws(WireError) { throw error }
}
