internal import ArgumentParser
internal import Gateway
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
    guard HTTPURL(address) != nil else { throw ValidationError("\(address) is no http or https URL") }
    let client = Client(
      .http(address, headers: RemoteEndpoint.headers(token: token ?? ChildCommand.ownVariable("SLUICE_TOKEN"))),
      settings: .init(name: "sluice-cli", version: SluiceVersion.current, timeout: .seconds(120), acceptsTasks: true))
    do {
      if let tool { try await call(tool, members, client) } else { try await list(client) }
      await client.close()
    } catch {
      await client.close()
      throw RemoteEndpoint.explained(error)
    }
  }

  private func call(_ tool: String, _ arguments: JSONValue, _ client: Client) async throws {
    let result: CallResult
    do throws(ClientError) { result = try await client.callTool(tool, arguments) } catch {
      if case .server(let refusal) = error { throw refusal }
      throw error
    }
    if json {
      print(JSONValue(result.raw).prettyText)
    } else {
      for block in result.raw.elements(of: "content") { print(block["text"]?.string ?? "(\(block["type"]?.string ?? "content"))") }
    }
    if result.isError { throw ExitCode(1) }
  }

  private func list(_ client: Client) async throws {
    for try await tool in client.tools() {
      print("\(tool.name)  \((tool.description ?? "").split(separator: "\n").first ?? "")")
    }
  }
}

/// A connection to an MCP endpoint for the length of one command.
enum RemoteEndpoint {
  static func with(url: String, token: String?, _ body: (ClientConnection) async throws -> Void) async throws {
    guard let target = HTTPURL(url) else { throw ValidationError("\(url) is no http or https URL") }
    let group = MultiThreadedEventLoopGroup.singleton
    let client = HTTPClient(eventLoopGroup: group)
    let wire = HTTPWire(.init(origin: target.origin, path: target.path, headers: headers(token: token)), client: client)
    let connection = ClientConnection(wire: wire, identity: ["name": "sluice-cli", "version": "0.1.0"])
    do { try await body(connection) } catch {
      await client.shutdown()
      throw explained(error)
    }
    await client.shutdown()
  }

  static func headers(token: String?) -> @Sendable () -> [HTTPHint.Header] {
    { token.map { [HTTPHint.Header("Authorization", "Bearer \($0)")] } ?? [] }
  }

  /// The error, or what to do about it.
  static func explained(_ error: any Error) -> any Error {
    isRefusedToken(error) ? CommandError("the endpoint refuses the token. Give a valid one by --token or SLUICE_TOKEN.") : error
  }

  /// A 401 without a message of JSON-RPC, or with the gateway's.
  private static func isRefusedToken(_ error: any Error) -> Bool {
    if let error = error as? RPCError { return error.data?["code"] == "unauthenticated" }
    return switch error as? ClientError {
    case .wire(let wire): wire.code == .status(401)
    case .server(let error): error.data?["code"] == "unauthenticated"
    case .input, nil: false
    }
  }
}
