import JSON
import MCP
import MCPAuth
import MCPHTTP
import Testing

/// Canaille of PyPI: RFC 8414 metadata, `iss` in the redirect, and tokens that only it can read.
@Suite(
  .serialized,
  .enabled(if: PythonProgram.oauthInterpreter != nil, "no Python with the packages of scripts/python-requirements-oauth.txt (scripts/python.sh): Canaille not tested"))
struct CanailleTests {
  /// Its tokens name an audience and no scope: what they are good for is found out by introspection.
  @Sendable static func introspects(_ configuration: inout ResourceServer.Configuration, _ issuer: PythonPeer) {
    let name = issuer.about["issuer"]?.string ?? ""
    let resource = configuration.metadata.resource
    configuration.issuers = []
    configuration.introspection = TokenIntrospection(
      endpoint: name + "/oauth/introspect", issuer: name, clientID: resource, authentication: .secret(Secret(issuer.about["secret"]?.string ?? "")),
      audiences: [resource])
  }

  @Test("A client that is known gets in, and goes on with a refreshed token or a new one when its own is revoked")
  func known() async throws {
    try await ProtectedServer.with("canaille", scopes: ("profile", "email"), configure: Self.introspects) { server in
      try await server.issuer.ask(
        "client",
        ["id": "desktop", "grants": ["authorization_code", "refresh_token"], "method": "none", "redirect_uris": [.string(ProtectedServer.redirectURI)]])
      let configuration = server.configuration { $0.clients = [PreregisteredClient(id: "desktop")] }
      try await server.withClient(configuration) { client in
        let first = try await client.callTool("whoami").text
        #expect(first == "ada profile")
        #expect(server.authorizations.count == 1)
        let wider = try await client.callTool("write").text
        #expect(wider == "ada email profile")
        #expect(server.authorizations.count == 2)
        try await server.issuer.ask("revoke")
        let renewed = try await client.callTool("whoami").text
        #expect(renewed == "ada email profile")
        #expect(server.authorizations.count == 3, "revocation took the refresh token as well")
      }
    }
  }

  @Test("A client registers itself; it gets in once an administrator has let it use the server", arguments: [false, true])
  func registration(isAdmitted: Bool) async throws {
    try await ProtectedServer.with("canaille", scopes: ("profile", "email"), configure: Self.introspects) { server in
      let browser = server.browser
      let configuration = server.configuration {
        $0.grant = .authorizationCode(redirectURI: ProtectedServer.redirectURI) { url in
          let id = url.split(separator: "client_id=").last?.prefix { $0 != "&" } ?? ""
          if isAdmitted { try await server.issuer.ask("admit", ["id": .string(String(id))]) }
          return try await browser(url)
        }
      }
      let failure = await server.failure(configuration)
      #expect((failure == nil) == isAdmitted, "\(failure ?? "let in")")
    }
  }
}
