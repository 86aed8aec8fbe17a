internal import CSpawn
internal import Logging
internal import MCP
internal import MCPHTTP
internal import NIOCore
internal import NIOPosix

/// Why a test could not be run at all.
public struct TestSetupError: Error, Sendable, CustomStringConvertible {
  public let description: String
}

/// Serves `handler` over a wire for the time of `body`.
func withServer<R: Sendable>(
  _ handler: any RequestHandler, over wire: Wire, _ body: @Sendable (ClientTransport) async throws -> R
) async throws -> R {
  switch wire.transport {
  case .memory:
    // The direct way has no handshake, and so no legacy era.
    guard wire.version.era == .legacy else { return try await body(.inProcess(handler)) }
    return try await body(
      ClientTransport { logger in
        let peer = StdioWire(name: "the server", logger: logger) { MemoryPeer(handler, $0) }
        peer.start()
        return peer
      })
  case .stdio: return try await withStdioServer(handler, body)
  case .http: return try await withHTTPServer(handler, wire.version, body)
  }
}

/// Runs `serve` beside `body`, and ends it by `stop`.
private func beside<R: Sendable>(
  _ serve: @escaping @Sendable () async throws -> Void, stop: () -> Void, _ body: @Sendable () async throws -> R
) async throws -> R {
  try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await serve() }
    let result: Result<R, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    stop()
    group.cancelAll()
    // What the server has to say of its end is not what the test is about.
    while let ended = await group.nextResult() { _ = ended }
    return try result.get()
  }
}

private func withStdioServer<R: Sendable>(_ handler: any RequestHandler, _ body: @Sendable (ClientTransport) async throws -> R) async throws -> R {
  let requests = try Pipe()
  let answers: Pipe
  do { answers = try Pipe() } catch {
    requests.close()
    throw error
  }
  let loop = MultiThreadedEventLoopGroup.singleton.next()
  let transport = StdioServerTransport(input: requests.reader, output: answers.writer, on: loop)
  // What opens the wire takes over the client's two ends; nobody does where the body never connects.
  let ends = ClientEnds(input: answers.reader, output: requests.writer)
  defer { ends.closeUnlessTaken() }
  return try await beside({ try await transport.serve(handler, finishingWithin: .seconds(1)) }, stop: { transport.closeInput() }) {
    try await body(ClientTransport { logger in ends.open(logger) })
  }
}

private func withHTTPServer<R: Sendable>(
  _ handler: any RequestHandler, _ version: ProtocolVersion, _ body: @Sendable (ClientTransport) async throws -> R
) async throws -> R {
  var limits = HTTPServerConfiguration()
  limits.shutdownTimeout = .milliseconds(100)
  limits.maxBodyBytes = 16 << 20
  let server = HTTPServer(
    host: "127.0.0.1", port: 0, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: limits,
    responder: StreamableHTTPResponder(handler, configuration: StreamableHTTPConfiguration()),
    logger: Logger(label: "mcp.testing", factory: { _ in SwiftLogNoOpLogHandler() }))
  let port = try await server.start()
  return try await beside({ try await server.run() }, stop: {}) { try await body(.http("http://127.0.0.1:\(port)/mcp")) }
}
