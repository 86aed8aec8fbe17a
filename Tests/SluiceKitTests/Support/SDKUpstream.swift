import JSON
import MCP
import MCPHTTP
import NIOCore
import NIOPosix
import Synchronization

/// A server made with the SDK, over Streamable HTTP on a free port.
func withUpstream<R: Sendable>(
  _ handler: any RequestHandler, versions: [ProtocolVersion] = ProtocolVersion.allCases.reversed(), _ body: @Sendable (Int) async throws -> R
) async throws -> R {
  var settings = HTTPServerConfiguration()
  settings.shutdownTimeout = .milliseconds(100)
  settings.maxBodyBytes = 16 << 20
  let http = HTTPServer(
    host: "127.0.0.1", port: 0, eventLoopGroup: loops, configuration: settings,
    responder: StreamableHTTPResponder(handler, configuration: StreamableHTTPConfiguration(versions: versions)), logger: quiet)
  let port = try await http.start()
  return try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await http.run() }
    do {
      let result = try await body(port)
      group.cancelAll()
      return result
    } catch {
      group.cancelAll()
      throw error
    }
  }
}

/// Counts, and lets others wait for a count.
final class Tally: Sendable {
  private let value = Mutex(0)
  var count: Int { value.withLock { $0 } }
  func add() { value.withLock { $0 += 1 } }
}

/// What a server was sent, for tests to look at.
final class Seen<Value: Sendable>: Sendable {
  private let values = Mutex<[Value]>([])
  var all: [Value] { values.withLock { $0 } }
  func add(_ value: Value) { values.withLock { $0.append(value) } }
}

/// A gate that opens once.
final class Gate: Sendable {
  private let promise: EventLoopPromise<Void>
  init() { promise = loops.next().makePromise() }
  func open() { promise.succeed() }
  func pass() async { try? await promise.futureResult.get() }
  deinit { promise.succeed() }
}

enum SDKUpstream {
  static let reading = ToolAnnotations(readOnly: true)

  /// A server whose tools answer with what they are told to.
  static func echo() -> Server {
    let server = Server(name: "echo", version: "1")
    server.add(Tool(name: "say", inputSchema: ["type": "object"], annotations: reading) { call in ToolResult(text: call.string("text") ?? "") })
    server.add(
      Tool(name: "structure", inputSchema: ["type": "object"], annotations: reading) { call in
        ToolResult(structured: call["value"].map { JSONValue($0) } ?? .null)
      })
    return server
  }
}
