import Foundation
import JSON
import MCP
import MCPAuth
import MCPHTTP
import NIOCore
import NIOSSL
import Testing

@Suite("An endpoint in one line")
struct HTTPEndpointTests {
  private static let resource = "https://mcp.example.com/files/mcp"

  @Test("serves https to who brings a token, at the path of its resource, with the metadata that tells where to get one")
  func protected() async throws {
    let issuer = ScriptedAuthorizationServer()
    let client = HTTPClient(eventLoopGroup: loops, tls: try Self.trusting(.localhost))
    try await withServer(Responder { await issuer.respond(to: $0) }) { issuerPort in
      issuer.port = issuerPort
      let resourceServer = try ResourceServer(
        ResourceServer.Configuration(
          metadata: ProtectedResourceMetadata(resource: Self.resource, authorizationServers: [issuer.issuer]),
          issuers: [JWTIssuer(issuer: issuer.issuer, audiences: [Self.resource], keys: .url(issuer.origin + "/jwks"))]))
      let files = try Files(.localhost)
      defer { files.remove() }
      let endpoint = HTTPEndpoint(
        Self.server(), port: 0, resourceServer: resourceServer, tls: try .server(certificateFile: files.certificate, keyFile: files.key), logger: quiet)
      try await Self.running(endpoint) { port in
        let url = "https://localhost:\(port)/files/mcp"
        let now = SystemSeconds.now()
        let token = try issuer.key.token(
          claims: [
            "iss": .string(issuer.issuer), "aud": .string(Self.resource), "sub": "ada", "client_id": "app", "iat": .int(now), "exp": .int(now + 60),
          ], header: ["typ": "at+jwt"])
        let tls = try Self.trusting(.localhost)
        let signedIn = Client(.http(url, headers: { [HTTPHint.Header("Authorization", "Bearer \(token)")] }, tls: tls))
        #expect(try await signedIn.callTool("whoami").text == "\(issuer.issuer) sub:ada")
        await signedIn.close()
        let anybody = Client(.http(url, tls: tls))
        await #expect(throws: ClientError.self) { try await anybody.listTools() }
        await anybody.close()

        let document = try await client.send(
          HTTPClientRequest(
            origin: HTTPOrigin(scheme: .https, host: "localhost", port: port), method: .get, path: "/.well-known/oauth-protected-resource/files/mcp"),
          deadline: .now() + .seconds(20))
        #expect(document.status == .ok)
      }
    }
    await client.shutdown()
  }

  @Test(
    "behind a proxy on this machine it is reached by the name of its resource, and by no other",
    arguments: [("mcp.example.com", 401), ("127.0.0.1", 401), ("evil.example", 403)])
  func names(_ host: String, _ status: Int) async throws {
    let resourceServer = try ResourceServer(
      ResourceServer.Configuration(
        metadata: ProtectedResourceMetadata(resource: Self.resource),
        issuers: [JWTIssuer(issuer: "https://login.example.com", audiences: [Self.resource], keys: .url("https://login.example.com/jwks"))]))
    try await Self.running(HTTPEndpoint(Self.server(), port: 0, resourceServer: resourceServer, logger: quiet)) { port in
      let socket = try RawSocket(port: port)
      socket.send("POST /files/mcp HTTP/1.1\r\nHost: \(host)\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
      let answer = await socket.readToEnd()
      #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
    }
  }

  @Test("serves https to anybody, where nothing says who may call")
  func open() async throws {
    let endpoint = HTTPEndpoint(Self.server(), port: 0, tls: try TestIdentity.localhost.server, logger: quiet)
    try await Self.running(endpoint) { port in
      let client = Client(.http("https://localhost:\(port)/mcp", tls: try Self.trusting(.localhost)))
      #expect(try await client.callTool("whoami").text == "nobody")
      await client.close()
    }
  }

  @Test("says that there is no certificate before it serves anything")
  func noCertificate() {
    #expect(throws: (any Error).self) { try TLSConfiguration.server(certificateFile: "/nowhere/cert.pem", keyFile: "/nowhere/key.pem") }
  }

  private static func server() -> Server {
    let server = Server(name: "files", version: "1")
    server.add(Tool(name: "whoami") { call in ToolResult(text: call.context.caller?.id ?? "nobody") })
    return server
  }

  private static func trusting(_ identity: TestIdentity) throws -> TLSConfiguration {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .certificates([try identity.certificate])
    return tls
  }

  private static func running(_ endpoint: HTTPEndpoint, _ body: @Sendable (_ port: Int) async throws -> Void) async throws {
    let port = try await endpoint.start()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await endpoint.run() }
      try await body(port)
      group.cancelAll()
    }
  }

  /// An identity as files.
  private struct Files {
    let certificate: String
    let key: String
    private let folder = FileManager.default.temporaryDirectory.appending(path: "identity-\(UUID().uuidString)")

    init(_ identity: TestIdentity) throws {
      certificate = folder.appending(path: "cert.pem").path
      key = folder.appending(path: "key.pem").path
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try identity.certificatePEM.write(toFile: certificate, atomically: true, encoding: .utf8)
      try identity.keyPEM.write(toFile: key, atomically: true, encoding: .utf8)
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }
  }
}
