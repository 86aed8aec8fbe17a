public import ConnectorKit
public import JSON
public import MCP
public import MCPHTTP
internal import NIOCore
internal import NIOPosix
public import Testing

/// A connector with everything around it in memory, asked through the SDK's own client in the 2026-07-28 revision.
///
/// Every result, error and log line is searched for the secrets that the test gave out.
public final class ConnectorUnderTest<Tested: Connector>: Sendable {
  public let connector: Tested
  public let client: Client
  public let time: VirtualTime
  public let state: any ConnectorState
  public let log: LogLines
  public let environment: ConnectorEnvironment
  private let secrets: TestSecrets?

  /// - Parameters:
  ///   - settings: as in sluice.yaml.
  ///   - isGoverned: whether requests are as a gateway sends them: give callers with `as:`.
  public init(
    _ type: Tested.Type = Tested.self, _ settings: JSONObject, secrets: TestSecrets? = nil, isGoverned: Bool = false, publicURL: String? = nil,
    time: VirtualTime = VirtualTime(), state: any ConnectorState = InMemoryConnectorState(), handlers: ClientHandlers = ClientHandlers()
  ) throws {
    log = LogLines()
    self.time = time
    self.state = state
    self.secrets = secrets
    environment = ConnectorEnvironment(
      name: Tested.name, http: ConnectorTestingHTTP.client, state: state, time: time.vendorTime, logger: log.logger, isGoverned: isGoverned,
      publicURL: publicURL)
    connector = try Tested(ConnectorSettings(settings, path: "upstreams.\(Tested.name)"), environment)
    client = Client(.inProcess(connector.server), handlers: handlers, settings: Client.Settings(cacheBytes: 0), logger: log.logger)
  }

  // MARK: Asking

  /// Calls a tool.
  ///
  /// - Parameters:
  ///   - caller: who calls, as the gateway says it.
  ///   - meta: further members of `_meta`, such as ``MetaKey/rows``.
  public func call(
    _ tool: String, _ arguments: JSONValue = [:], as caller: String? = nil, meta: JSONObject = JSONObject(),
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> CallResult {
    try await searching(sourceLocation) {
      let result = try await client.callTool(tool, arguments, options: options(caller, meta))
      return (result, result.raw.text)
    }
  }

  /// Calls a tool that must succeed, and gives its structured content.
  public func structured(
    _ tool: String, _ arguments: JSONValue = [:], as caller: String? = nil, meta: JSONObject = JSONObject(),
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> JSONValue {
    let result = try await call(tool, arguments, as: caller, meta: meta, sourceLocation: sourceLocation)
    if result.isError { Issue.record("\(tool): \(result.text)", sourceLocation: sourceLocation) }
    return result.structured ?? .null
  }

  /// Calls a tool that must fail in a way that the model is told, and gives the words.
  public func failure(
    _ tool: String, _ arguments: JSONValue = [:], as caller: String? = nil, meta: JSONObject = JSONObject(),
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> String {
    let result = try await call(tool, arguments, as: caller, meta: meta, sourceLocation: sourceLocation)
    #expect(result.isError, "\(tool) succeeded: \(result.text)", sourceLocation: sourceLocation)
    return result.text
  }

  public func read(
    _ uri: String, as caller: String? = nil, meta: JSONObject = JSONObject(), sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> ReadResult {
    try await searching(sourceLocation) {
      let result = try await client.readResource(uri, options: options(caller, meta))
      return (result, "\(result)")
    }
  }

  public func prompt(
    _ name: String, _ arguments: [String: String] = [:], as caller: String? = nil, meta: JSONObject = JSONObject(),
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> PromptResult {
    try await searching(sourceLocation) {
      let result = try await client.getPrompt(name, arguments, options: options(caller, meta))
      return (result, "\(result)")
    }
  }

  public func complete(
    _ target: CompletionTarget, _ value: String, _ arguments: [String: String] = [:], as caller: String? = nil, meta: JSONObject = JSONObject(),
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> [String] {
    try await searching(sourceLocation) {
      let result = try await client.complete(target, value, arguments: arguments, options: options(caller, meta))
      return (result.values, "\(result)")
    }
  }

  /// Calls a route, as the vendor or a browser would.
  public func route(
    _ method: HTTPMethod, _ path: String, query: [String: String] = [:], headers: HTTPHeaders = HTTPHeaders(), body: String = ""
  ) async throws -> RouteReply {
    let route = try #require(connector.routes.first { $0.method == method && $0.path == path }, "there is no route \(method) \(path)")
    return await route.respond(RouteRequest(headers: headers, query: query, body: ByteBuffer(string: body)))
  }

  private func options(_ caller: String?, _ meta: JSONObject) -> RequestOptions {
    var meta = meta
    if let caller { meta[MetaKey.caller] = .string(caller) }
    return RequestOptions(meta: meta, usesCache: false)
  }

  // MARK: Secrets

  private func searching<Value>(_ location: SourceLocation, _ ask: () async throws -> (Value, String)) async throws -> Value {
    do {
      let (value, text) = try await ask()
      expectNoSecret(in: [text] + log.all, sourceLocation: location)
      return value
    } catch {
      expectNoSecret(in: ["\(error)"] + log.all, sourceLocation: location)
      throw error
    }
  }

  public func expectNoSecret(in texts: [String], sourceLocation: SourceLocation = #_sourceLocation) {
    for secret in secrets?.values ?? [] {
      for text in texts where text.contains(secret) {
        Issue.record("a secret stands in: \(text.replacing(secret, with: "<SECRET>").prefix(400))", sourceLocation: sourceLocation)
      }
    }
  }
}

/// What all tests of connectors share.
public enum ConnectorTestingHTTP {
  public static let client = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
}
