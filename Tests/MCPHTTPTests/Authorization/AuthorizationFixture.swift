import JSON
import MCP
import MCPAuth
import MCPHTTP
import NIOCore
import Synchronization
import Testing

/// An MCP server that takes tokens of a scripted authorization server, and the parts of a client for it.
final class AuthorizationFixture: Sendable {
  /// How the MCP server tells clients where to go.
  struct Script: Sendable {
    /// Where the metadata are; nil for nowhere.
    var metadataPath: String? = "/.well-known/oauth-protected-resource/mcp"
    var namesMetadata = true
    var namesScopes = true
    /// The `resource` of the document; nil for the server's own URL.
    var resource: String?
    var scopesSupported: [String] = []
    /// Which server issues the tokens that are taken.
    var usesSecond = false
    /// What each operation needs.
    var scopes: @Sendable (_ operation: String) -> [String] = { _ in [] }
    /// Answered instead of serving, if there is one.
    var refusal: @Sendable (_ count: Int, _ request: HTTPRequest) -> (HTTPStatus, String)? = { _, _ in nil }
    /// How long the list of tools may be kept, by one user.
    var listLifetime = 0
    var dpop: DPoPVerifier?
    var requiresDPoP = false
  }

  private struct State {
    var script = Script()
    var port = 0
    var requests: [HTTPRequest] = []
    var metadataRequests: [String] = []
  }

  let first = ScriptedAuthorizationServer()
  let second = ScriptedAuthorizationServer()
  let client = HTTPClient(eventLoopGroup: loops)
  private let state = Mutex(State())

  var script: Script {
    get { state.withLock { $0.script } }
    set { state.withLock { $0.script = newValue } }
  }
  /// What came to the MCP endpoint.
  var requests: [HTTPRequest] { state.withLock { $0.requests } }
  var metadataRequests: [String] { state.withLock { $0.metadataRequests } }
  var origin: String { "http://127.0.0.1:\(state.withLock { $0.port })" }
  var url: String { origin + "/mcp" }
  static let redirectURI = "http://127.0.0.1:39999/callback"

  /// Serves both authorization servers and the MCP server for the length of `body`.
  func serving(_ body: @escaping @Sendable (AuthorizationFixture) async throws -> Void) async throws {
    try await withServer(Responder { await self.first.respond(to: $0) }) { firstPort in
      self.first.port = firstPort
      try await withServer(Responder { await self.second.respond(to: $0) }) { secondPort in
        self.second.port = secondPort
        try await withServer(Responder { await self.respond(to: $0) }) { port in
          self.state.withLock { $0.port = port }
          try await body(self)
        }
      }
    }
    await client.shutdown()
  }

  private func respond(to request: HTTPRequest) async -> HTTPReply {
    let script = script
    if request.path.contains("/.well-known/") || request.path == script.metadataPath {
      state.withLock { $0.metadataRequests.append(request.path) }
      // A server of 2025-03-26 is its own authorization server.
      guard request.path == script.metadataPath else { return await first.respond(to: request) }
      var document: JSONObject = ["resource": .string(script.resource ?? url), "authorization_servers": [.string(issuer.issuer)]]
      if !script.scopesSupported.isEmpty { document["scopes_supported"] = .array(script.scopesSupported.map { .string($0) }) }
      if script.requiresDPoP { document["dpop_bound_access_tokens_required"] = true }
      return ScriptedAuthorizationServer.json(.ok, .object(document))
    }
    if request.path != "/mcp" { return await first.respond(to: request) }
    let count = state.withLock { state in
      state.requests.append(request)
      return state.requests.count
    }
    if let (status, challenge) = script.refusal(count, request) {
      return .full(status, HTTPHeaders([("WWW-Authenticate", challenge)]), body: ByteBuffer())
    }
    switch await resourceServer.authenticate(request) {
    case .allowed: return answer(request)
    case .refused(let hint, let body):
      var headers = HTTPHeaders()
      for header in hint.headers {
        var value = header.value
        if header.name == "WWW-Authenticate" {
          if !script.namesMetadata {
            value = "Bearer realm=\"mcp\""
          } else if let path = script.metadataPath {
            value = value.replacing("/.well-known/oauth-protected-resource/mcp", with: path)
          }
          if !script.namesScopes, let range = value.firstRange(of: /, scope="[^"]*"/) { value.removeSubrange(range) }
        }
        headers.add(header.name, value)
      }
      return .full(HTTPStatus(hint.status), headers, body: body)
    }
  }

  private var issuer: ScriptedAuthorizationServer { script.usesSecond ? second : first }

  /// Made anew for each request: a script may change what is taken.
  private var resourceServer: ResourceServer {
    get async {
      let script = script
      let issuer = issuer
      do {
        var metadata = try ProtectedResourceMetadata(resource: url)
        metadata.requiresDPoP = script.requiresDPoP
        let audience = script.resource ?? url
        return try ResourceServer(
          ResourceServer.Configuration(
            metadata: metadata, issuers: [JWTIssuer(issuer: issuer.issuer, audiences: [audience], keys: .url(issuer.origin + "/jwks"))], dpop: script.dpop,
            requiredScopes: { script.scopes("\($0.rpcMethod) \($0.headers["Mcp-Name"] ?? "")") }),
          client: client, logger: quiet)
      } catch { preconditionFailure("\(error)") }
    }
  }

  /// Enough of an MCP server of either era for a client that lists tools and calls one.
  private func answer(_ request: HTTPRequest) -> HTTPReply {
    guard request.method == .post else { return .text(request.method == .delete ? .ok : 405, "") }
    let message = request.message
    guard let id = message["id"] else { return .full(202, HTTPHeaders(), body: ByteBuffer()) }
    var result: JSONValue
    switch request.rpcMethod {
    case "initialize":
      result = ["protocolVersion": message["params"]?["protocolVersion"] ?? .null, "capabilities": ["tools": [:]], "serverInfo": ["name": "s", "version": "1"]]
    case "server/discover": result = ["supportedVersions": ["2026-07-28"], "capabilities": ["tools": [:]], "ttlMs": 0, "cacheScope": "private"]
    case "tools/call": result = ["content": [["type": "text", "text": "done"]]]
    default: result = ["tools": [["name": "test-tool", "inputSchema": ["type": "object"]]], "ttlMs": .int(script.listLifetime), "cacheScope": "private"]
    }
    if request.headers["MCP-Protocol-Version"] == "2026-07-28" { result["resultType"] = "complete" }
    return ScriptedAuthorizationServer.json(.ok, ["jsonrpc": "2.0", "id": id, "result": result])
  }

  // MARK: Client

  /// A browser without a person: follows the authorization URL to the redirect.
  var browser: OAuthGrant.Browser {
    let client = client
    return { url in
      let target = try #require(HTTPURL(url))
      let response = try await client.send(HTTPClientRequest(origin: target.origin, method: .get, path: target.path), deadline: .now() + .seconds(60))
      return try #require(response.headers["Location"])
    }
  }

  func configuration(_ change: (inout OAuthConfiguration) -> Void = { _ in }) -> OAuthConfiguration {
    var configuration = OAuthConfiguration(
      server: url, grant: .authorizationCode(redirectURI: Self.redirectURI, browser: browser), registration: OAuthClientDescription(name: "tests"))
    change(&configuration)
    return configuration
  }

  func wire(_ configuration: OAuthConfiguration) throws -> HTTPWire { wire(try OAuthClient(configuration, client: client)) }

  func wire(_ authorizer: OAuthClient) -> HTTPWire {
    let port = state.withLock { $0.port }
    return HTTPWire(
      HTTPWire.Configuration(origin: HTTPOrigin(scheme: .http, host: "127.0.0.1", port: port), path: "/mcp", authorizer: authorizer), client: client)
  }
}

extension HTTPWire {
  /// Calls a tool, or lists them.
  func call(_ tool: String? = nil) async throws(WireError) {
    let method: MCP.Method = tool == nil ? .toolsList : .toolsCall
    let message: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": .string(method.rawValue), "params": [:]]
    _ = try await roundTrip(
      WireRequest(id: 1, method: method, name: tool, version: .latest, message: ByteBuffer(message), deadline: .now() + .seconds(20)))
  }

  /// What keeps a call from succeeding; nil if nothing does.
  func failure(_ tool: String? = nil) async -> WireError? {
    do throws(WireError) {
      try await call(tool)
      return nil
    } catch { return error }
  }
}

extension HTTPRequest {
  /// The JSON-RPC message; null where there is none.
  var message: JSONValue { (try? RawJSON(scanning: body)).map { JSONValue($0) } ?? .null }
  var rpcMethod: String { headers["Mcp-Method"] ?? message["method"]?.string ?? "" }
  var token: String? { headers["Authorization"]?.split(separator: " ").last.map(String.init) }
}
