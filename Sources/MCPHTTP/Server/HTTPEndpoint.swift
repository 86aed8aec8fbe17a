internal import Crypto
public import Logging
public import MCP
internal import NIOPosix
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
  public init(
    _ handler: any RequestHandler, host: String = "127.0.0.1", port: Int, configuration: StreamableHTTPConfiguration? = nil,
    authenticate: StreamableHTTPResponder.Authenticate? = nil, logger: Logger = Logger(label: "mcp.http")
  ) {
    let isLoopback = host == "localhost" || host == "::1" || host.hasPrefix("127.")
    let configuration = configuration ?? StreamableHTTPConfiguration(allowed: isLoopback ? .loopback : .any)
    server = HTTPServer(
      host: host, port: port, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
      responder: StreamableHTTPResponder(handler, configuration: configuration, authenticate: authenticate), logger: logger)
  }

  /// Opens the port. ``run()`` does it too.
  ///
  /// - Returns: the port.
  @discardableResult public func start() async throws -> Int { try await server.start() }

  /// Serves until graceful shutdown or cancellation; what is being answered may finish.
  public func run() async throws { try await server.run() }
}

extension ServerEndpoint {
  /// Streamable HTTP at `http://host:port/mcp`, until SIGTERM or SIGINT.
  ///
  /// - Parameters: those of ``HTTPEndpoint``.
  public static func http(
    host: String = "127.0.0.1", port: Int, configuration: StreamableHTTPConfiguration? = nil,
    authenticate: StreamableHTTPResponder.Authenticate? = nil, logger: Logger = Logger(label: "mcp.http")
  ) -> ServerEndpoint {
    ServerEndpoint { handler in
      let endpoint = HTTPEndpoint(
        handler, host: host, port: port, configuration: configuration, authenticate: authenticate, logger: logger)
      let group = ServiceGroup(
        configuration: .init(
          services: [.init(service: endpoint, successTerminationBehavior: .gracefullyShutdownGroup)],
          gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
      try await group.run()
    }
  }
}
