internal import ArgumentParser
internal import Gateway
internal import JSON
internal import Ledger
internal import Logging
internal import MCP
internal import NIOCore
internal import NIOPosix

/// The gateway for clients that start their servers, such as Claude Desktop.
struct StdioCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stdio", abstract: "Serve over standard input and output, for Claude Desktop and others.",
    discussion: """
      With --url, connects to a running gateway with the token in SLUICE_TOKEN. Without, runs the gateway of the configuration file in \
      this process, for the user that its stdio.user or --user names; the state directory must then not be in use by another gateway.
      """)

  @Option(name: .shortAndLong, help: "The configuration file.")
  var config = "sluice.yaml"
  @Option(help: "The MCP endpoint of a running gateway.")
  var url: String?
  @Option(help: "In whose name, in place of the configuration's stdio.user.")
  var user: String?
  @OptionGroup var logging: LoggingOptions

  func run() async throws {
    if let url {
      try await RemoteEndpoint.with(url: url, token: ChildCommand.ownVariable("SLUICE_TOKEN")) { connection in
        try await connection.connect()
        try await Self.serve(RemoteHandler(connection), caller: nil, logger: logging.logger())
      }
    } else {
      try await serveLocally()
    }
  }

  private func serveLocally() async throws {
    let configuration = try SluiceConfiguration(file: config)
    guard let user = user ?? configuration.stdioUser else {
      throw ValidationError("name the user to serve: stdio.user in \(config), or --user")
    }
    guard let entry = configuration.directory.users[user], !entry.isDisabled else {
      throw ValidationError("\(user) is not among identity.users of \(config)")
    }
    let logger = logging.logger()
    let server: SluiceServer
    do { server = try await SluiceServer(configuration, logger: logger) } catch let error as LedgerError where error.code == .locked {
      throw ValidationError("a gateway already runs on this state. Connect to it: sluice stdio --url \(configuration.publicURL), with a token in SLUICE_TOKEN")
    }
    let principal = Principal(
      id: user, kind: entry.kind ?? .user, groups: entry.groups, roles: entry.roles, attributes: entry.attributes, authentication: .local)
    let gateway = server.gateway
    try await server.serve {
      await gateway.waitUntilListed(atMost: .seconds(10))
      try await Self.serve(gateway, caller: principal, logger: logger)
    }
  }

  private static func serve(_ handler: any RequestHandler, caller: (any Caller)?, logger: Logger) async throws {
    let transport = try StdioServerTransport.claimingStandardStreams(on: MultiThreadedEventLoopGroup.singleton.next())
    try await transport.serve(handler, caller: caller)
  }
}

/// Hands requests of one side on to a server elsewhere, in whichever eras the two speak.
final class RemoteHandler: RequestHandler {
  private let connection: ClientConnection
  private let headers = ToolHeaders()

  init(_ connection: ClientConnection) { self.connection = connection }

  func handle(_ request: Envelope, _ context: RequestContext) async -> Answer {
    var members = ByteBuffer()
    for (name, value) in request.params?.members.map({ $0 }) ?? [] where !name.equals("_meta") {
      if members.readableBytes > 0 { members.writeStaticString(",") }
      members.write(name)
      members.writeStaticString(":")
      members.write(value)
    }
    guard let method = request.method else { return .failure(.methodNotFound(request.methodName?.string ?? "")) }
    let token = request.meta?[MetaKey.progressToken]
    var body = ClientConnection.RequestBody(
      members: members, name: method.nameParameter.flatMap { request[$0]?.string }, wantsProgress: token != nil,
      capabilities: context.era == .modern ? context.client.capabilities : nil)
    if method == .toolsCall, let name = body.name { body.parameterHeaders = headers.headers(for: name, arguments: request["arguments"]) }
    do throws(ClientError) {
      let forward: @Sendable (Envelope) async -> Void = { notification in
        guard notification.method == .progress, let token, let params = notification.params else { return }
        var changed = JSONValue(params)
        changed["progressToken"] = JSONValue(token)
        await context.notify(Message.notification(.progress, params: ByteBuffer(changed)))
      }
      var answer = try await connection.request(method, body, deadline: .now() + .minutes(10), onNotification: forward)
      if method == .toolsCall, answer.error?["code"]?.int == RPCError.Code.headerMismatch.rawValue, let name = body.name {
        // The client on this side of the pipe has listed the tools at another time, or not at all.
        try await learnHeaders()
        body.parameterHeaders = headers.headers(for: name, arguments: request["arguments"])
        answer = try await connection.request(method, body, deadline: .now() + .minutes(10), onNotification: forward)
      }
      if method == .toolsList, let result = answer.result { headers.remember(result) }
      if let result = answer.result { return .result(ResultForm.adapt(result, to: context.era, method)) }
      return .failure(answer.error.map { Self.error($0, to: context.era, method) } ?? RPCError(.internalError, "the gateway gave no answer"))
    } catch {
      return .failure(RPCError(.internalError, "The gateway cannot be reached: \(error)"))
    }
  }

  /// Reads all pages of the tools for what goes into headers.
  private func learnHeaders() async throws(ClientError) {
    var cursor: RawJSON?
    for _ in 0..<100 {
      var members = ByteBuffer()
      if let cursor {
        members.writeStaticString("\"cursor\":")
        members.write(cursor)
      }
      guard let result = try await connection.request(.toolsList, .init(members: members), deadline: .now() + .seconds(30)).result else { return }
      headers.remember(result)
      guard let next = result["nextCursor"] else { return }
      cursor = next
    }
  }

  /// The gateway's error as the client's era knows it: a missing resource has a code of its own in the legacy one.
  private static func error(_ raw: RawJSON, to era: Era, _ method: MCP.Method) -> RPCError {
    var error = RPCError(raw)
    if era == .legacy, method == .resourcesRead, error.code == .invalidParams, error.data?["code"]?.string == "not_found" {
      error.code = .resourceNotFound
    }
    return error
  }

  func receive(_ notification: Envelope, _ context: RequestContext) async {}

  /// The gateway's own description, but for updates of single resources, which do not come through here.
  func describe(_ context: RequestContext) async -> ServerDescription {
    let peer = connection.peer
    var capabilities = peer.map { JSONValue($0.capabilities) } ?? [:]
    if capabilities["resources"]?["subscribe"] != nil { capabilities["resources"]?["subscribe"] = false }
    return ServerDescription(
      name: peer?.serverInfo?["name"]?.string ?? "sluice", title: peer?.serverInfo?["title"]?.string,
      version: peer?.serverInfo?["version"]?.string ?? SluiceVersion.current, instructions: peer?.instructions,
      capabilities: capabilities)
  }

  func observe(for caller: (any Caller)?, _ observer: @escaping @Sendable (ServerChange) -> Void) -> Observation {
    let filter: JSONValue = ["toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true]
    let task = Task { [connection] in
      try? await connection.listen(filter: filter) { if let change = ServerChange($0) { observer(change) } }
    }
    return Observation { task.cancel() }
  }
}
