import JSON
import MCP
import MCPAuth
import MCPHTTP
import MCPToolMacros
import NIOCore
import NIOPosix
import Testing

/// Opens a browser; here nobody sits at one.
private func openBrowser(_ url: String) async throws {}

private let signedInToken = Secret("id-token")

@Suite("The snippets on authorization")
struct AuthorizationSnippets {
  @Test("clients")
  func clients() async throws {
    // snippet: bearer
    let withToken = ClientTransport.http("https://mcp.example.com/mcp", bearer: "a token that you have")
    // snippet end

    // snippet: authorization-code
    let redirect = try await LoopbackRedirect.listen(on: MultiThreadedEventLoopGroup.singleton)
    let signIn = OAuthConfiguration(
      server: "https://mcp.example.com/mcp",
      grant: .authorizationCode(redirectURI: redirect.redirectURI, browser: redirect.browser { url in try await openBrowser(url) }),
      clientMetadataURL: "https://app.example.com/client.json",
      registration: OAuthClientDescription(name: "Example app"),
      store: FileTokenStore(path: "/home/ada/.config/example/tokens.json"))
    let client = Client(.http(signIn))
    // snippet end

    // snippet: machine
    let machine = OAuthConfiguration(
      server: "https://mcp.example.com/mcp", grant: .clientCredentials,
      clients: [PreregisteredClient(issuer: "https://login.example.com", id: "batch", authentication: .secret(Secret("s3cr3t")))])

    let signed = OAuthConfiguration(
      server: "https://mcp.example.com/mcp", grant: .clientCredentials,
      clients: [PreregisteredClient(issuer: "https://login.example.com", id: "batch", authentication: .privateKey(.generate(.es256)))],
      proofKey: .generate(.es256))

    let workload = OAuthConfiguration(
      server: "https://mcp.example.com/mcp", grant: .assertion(file: "/var/run/secrets/tokens/mcp"),
      clients: [PreregisteredClient(issuer: "https://login.example.com", id: "batch")])
    // snippet end

    // snippet: enterprise
    let identityProvider = EnterpriseIdentityProvider(
      issuer: "https://idp.example.com", clientID: "example-app", assertion: { signedInToken })
    let managed = OAuthConfiguration(
      server: "https://mcp.example.com/mcp", grant: .enterpriseManaged(identityProvider),
      clients: [PreregisteredClient(issuer: "https://login.example.com", id: "example-app")])
    // snippet end
    await client.close()
    await redirect.close()
    for transport in [withToken, .http(machine), .http(signed), .http(workload), .http(managed)] { _ = transport }
  }

  @Test("a resource server")
  func resourceServer() async throws {
    // snippet: resource-server
    let resourceServer = try ResourceServer(
      ResourceServer.Configuration(
        metadata: ProtectedResourceMetadata(
          resource: "https://mcp.example.com/mcp", authorizationServers: ["https://login.example.com"], scopesSupported: ["files:read", "files:write"]),
        issuers: [
          JWTIssuer(
            issuer: "https://login.example.com", audiences: ["https://mcp.example.com/mcp"], keys: .url("https://login.example.com/jwks.json"))
        ],
        dpop: DPoPVerifier(),
        requiredScopes: { request in request.headers["Mcp-Name"] == "delete_file" ? ["files:write"] : ["files:read"] }))
    // snippet end
    let serve = { @Sendable in
      // snippet: resource-server-run
      try await Server(name: "files", Files()).run(
        .http(
          host: "0.0.0.0", port: 8443, resourceServer: resourceServer,
          tls: .server(certificateFile: "/etc/files/cert.pem", keyFile: "/etc/files/key.pem")))
      // snippet end
    }
    // The files are not there, and that is said before anything is served.
    await #expect(throws: (any Error).self) { try await serve() }
    let endpoint = ProtectedEndpoint(
      Server(name: "files", Files()), configuration: StreamableHTTPConfiguration(allowed: AllowedHosts(hosts: ["mcp.example.com"])),
      resourceServer: resourceServer)
    var headers = HTTPHeaders()
    headers.add("Host", "mcp.example.com")
    headers.add("Mcp-Name", "delete_file")
    let request = HTTPRequest(method: .post, path: "/mcp", headers: headers, eventLoop: MultiThreadedEventLoopGroup.singleton.any())
    guard case .full(let status, let answered, _) = await endpoint.respond(to: request) else {
      Issue.record("the answer is a stream")
      return
    }
    #expect(status == .unauthorized)
    #expect(answered.values("WWW-Authenticate").contains { $0.contains("scope=\"files:write\"") })
  }
}

// snippet: caller
@Tools struct Files {
  /// Tells who calls.
  @Tool(.readOnly) func whoami(call: ToolCall) throws -> String {
    guard let caller = call.context.caller as? TokenCaller else { throw ToolError("Nobody is signed in.") }
    return "\(caller.token.subject ?? caller.id), with \(caller.token.scopes.joined(separator: " "))"
  }
}
// snippet end
