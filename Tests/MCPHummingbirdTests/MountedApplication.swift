import Hummingbird
import JSON
import Logging
import MCP
import MCPHTTP
import MCPHummingbird
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import Testing

/// A logger that says nothing.
let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Something a test waits for.
final class Signal: Sendable {
  private let promise: EventLoopPromise<Void> = MultiThreadedEventLoopGroup.singleton.next().makePromise()
  func fire() { promise.succeed() }
  func wait() async { try? await promise.futureResult.get() }
  deinit { promise.succeed() }
}

/// A caller with a name.
final class Person: Caller {
  let id: String
  init(_ id: String) { self.id = id }
}

/// An application of Hummingbird with an MCP endpoint among its routes.
struct MountedApplication {
  let server: Server
  /// Fires when the tool `wait` has begun, and when it was cancelled.
  let began = Signal()
  let wasCancelled = Signal()
  /// How many messages the tool `flood` has sent.
  let sent = Atomics()

  final class Atomics: Sendable {
    let count = Atomic<Int>(0)
  }

  init() {
    // The flood of a test is meant to reach the connection.
    server = Server(name: "mounted", version: "1", settings: .init(notificationRate: NotificationRate(perSecond: 1_000_000, burst: 1_000_000)))
    server.add(
      Tool(name: "echo", inputSchema: ["type": "object"]) { call in
        ToolResult(text: "\(call.string("text") ?? "") for \(call.context.caller?.id ?? "nobody")")
      })
    server.add(
      Tool(name: "count") { call in
        for step in 1...3 { await call.progress(Double(step), total: 3) }
        return ToolResult(text: "counted")
      })
    server.add(
      Tool(name: "ask") { call in
        let answer = try await call.elicit("Your name?", ElicitationForm(.string("name")))
        return ToolResult(text: "Hello, \(answer["name"]?.string ?? "nobody")")
      })
    let (began, wasCancelled, sent) = (began, wasCancelled, sent)
    server.add(
      Tool(name: "wait", inputSchema: ["type": "object", "properties": ["speaks": ["type": "boolean"]]]) { call in
        began.fire()
        if call.bool("speaks") == true { await call.progress(1) }
        do { try await Task.sleep(for: .seconds(600)) } catch { wasCancelled.fire() }
        return ToolResult(text: "late")
      })
    server.add(
      Tool(name: "flood") { call in
        began.fire()
        let text = String(repeating: "x", count: 16_000)
        for step in 1...4000 {
          if Task.isCancelled { break }
          await call.progress(Double(step), message: text)
          sent.count.add(1, ordering: .relaxed)
        }
        wasCancelled.fire()
        return ToolResult(text: "done")
      })
    server.add(Resource(uri: "test://watched", name: "watched") { _ in .text("watched") })
  }

  /// Runs an application on a free port for the length of `body`, and shuts it down gracefully.
  static func serving<Context: ChannelRequestContext, R: Sendable>(
    _ router: Router<Context>, _ body: @escaping @Sendable (Int) async throws -> R
  ) async throws -> R where Context.Source == ApplicationRequestContextSource {
    let (ports, opened) = AsyncStream.makeStream(of: Int.self)
    let application = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { opened.yield($0.localAddress?.port ?? 0) }, logger: quiet)
    let group = ServiceGroup(configuration: .init(services: [application], logger: quiet))
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      var iterator = ports.makeAsyncIterator()
      let port = try #require(await iterator.next())
      let result = try await body(port)
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
      return result
    }
  }

  /// The endpoint at `/mcp` beside one other route.
  func serving<R: Sendable>(
    _ mount: (Router<MCPRequestContext>, Server) -> Void = { $0.mcp(server: $1) }, _ body: @escaping @Sendable (Int) async throws -> R
  ) async throws -> R {
    let router = Router(context: MCPRequestContext.self)
    router.get("/hello") { _, _ in "Hello" }
    mount(router, server)
    return try await Self.serving(router, body)
  }
}

/// Requests as they go on the wire.
struct Wire: Sendable {
  let port: Int
  let client = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton)

  /// A modern request; its answer has 20 seconds.
  func send(
    _ httpMethod: MCPHTTP.HTTPMethod = .post, _ path: String = "/mcp", _ body: JSONValue? = nil, _ headers: [(String, String)] = [],
    streams: Bool = false
  ) async throws -> (status: Int, headers: MCPHTTP.HTTPHeaders, text: String, body: HTTPClientResponse.Body) {
    var fields = [("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")]
    if let body, let method = body["method"]?.string {
      fields += [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", method)]
      if let name = body["params"]?["name"]?.string { fields.append(("Mcp-Name", name)) }
    }
    let request = HTTPClientRequest(
      origin: HTTPOrigin(scheme: .http, host: "127.0.0.1", port: port), method: httpMethod, path: path,
      headers: HTTPHeaders(fields.filter { field in !headers.contains { $0.0 == field.0 } } + headers), body: body.map { ByteBuffer($0) },
      streamsEvents: streams)
    let response = try await client.send(request, deadline: .now() + .seconds(20))
    var text = ""
    if case .full(let bytes) = response.body { text = String(buffer: bytes) }
    return (response.status.code, response.headers, text, response.body)
  }

  static func call(_ tool: String, _ arguments: JSONValue = [:], progress: Bool = false) -> JSONValue {
    var params: JSONValue = ["name": .string(tool), "arguments": arguments]
    params["_meta"] = [MetaKey.protocolVersion: "2026-07-28", MetaKey.clientCapabilities: [:]]
    if progress { params["_meta"]?["progressToken"] = 1 }
    return ["jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params]
  }
}
