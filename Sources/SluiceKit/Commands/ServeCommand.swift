internal import ArgumentParser

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif
internal import Logging
internal import NIOCore
internal import ServiceLifecycle
internal import UnixSignals

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "serve", abstract: "Serve the gateway that a configuration file describes.")

  @Option(name: .shortAndLong, help: "The configuration file.")
  var config = "sluice.yaml"
  @Option(help: "Listen on HOST:PORT, whatever the file says.")
  var listen: String?
  @OptionGroup var logging: LoggingOptions

  func run() async throws {
    var configuration = try SluiceConfiguration(file: config)
    if let listen {
      guard let address = ListenAddress(listen) else { throw ValidationError("--listen takes HOST:PORT, such as 127.0.0.1:7300") }
      (configuration.host, configuration.port) = (address.host, address.port)
    }
    let logger = logging.logger()
    let server = try await SluiceServer(configuration, logger: logger)
    let port = try await server.startOrExplain()
    logger.notice("serving", metadata: ["endpoint": "http://\(configuration.host):\(port)/mcp", "upstreams": "\(configuration.upstreams.count)"])
    try await server.runUntilSignal(logger: logger)
  }
}

extension SluiceServer {
  /// Opens the port, or says which one cannot be had.
  func startOrExplain() async throws -> Int {
    do { return try await start() } catch let error as IOError {
      let reason = error.errnoCode == EADDRINUSE ? "another process listens there" : "\(error)"
      throw ConfigurationError("cannot listen on \(configuration.host):\(configuration.port): \(reason)")
    }
  }

  /// Serves until SIGTERM or SIGINT, then lets what is under way finish.
  func runUntilSignal(logger: Logger) async throws {
    let group = ServiceGroup(
      configuration: .init(
        services: [.init(service: self, successTerminationBehavior: .gracefullyShutdownGroup)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    try await group.run()
  }
}

/// Where and how much is logged. Logs go to standard error: standard output belongs to the command.
struct LoggingOptions: ParsableArguments {
  @Option(help: "trace, debug, info, notice, warning or error.")
  var logLevel = "notice"

  func logger() -> Logger {
    var logger = Logger(label: "sluice", factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = Logger.Level(rawValue: logLevel) ?? .notice
    return logger
  }
}
