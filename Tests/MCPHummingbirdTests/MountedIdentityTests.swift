import Foundation
import Hummingbird
import JSON
import MCP
import MCPAuth
import MCPHTTP
import MCPHummingbird
import NIOCore
import NIOPosix
import Testing

@Suite("Who calls an endpoint in an application of Hummingbird")
struct MountedIdentityTests {
  @Test("the endpoint's own authentication decides, with its challenge")
  func authentication() async throws {
    try await MountedApplication().serving({ router, server in
      router.mcp(server: server) { request in
        guard request.headers["Authorization"] == "Bearer ada" else {
          return .refused(HTTPHint(status: 401, headers: [.init("WWW-Authenticate", "Bearer")]))
        }
        return .allowed(Person("ada"))
      }
    }) { port in
      let wire = Wire(port: port)
      let refused = try await wire.send(.post, "/mcp", Wire.call("echo"))
      #expect(refused.status == 401)
      #expect(refused.headers["WWW-Authenticate"] == "Bearer")
      let answered = try await wire.send(.post, "/mcp", Wire.call("echo", ["text": "hi"]), [("Authorization", "Bearer ada")])
      #expect(answered.text.contains("hi for ada"))
    }
  }

  @Test("the identity that middleware has found is the caller; without one the status is the application's")
  func contextIdentity() async throws {
    let application = MountedApplication()
    let router = Router(context: PersonContext.self)
    router.group().add(middleware: Names()).mcp("/mcp", server: application.server) { _, context in
      guard let name = context.name else { throw HTTPError(.forbidden) }
      return Person(name)
    }
    try await MountedApplication.serving(router) { port in
      let wire = Wire(port: port)
      #expect(try await wire.send(.post, "/mcp", Wire.call("echo")).status == 403)
      let answered = try await wire.send(.post, "/mcp", Wire.call("echo", ["text": "hi"]), [("X-Name", "grace")])
      #expect(answered.text.contains("hi for grace"))
    }
  }

  @Test("as an OAuth resource server it challenges, and serves the metadata that the challenge names")
  func resourceServer() async throws {
    let key = SigningKey.generate(keyID: "k1")
    let keys = FileManager.default.temporaryDirectory.appending(path: "mounted-\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: keys) }
    var published = key.publicJWK
    published["kid"] = "k1"
    try Data(JSONValue.object(["keys": [published]]).text.utf8).write(to: keys)
    let metadata = try ProtectedResourceMetadata(
      resource: "https://mcp.example.com/mcp", authorizationServers: ["https://login.example.com"], scopesSupported: ["mcp"])
    let http = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
    let resourceServer = try ResourceServer(
      ResourceServer.Configuration(
        metadata: metadata,
        issuers: [
          JWTIssuer(issuer: "https://login.example.com", audiences: ["https://mcp.example.com/mcp"], keys: .file(keys.path))
        ]), client: http, logger: quiet)
    try await MountedApplication().serving({ router, server in
      router.mcp(server: server, resourceServer: resourceServer)
      router.mcpMetadata(resourceServer)
    }) { port in
      let wire = Wire(port: port)
      let refused = try await wire.send(.post, "/mcp", Wire.call("echo"))
      #expect(refused.status == 401)
      let url = metadata.url
      #expect(refused.headers["WWW-Authenticate"]?.contains("resource_metadata=\"\(url)\"") == true)
      let document = try await wire.send(.get, metadata.path)
      #expect(document.status == 200)
      #expect(try JSONValue(parsing: document.text)["resource"] == "https://mcp.example.com/mcp")

      let now = SystemSeconds.now()
      let token = try key.token(
        claims: [
          "iss": "https://login.example.com", "aud": "https://mcp.example.com/mcp", "sub": "ada", "client_id": "app", "scope": "mcp",
          "iat": .int(Int(now)), "exp": .int(Int(now) + 60),
        ], header: ["typ": "at+jwt"])
      let answered = try await wire.send(.post, "/mcp", Wire.call("echo", ["text": "hi"]), [("Authorization", "Bearer \(token)")])
      #expect(answered.text.contains("hi for https://login.example.com sub:ada"))
    }
    await http.shutdown()
  }
}

/// A context of an application's own.
private struct PersonContext: ChannelRequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel
  var name: String?

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    channel = source.channel
  }
}

private struct Names: RouterMiddleware {
  func handle(_ request: Request, context: PersonContext, next: @concurrent (Request, PersonContext) async throws -> Response) async throws -> Response {
    var context = context
    context.name = request.headers[.init("X-Name")!]
    return try await next(request, context)
  }
}
