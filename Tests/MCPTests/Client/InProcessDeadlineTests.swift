import JSON
import MCP
import NIOCore
import Testing

@Suite("A server in this process", .timeLimit(.minutes(1)))
struct InProcessDeadlineTests {
  /// Answers when it is told to, whatever becomes of the task.
  private final class Stubborn: RequestHandler {
    let (stream, end) = AsyncStream.makeStream(of: Void.self)

    func handle(_ request: Envelope, _ context: RequestContext) async -> Answer {
      await Task { for await _ in stream {} }.value
      return .result(ByteBuffer(string: #"{"resultType":"complete","content":[]}"#))
    }
    func receive(_ notification: Envelope, _ context: RequestContext) async {}
    func describe(_ context: RequestContext) async -> ServerDescription { ServerDescription(name: "stubborn", version: "1", capabilities: ["tools": [:]]) }
    func observe(for caller: (any Caller)?, _ observer: @escaping @Sendable (ServerChange) -> Void) -> Observation { Observation {} }
  }

  @Test("has the client's deadline, even if it does not look at its cancellation")
  func deadline() async throws {
    let server = Stubborn()
    defer { server.end.finish() }
    let client = Client(.inProcess(server), settings: .init(timeout: .milliseconds(50)))
    do {
      _ = try await client.callTool("t")
      Issue.record("there was an answer")
    } catch {
      guard case .wire(let wire) = error else { throw error }
      #expect(wire.code == .timeout)
    }
  }

  @Test("is not waited for by a caller that was cancelled")
  func cancellation() async throws {
    let server = Stubborn()
    defer { server.end.finish() }
    let client = Client(.inProcess(server))
    try await client.connect()
    let call = Task { try await client.callTool("t") }
    call.cancel()
    await #expect(throws: ClientError.self) { try await call.value }
  }
}
