public import Logging
public import NIOCore
internal import NIOPosix

/// Where a ``Client`` finds its server. The library MCPHTTP adds `.http`.
public struct ClientTransport: Sendable {
  /// Makes the wire. It reports by its errors what is wrong with its server.
  public let open: @Sendable (Logger) -> any ClientWire

  public init(open: @escaping @Sendable (Logger) -> any ClientWire) { self.open = open }

  /// A server that runs as a child process of ours, and is started again when it ends.
  public static func stdio(
    _ command: ChildCommand, configuration: ChildProcess.Configuration = .init(), eventLoop: (any EventLoop)? = nil
  ) -> ClientTransport {
    ClientTransport { logger in
      let wire = StdioWire(
        name: command.command, command: command, on: eventLoop ?? MultiThreadedEventLoopGroup.singleton.next(),
        configuration: configuration, logger: logger)
      wire.start()
      return wire
    }
  }

  /// A server that runs as a child process of ours.
  ///
  /// - Parameters:
  ///   - command: a name to be searched for in `PATH`, or a path if it contains a slash.
  ///   - environment: variables beside those that every child has (``ChildCommand/inheritedVariables``).
  public static func stdio(_ command: String, _ arguments: [String] = [], environment: [String: String] = [:]) -> ClientTransport {
    stdio(ChildCommand(command, arguments: arguments, environment: environment))
  }

  /// A server in this process, called directly.
  public static func inProcess(_ server: any RequestHandler) -> ClientTransport { ClientTransport { _ in InProcessWire(server) } }
}
