import JSON
import MCPAuth
import Testing

@Suite("The challenge and the protected resource metadata")
struct ChallengeTests {
  private static let url = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp"

  @Test(
    "say what is wrong in the terms of RFC 6750",
    arguments: [
      (.missing, 401, #"Bearer resource_metadata="\#(url)""#),
      (
        .malformed, 400,
        #"Bearer resource_metadata="\#(url)", error="invalid_request", error_description="Send one header Authorization: Bearer and one token of at most 16 KB""#
      ),
      (.invalid, 401, #"Bearer resource_metadata="\#(url)", error="invalid_token", error_description="The token is not valid here. Get a new one""#),
      (.expired, 401, #"Bearer resource_metadata="\#(url)", error="invalid_token", error_description="The token has expired. Get a new one""#),
      (.revoked, 401, #"Bearer resource_metadata="\#(url)", error="invalid_token", error_description="The token was revoked. Get a new one""#),
      (
        .insufficientScope(["a", "b"]), 403,
        #"Bearer resource_metadata="\#(url)", scope="a b", error="insufficient_scope", error_description="The token lacks a scope that is required here""#
      ),
      (.unavailable(CancellationError()), 503, nil),
    ] as [(AuthenticationFailure, Int, String?)])
  func challenge(failure: AuthenticationFailure, status: Int, expected: String?) {
    #expect(failure.status == status)
    #expect(failure.challenge(resourceMetadata: Self.url) == expected)
  }

  @Test("cannot be broken out of by a scope or a URL")
  func quoting() throws {
    let header = try #require(AuthenticationFailure.insufficientScope(["a\"\r\n", "b\\"]).challenge(resourceMetadata: "https://x/\"\r\nSet-Cookie: a"))
    #expect(header.hasPrefix(#"Bearer resource_metadata="https://x/Set-Cookie: a", scope="a b", error="#))
  }

  @Test(
    "name the document's place between host and path",
    arguments: [
      ("https://mcp.example.com/mcp", "https://mcp.example.com/.well-known/oauth-protected-resource/mcp"),
      ("https://mcp.example.com", "https://mcp.example.com/.well-known/oauth-protected-resource"),
      ("https://mcp.example.com/", "https://mcp.example.com/.well-known/oauth-protected-resource"),
      ("http://127.0.0.1:8080/a/b", "http://127.0.0.1:8080/.well-known/oauth-protected-resource/a/b"),
      ("HTTPS://mcp.example.com/mcp", "HTTPS://mcp.example.com/.well-known/oauth-protected-resource/mcp"),
    ])
  func place(resource: String, expected: String) throws {
    #expect(try ProtectedResourceMetadata(resource: resource).url == expected)
  }

  @Test("refuse what is no resource URL", arguments: ["mcp.example.com", "https://", "https:///mcp", "https://x/#a", "https://x/?a", "ftp://x", "https://x/ y", ""])
  func invalid(resource: String) {
    #expect(throws: IdentityConfigurationError.self) { try ProtectedResourceMetadata(resource: resource) }
  }

  @Test("hold what RFC 9728 asks for, and no empty lists")
  func document() throws {
    let full = try ProtectedResourceMetadata(
      resource: "https://mcp.example.com/mcp", authorizationServers: ["https://issuer.example"], scopesSupported: ["mcp:read"], resourceName: "Sluice")
    #expect(
      full.json.text
        == #"{"resource":"https://mcp.example.com/mcp","authorization_servers":["https://issuer.example"],"scopes_supported":["mcp:read"],"bearer_methods_supported":["header"],"resource_name":"Sluice"}"#
    )
    #expect(full.path == "/.well-known/oauth-protected-resource/mcp")
    let least = try ProtectedResourceMetadata(resource: "https://mcp.example.com")
    #expect(least.json.text == #"{"resource":"https://mcp.example.com","bearer_methods_supported":["header"]}"#)
  }
}
