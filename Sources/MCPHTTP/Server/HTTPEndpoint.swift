internal import Crypto
public import Logging
public import MCP
internal import NIOPosix
public import NIOSSL
public import ServiceLifecycle
internal import UnixSignals

/// A server behind Streamable HTTP, for both eras, as a service among others of a program.
///
/// ```swift
/// let service = HTTPEndpoint(Server(name: "weather", Weather()), port: 8080)
/// try await ServiceGroup(services: [database, service], gracefulShutdownSignals: [.sigterm], logger: logger).run()
/// ```
public final class HTTPEndpoint: Service {
  private let server: HTTPServer

  /// - Parameters:
  ///   - host: the address or name to bind.
  ///   - port: 0 takes any free one; ``start()`` tells which.
  ///   - configuration: nil serves `/mcp`. On a loopback address it then refuses hosts and origins that are not this machine; on others
  ///     it takes any host and no origin but those that come without.
  ///   - authenticate: finds out who sends a request; nil leaves the endpoint open.
  ///   - tls: serves `https`; see `TLSConfiguration.server(certificateFile:keyFile:)`.
  public init(
    _ handler: any RequestHandler, host: String = "127.0.0.1", port: Int, configuration: StreamableHTTPConfiguration? = nil,
    authenticate: StreamableHTTPResponder.Authenticate? = nil, tls: TLSConfiguration? = nil, logger: Logger = Logger(label: "mcp.http")
  ) {
    let configuration = configuration ?? StreamableHTTPConfiguration(allowed: Self.isLoopback(host) ? .loopback : .any)
    server = HTTPServer(
      host: host, port: port, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
      responder: StreamableHTTPResponder(handler, configuration: configuration, authenticate: authenticate), tls: tls, logger: logger)
  }

  /// An endpoint whose requests need an access token, with the metadata that tells clients where to get one.
  ///
  /// - Parameters:
  ///   - host: the address or name to bind.
  ///   - port: 0 takes any free one; ``start()`` tells which.
  ///   - configuration: nil serves the path of the resource's URL. On a loopback address it then refuses hosts and origins that are neither
  ///     this machine nor the host of that URL; on others it takes any host and no origin but those that come without.
  ///   - resourceServer: whose tokens are taken, and for what.
  ///   - tls: serves `https`; nil where a proxy in front of the port does. See `TLSConfiguration.server(certificateFile:keyFile:)`.
  public init(
    _ handler: any RequestHandler, host: String = "127.0.0.1", port: Int, configuration: StreamableHTTPConfiguration? = nil,
    resourceServer: ResourceServer, tls: TLSConfiguration? = nil, logger: Logger = Logger(label: "mcp.http")
  ) {
    let name = resourceServer.resource.origin.host
    let allowed: AllowedHosts =
      Self.isLoopback(host) ? AllowedHosts(hosts: AllowedHosts.loopbackNames + [name.contains(":") ? "[\(name)]" : name]) : .any
    let configuration = configuration ?? StreamableHTTPConfiguration(path: String(resourceServer.resource.path.prefix { $0 != "?" }), allowed: allowed)
    server = HTTPServer(
      host: host, port: port, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
      responder: ProtectedEndpoint(handler, configuration: configuration, resourceServer: resourceServer), tls: tls, logger: logger)
  }

  private static func isLoopback(_ host: String) -> Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

  /// Opens the port. ``run()`` does it too.
  ///
  /// - Returns: the port.
  @discardableResult public func start() async throws -> Int { try await server.start() }

  /// Serves until graceful shutdown or cancellation; what is being answered may finish.
  public func run() async throws { try await server.run() }
}

extension ServerEndpoint {
  /// Streamable HTTP at `http://host:port/mcp`, until SIGTERM or SIGINT; with `tls`, `https`.
  ///
  /// - Parameters: those of ``HTTPEndpoint/init(_:host:port:configuration:authenticate:tls:logger:)``.
  public static func http(
    host: String = "127.0.0.1", port: Int, configuration: StreamableHTTPConfiguration? = nil,
    authenticate: StreamableHTTPResponder.Authenticate? = nil, tls: TLSConfiguration? = nil, logger: Logger = Logger(label: "mcp.http")
  ) -> ServerEndpoint {
    ServerEndpoint { handler in
      let endpoint = HTTPEndpoint(
        handler, host: host, port: port, configuration: configuration, authenticate: authenticate, tls: tls, logger: logger)
      try await endpoint.runUntilSignal(logger)
    }
  }

  /// Streamable HTTP for callers with access tokens, until SIGTERM or SIGINT.
  ///
  /// - Parameters: those of ``HTTPEndpoint/init(_:host:port:configuration:resourceServer:tls:logger:)``.
  public static func http(
    host: String = "127.0.0.1", port: Int, configuration: StreamableHTTPConfiguration? = nil, resourceServer: ResourceServer,
    tls: TLSConfiguration? = nil, logger: Logger = Logger(label: "mcp.http")
  ) -> ServerEndpoint {
    ServerEndpoint { handler in
      let endpoint = HTTPEndpoint(
        handler, host: host, port: port, configuration: configuration, resourceServer: resourceServer, tls: tls, logger: logger)
      try await endpoint.runUntilSignal(logger)
    }
  }
}

extension HTTPEndpoint {
  fileprivate func runUntilSignal(_ logger: Logger) async throws {
    let group = ServiceGroup(
      configuration: .init(
        services: [.init(service: self, successTerminationBehavior: .gracefullyShutdownGroup)],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    try await group.run()
  }
}

extension TLSConfiguration {
  /// TLS of a server, with a certificate and its chain in one PEM file and the key in another.
  ///
  /// - Throws: the error of NIOSSL where a file cannot be read.
  public static func server(certificateFile: String, keyFile: String) throws -> TLSConfiguration {
    try .makeServerConfiguration(
      certificateChain: NIOSSLCertificate.fromPEMFile(certificateFile).map { .certificate($0) },
      privateKey: .privateKey(NIOSSLPrivateKey(file: keyFile, format: .pem)))
  }
}
