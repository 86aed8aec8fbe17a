internal import ArgumentParser
internal import JSON
internal import MCP
internal import MCPHTTP
internal import NIOCore
internal import NIOPosix

/// A client on the command line: of this gateway, or of any MCP server over Streamable HTTP, in either era.
struct CallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "call", abstract: "Call a tool of a running gateway; without a tool, list those you may call.",
    discussion: "Example: sluice call crm__list_opportunities '{\"limit\": 5}'")

  @Argument(help: "The tool.")
  var tool: String?
  @Argument(help: "Its arguments, a JSON object.")
  var arguments = "{}"
  @Option(help: "The MCP endpoint; else the environment's SLUICE_URL, else http://127.0.0.1:7300/mcp.")
  var url: String?
  @Option(help: "The bearer token; better in the environment's SLUICE_TOKEN.")
  var token: String?
  @Flag(help: "Print the whole result as JSON.")
  var json = false

  func run() async throws {
    let address = url ?? ChildCommand.ownVariable("SLUICE_URL") ?? "http://127.0.0.1:7300/mcp"
    guard let members = try? JSONValue(parsing: arguments), members.object != nil else { throw ValidationError("the arguments are no JSON object") }
    try await RemoteEndpoint.with(url: address, token: token ?? ChildCommand.ownVariable("SLUICE_TOKEN")) { connection in
      try await connection.connect()
      if let tool { try await call(tool, members, connection) } else { try await list(connection) }
    }
  }

  private func call(_ tool: String, _ arguments: JSONValue, _ connection: ClientConnection) async throws {
    var body = ByteBuffer()
    body.writeStaticString("\"name\":")
    body.write(JSONValue.string(tool))
    body.writeStaticString(",\"arguments\":")
    body.write(arguments)
    let answer = try await connection.request(.toolsCall, .init(members: body, name: tool), deadline: .now() + .seconds(120))
    guard let result = answer.result else { throw RPCError(answer.error ?? RawJSON.null) }
    if json {
      print(JSONValue(result).prettyText)
    } else {
      for block in result["content"]?.elements.map({ $0 }) ?? [] { print(block["text"]?.string ?? "(\(block["type"]?.string ?? "content"))") }
    }
    if result["isError"]?.bool == true { throw ExitCode(1) }
  }

  private func list(_ connection: ClientConnection) async throws {
    var cursor: RawJSON?
    repeat {
      var body = ByteBuffer()
      if let cursor {
        body.writeStaticString("\"cursor\":")
        body.write(cursor)
      }
      let answer = try await connection.request(.toolsList, .init(members: body), deadline: .now() + .seconds(30))
      guard let result = answer.result else { throw RPCError(answer.error ?? RawJSON.null) }
      for tool in result["tools"]?.elements.map({ $0 }) ?? [] {
        print("\(tool["name"]?.string ?? "")  \((tool["description"]?.string ?? "").split(separator: "\n").first ?? "")")
      }
      cursor = result["nextCursor"]
    } while cursor != nil
  }
}

/// A connection to an MCP endpoint for the length of one command.
enum RemoteEndpoint {
  static func with(url: String, token: String?, _ body: (ClientConnection) async throws -> Void) async throws {
    guard let target = HTTPURL(url) else { throw ValidationError("\(url) is no http or https URL") }
    let group = MultiThreadedEventLoopGroup.singleton
    let client = HTTPClient(eventLoopGroup: group)
    let wire = HTTPWire(
      .init(origin: target.origin, path: target.path) { token.map { [HTTPHint.Header("Authorization", "Bearer \($0)")] } ?? [] }, client: client)
    let connection = ClientConnection(wire: wire, identity: ["name": "sluice-cli", "version": "0.1.0"])
    do { try await body(connection) } catch {
      await client.shutdown()
      throw isRefusedToken(error) ? ValidationError("the endpoint refuses the token. Give a valid one by --token or SLUICE_TOKEN.") : error
    }
    await client.shutdown()
  }

  /// A 401 without a message of JSON-RPC, or with the gateway's.
  private static func isRefusedToken(_ error: any Error) -> Bool {
    switch error as? ClientError {
    case .wire(let wire): wire.code == .status(401)
    case .server(let error): error.data?["code"] == "unauthenticated"
    case .input, nil: false
    }
  }
}
