import JSON
import MCP
import MCPHTTP
import MCPHummingbird
import NIOCore
import Synchronization
import Testing

@Suite("Streams and disconnects of an endpoint in an application of Hummingbird")
struct MountedStreamTests {
  @Test("a client that goes cancels its handler, whether it has said something or not", .timeLimit(.minutes(1)), arguments: [false, true])
  func disconnect(_ speaks: Bool) async throws {
    let application = MountedApplication()
    let (began, wasCancelled) = (application.began, application.wasCancelled)
    try await application.serving { port in
      let wire = Wire(port: port)
      let request = Wire.call("wait", ["speaks": .bool(speaks)], progress: speaks)
      if speaks {
        // The head is here; nobody keeps the body, and that closes the connection.
        _ = try await wire.send(.post, "/mcp", request, streams: true)
      } else {
        let call = Task { try await wire.send(.post, "/mcp", request, streams: true) }
        await began.wait()
        call.cancel()
      }
      await wasCancelled.wait()
    }
  }

  @Test("the handler of a client that does not read waits", .timeLimit(.minutes(1)))
  func backPressure() async throws {
    let application = MountedApplication()
    let (sent, wasCancelled) = (application.sent, application.wasCancelled)
    try await application.serving { port in
      let wire = Wire(port: port)
      do {
        let answer = try await wire.send(.post, "/mcp", Wire.call("flood", progress: true), streams: true)
        guard case .stream(let stream) = answer.body else { return #expect(Bool(false), "the answer is no stream") }
        // Until nothing moves any more: 64 MB are on offer, and what the buffers of two sockets hold is far less.
        var last = -1
        while sent.count.load(ordering: .relaxed) != last || last <= 0 {
          last = sent.count.load(ordering: .relaxed)
          try await Task.sleep(for: .milliseconds(300))
        }
        #expect(last < 2000)
        _ = stream
      }
      await wasCancelled.wait()
    }
  }

  @Test("shutdown ends subscriptions with their result, and then the application", .timeLimit(.minutes(1)))
  func shutdown() async throws {
    let application = MountedApplication()
    let reading = Mutex<Task<String, any Error>?>(nil)
    try await application.serving { port in
      let params: JSONValue = [
        "notifications": ["toolsListChanged": true],
        "_meta": [MetaKey.protocolVersion: "2026-07-28", MetaKey.clientCapabilities: [:]],
      ]
      let answer = try await Wire(port: port).send(
        .post, "/mcp", ["jsonrpc": "2.0", "id": 7, "method": "subscriptions/listen", "params": params], streams: true)
      guard case .stream(let stream) = answer.body else { return #expect(Bool(false), "the answer is no stream: \(answer.text)") }
      let (first, opened) = AsyncStream.makeStream(of: Void.self)
      reading.withLock {
        $0 = Task {
          var text = ""
          for try await piece in stream {
            text += String(buffer: piece)
            opened.finish()
          }
          return text
        }
      }
      for await _ in first {}
    }
    let text = try await reading.withLock { $0 }?.value ?? ""
    #expect(text.contains("notifications/subscriptions/acknowledged"))
    #expect(text.contains("\"id\":7"))
  }

  @Test("answers of one connection do not close it")
  func keepAlive() async throws {
    try await MountedApplication().serving { port in
      let wire = Wire(port: port)
      for _ in 0..<3 {
        let answer = try await wire.send(.post, "/mcp", Wire.call("echo", ["text": "again"]))
        #expect(answer.status == 200)
        #expect(answer.headers["Connection"] == nil)
      }
    }
  }
}
