import JSON
import Logging
import MCP
import MCPAuth
import MCPHTTP
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// An MCP server of ours that takes the tokens of an authorization server of somebody else, and what a client for it needs.
///
/// Reading needs one scope, `mcp:read`; the tool `write` needs another, `mcp:write`.
final class ProtectedServer: HTTPResponder {
  static let redirectURI = "http://127.0.0.1:39999/callback"

  /// The MCP endpoint.
  let url: String
  let issuer: PythonPeer
  let http = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
  private let endpoint: ProtectedEndpoint

  /// What came, and where the user was sent.
  private struct Seen {
    var requests: [HTTPRequest] = []
    var authorizations: [String] = []
  }
  private let seen = Mutex(Seen())
  var requests: [HTTPRequest] { seen.withLock { $0.requests } }
  /// The URLs that the user's browser was sent to.
  var authorizations: [String] { seen.withLock { $0.authorizations } }

  private init(_ url: String, _ issuer: PythonPeer, _ scopes: (read: String, write: String), _ configure: (inout ResourceServer.Configuration, PythonPeer) throws -> Void)
    throws
  {
    self.url = url
    self.issuer = issuer
    let name = issuer.about["issuer"]?.string ?? ""
    let metadata = try ProtectedResourceMetadata(resource: url, authorizationServers: [name], scopesSupported: [scopes.read])
    let keys = name + "/jwks"
    var configuration = ResourceServer.Configuration(
      metadata: metadata, issuers: [JWTIssuer(issuer: name, audiences: [url], keys: .url(keys))], cacheSeconds: 0,
      requiredScopes: { request in
        let message = (try? RawJSON(scanning: request.body)).map { JSONValue($0) } ?? .null
        return message["params"]?["name"] == "write" ? [scopes.write] : [scopes.read]
      })
    try configure(&configuration, issuer)
    let server = Server(name: "protected", version: "1")
    for tool in ["whoami", "write"] {
      server.add(
        Tool(name: tool) { call in
          let token = (call.context.caller as? TokenCaller)?.token
          return ToolResult(text: "\(token?.subject ?? "nobody") \(token?.scopes.sorted().joined(separator: " ") ?? "")")
        })
    }
    let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    endpoint = ProtectedEndpoint(server, resourceServer: try ResourceServer(configuration, client: http, logger: quiet))
  }

  func respond(to request: HTTPRequest) async -> HTTPReply {
    seen.withLock { $0.requests.append(request) }
    return await endpoint.respond(to: request)
  }

  /// Serves on a free port, with an authorization server of this kind, for the length of `body`.
  static func with(
    _ kind: String, scopes: (read: String, write: String) = ("mcp:read", "mcp:write"),
    configure: @Sendable (inout ResourceServer.Configuration, PythonPeer) throws -> Void = { _, _ in },
    body: @Sendable (ProtectedServer) async throws -> Void
  ) async throws {
    let interpreter = try #require(PythonProgram.oauthInterpreter)
    let late = LateResponder()
    var configuration = HTTPServerConfiguration()
    configuration.shutdownTimeout = .milliseconds(200)
    let server = HTTPServer(
      host: "127.0.0.1", port: 0, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration, responder: late,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let url = "http://127.0.0.1:\(try await server.start())/mcp"
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      try await PythonPeer.with(interpreter, "oauth_issuer.py", [kind, url]) { issuer in
        let protected = try ProtectedServer(url, issuer, scopes, configure)
        late.set(protected)
        try await body(protected)
        await protected.http.shutdown()
      }
      group.cancelAll()
    }
  }

  // MARK: Clients

  /// A user with a browser: signs in, agrees, and comes back with the redirect.
  var browser: OAuthGrant.Browser {
    { url in
      self.seen.withLock { $0.authorizations.append(url) }
      return try await self.issuer.ask("browse", ["url": .string(url)]).string ?? ""
    }
  }

  /// A client that registers by itself, unless `change` says otherwise.
  func configuration(_ change: (inout OAuthConfiguration) -> Void = { _ in }) -> OAuthConfiguration {
    var configuration = OAuthConfiguration(
      server: url, grant: .authorizationCode(redirectURI: Self.redirectURI, browser: browser), registration: OAuthClientDescription(name: "interop"))
    change(&configuration)
    return configuration
  }

  /// Runs `body` with a client of ours.
  func withClient(_ configuration: OAuthConfiguration, version: ProtocolVersion = .latest, _ body: (Client) async throws -> Void) async throws {
    try await Client.with(.http(configuration), settings: .init(name: "t", version: "1", versions: [version])) { client in try await body(client) }
  }

  /// What a client of its own gets from a tool.
  func call(_ tool: String = "whoami", _ configuration: OAuthConfiguration) async throws -> String {
    let answer = Mutex("")
    try await withClient(configuration) { client in
      let text = try await client.callTool(tool).text
      answer.withLock { $0 = text }
    }
    return answer.withLock { $0 }
  }

  /// Why a client does not get to the tool; nil if it does.
  func failure(_ configuration: OAuthConfiguration) async -> String? {
    do {
      _ = try await call("whoami", configuration)
      return nil
    } catch { return "\(error)" }
  }
}

/// A responder that is made when its port is known.
private final class LateResponder: HTTPResponder {
  private let inner = Mutex<(any HTTPResponder)?>(nil)
  func set(_ responder: any HTTPResponder) { inner.withLock { $0 = responder } }
  func respond(to request: HTTPRequest) async -> HTTPReply {
    guard let inner = inner.withLock({ $0 }) else { return .text(.serviceUnavailable, "not yet") }
    return await inner.respond(to: request)
  }
}
