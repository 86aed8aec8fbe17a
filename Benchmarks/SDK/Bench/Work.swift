import ArgumentParser
import JSON
import MCP
import MCPHTTP
import NIOCore

/// What a client has done, each time it asks: the same as in Benchmarks/SDK/python.
enum Work: String, CaseIterable, ExpressibleByArgument, Sendable {
  /// A call whose arguments are validated.
  case echo
  /// A list of 100 tools, not from a cache.
  case list
  /// A call that answers 1 MB of text.
  case result
  /// A list of 64 KB, already in memory.
  case parse

  static let arguments: JSONValue = ["text": "a line of text, as tools get it", "count": 3, "tags": ["one", "two"]]
  static let resultBytes = 1 << 20

  /// Does it once.
  ///
  /// - Throws: ``BadAnswer``, or what the client throws.
  func run(_ client: Client) async throws {
    switch self {
    case .echo:
      let result = try await client.callTool("echo", Self.arguments)
      guard result.text.hasPrefix("a line"), !result.isError else { throw BadAnswer() }
    case .result:
      let result = try await client.callTool("blob", ["size": .int(Self.resultBytes)])
      guard result.text.utf8.count == Self.resultBytes else { throw BadAnswer() }
    case .list, .parse:
      let tools = try await client.listTools(options: RequestOptions(usesCache: false))
      guard tools.count == 100, tools[99].description != nil else { throw BadAnswer() }
    }
  }

  struct BadAnswer: Error {}
}

/// The server that both eras and every window ask.
enum BenchServer {
  static func make() -> Server {
    let server = Server(name: "bench", version: "1")
    server.add(
      Tool(
        name: "echo", description: "Says what it is told.",
        inputSchema: [
          "type": "object", "required": ["text"],
          "properties": [
            "text": ["type": "string", "maxLength": 1000], "count": ["type": "integer", "minimum": 1, "maximum": 10],
            "tags": ["type": "array", "items": ["type": "string"]],
          ],
        ]
      ) { call in
        ToolResult(text: call.string("text") ?? "")
      })
    server.add(
      Tool(
        name: "blob", description: "Answers with so many bytes.",
        inputSchema: ["type": "object", "required": ["size"], "properties": ["size": ["type": "integer", "minimum": 0]]]
      ) { call in
        ToolResult(text: String(decoding: [UInt8](repeating: UInt8(ascii: "x"), count: call.int("size") ?? 0), as: UTF8.self))
      })
    for number in 2..<100 {
      server.add(
        Tool(
          name: "tool_\(number)", description: "A tool that is only listed. " + String(repeating: "It has a description. ", count: 6),
          inputSchema: [
            "type": "object", "required": ["query"],
            "properties": [
              "query": ["type": "string", "title": "Query", "description": "What to look for, in words."],
              "limit": ["type": "integer", "title": "Limit", "minimum": 1, "maximum": 100, "default": 10, "description": "How many at most."],
              "order": ["type": "string", "title": "Order", "enum": ["newest", "oldest", "relevance"], "default": "relevance"],
            ],
          ]
        ) { _ in ToolResult(text: "") })
    }
    return server
  }
}

/// A wire on which every answer is there already: what is left is reading it.
struct RecordedWire: ClientWire {
  private let server: InProcessWire
  private let list: ByteBuffer

  /// - Parameter list: the response to any `tools/list`.
  init(_ server: Server, list: ByteBuffer) {
    self.server = InProcessWire(server)
    self.list = list
  }

  func roundTrip(_ request: WireRequest) async throws(WireError) -> Envelope {
    guard request.method == .toolsList else { return try await server.roundTrip(request) }
    do throws(RPCError) { return try Envelope(scanning: list) } catch { throw WireError(.invalidAnswer, error.message, mayHaveHadEffect: false) }
  }

  func send(_ notification: ByteBuffer, version: ProtocolVersion) async throws(WireError) {}

  func receiveUnsolicited(
    version: ProtocolVersion, opened: @escaping @Sendable () -> Void, _ receive: @escaping @Sendable (Envelope) async -> Void
  ) async throws(WireError) { opened() }

  /// A client whose lists are ``size`` bytes long and recorded.
  static func client(of server: Server) async -> Client {
    let context = RequestContext(client: ClientDescription(version: .latest), transport: .inProcess)
    var text = ByteBuffer()
    if let request = try? Envelope(scanning: ByteBuffer(string: #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)),
      case .result(let result) = await server.handle(request, context), let id = request.id
    {
      text = Message.response(id: id, result: result)
    }
    let list = text
    return Client(ClientTransport { _ in RecordedWire(server, list: list) })
  }
}
