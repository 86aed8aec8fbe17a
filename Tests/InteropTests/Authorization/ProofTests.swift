import Foundation
import JSON
import MCP
import MCPAuth
import MCPHTTP
import NIOPosix
import Testing

/// What pydpop of PyPI proves, before our resource server.
@Suite(
  .enabled(
    if: PythonProgram.oauthInterpreter != nil, "no Python with the packages of scripts/python-requirements-oauth.txt (scripts/python.sh): proofs of pydpop not tested"))
struct ProofTests {
  private static let resource = "https://mcp.example.com/mcp"

  /// What is proven otherwise than it is; the first not at all.
  private static let changes: [JSONObject] = [
    [:], ["method": "GET"], ["url": "https://mcp.example.com/other"], ["url": "http://mcp.example.com/mcp"], ["access_token": "another"],
    ["access_token": .null], ["iat": 1_000_000], ["nonce": "made-up"], ["nonce": .null],
  ]

  @Test("is taken once, for the request, the token and the nonce that it was made for")
  func proofs() async throws {
    let (issuer, keys) = ("https://id.example.com", FileManager.default.temporaryDirectory.appending(path: "jwks-\(UUID().uuidString)"))
    let signing = SigningKey.generate(.es256)
    try Data((["keys": [signing.publicJWK]] as JSONValue).text.utf8).write(to: keys)
    defer { try? FileManager.default.removeItem(at: keys) }
    let verifier = DPoPVerifier(DPoPVerifier.Configuration(requiresNonce: true))
    let http = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
    let server = try ResourceServer(
      ResourceServer.Configuration(
        metadata: ProtectedResourceMetadata(resource: Self.resource), issuers: [JWTIssuer(issuer: issuer, audiences: [Self.resource], keys: .file(keys.path))],
        dpop: verifier), client: http)

    try await PythonPeer.with(try #require(PythonProgram.oauthInterpreter), "dpop_peer.py") { prover in
      let now = SystemSeconds.now()
      let claims: JSONValue = [
        "iss": .string(issuer), "aud": .string(Self.resource), "sub": "ada", "iat": .int(now), "exp": .int(now + 60),
        "cnf": ["jkt": prover.about["thumbprint"] ?? .null],
      ]
      let token = try signing.token(claims: claims, header: ["typ": "at+jwt"])
      func refusal(_ proof: String) async -> String? {
        let request = HTTPRequest(
          method: .post, path: "/mcp", headers: HTTPHeaders([("Authorization", "DPoP \(token)"), ("DPoP", proof)]),
          eventLoop: MultiThreadedEventLoopGroup.singleton.next())
        guard case .refused(let hint, _) = await server.authenticate(request) else { return nil }
        return hint.headers.filter { $0.name == "WWW-Authenticate" }.map(\.value).joined()
      }
      for change in Self.changes {
        var asked: JSONObject = [
          "method": "POST", "url": .string(Self.resource), "access_token": .string(token), "nonce": .string(verifier.nonce ?? ""),
        ]
        for (name, value) in change { asked[name] = value }
        let proof = try await prover.ask("prove", asked).string ?? ""
        let told = await refusal(proof)
        #expect((told == nil) == change.isEmpty, "\(JSONValue.object(change).text): \(told ?? "taken")")
        let again = await refusal(proof)
        #expect(again != nil, "a proof is good once")
      }
    }
    await http.shutdown()
  }
}
