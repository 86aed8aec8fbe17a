internal import Dispatch
internal import NIOPosix

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Where a server can be reached: `.stdio`, and with MCPHTTP `.http(port: 8080)`.
public struct ServerEndpoint: Sendable {
  private let serve: @Sendable (any RequestHandler) async throws -> Void

  /// - Parameter serve: answers requests with the handler until the endpoint closes, the process is told to end, or the task is cancelled.
  public init(_ serve: @escaping @Sendable (any RequestHandler) async throws -> Void) { self.serve = serve }

  func run(_ handler: any RequestHandler) async throws { try await serve(handler) }

  /// Standard input and output, for clients that start their servers. What else this process prints goes to standard error.
  ///
  /// Ends when the client closes our input, or at SIGTERM or SIGINT; in each case what is being answered may take a few seconds more.
  public static let stdio = ServerEndpoint { handler in
    let transport = try StdioServerTransport.claimingStandardStreams(on: MultiThreadedEventLoopGroup.singleton.next())
    let signals = [SIGTERM, SIGINT].map { number in EndingSignal(number) { transport.closeInput() } }
    defer { for signal in signals { signal.cancel() } }
    try await withTaskCancellationHandler {
      try await transport.serve(handler)
    } onCancel: {
      transport.closeInput()
    }
  }
}

extension RequestHandler {
  /// Serves at `endpoint` until it closes, or the process is told to end by SIGTERM or SIGINT.
  ///
  /// ```swift
  /// try await Server(name: "weather", Weather()).run(.stdio)
  /// ```
  public func run(_ endpoint: ServerEndpoint) async throws { try await endpoint.run(self) }
}

/// Does something in place of dying when a signal comes.
private struct EndingSignal {
  private let number: CInt
  private let source: any DispatchSourceSignal

  init(_ number: CInt, _ action: @escaping @Sendable () -> Void) {
    self.number = number
    signal(number, SIG_IGN)
    source = DispatchSource.makeSignalSource(signal: number, queue: .global())
    source.setEventHandler(handler: action)
    source.resume()
  }

  func cancel() {
    source.cancel()
    signal(number, SIG_DFL)
  }
}
