import MCPAuth
import Testing

@Suite("Reading WWW-Authenticate")
struct ChallengeParsingTests {
  @Test(
    "finds the challenges and their parameters",
    arguments: [
      ("Bearer", [Challenge(scheme: "bearer")]),
      (
        #"Bearer error="insufficient_scope", scope="a b",resource_metadata="https://x/y?a=b,c""#,
        [Challenge(scheme: "bearer", parameters: ["error": "insufficient_scope", "scope": "a b", "resource_metadata": "https://x/y?a=b,c"])]
      ),
      (#"bearer ERROR=invalid_token , realm = "a \"q\" \\ b""#, [Challenge(scheme: "bearer", parameters: ["error": "invalid_token", "realm": #"a "q" \ b"#])]),
      (
        #"Basic realm="x", charset="UTF-8", Bearer scope="s", DPoP algs="ES256""#,
        [
          Challenge(scheme: "basic", parameters: ["realm": "x", "charset": "UTF-8"]), Challenge(scheme: "bearer", parameters: ["scope": "s"]),
          Challenge(scheme: "dpop", parameters: ["algs": "ES256"]),
        ]
      ),
      (#"Negotiate YWJj==, Bearer scope="s""#, [Challenge(scheme: "negotiate"), Challenge(scheme: "bearer", parameters: ["scope": "s"])]),
      (#"Negotiate, Bearer scope="s""#, [Challenge(scheme: "negotiate"), Challenge(scheme: "bearer", parameters: ["scope": "s"])]),
      (#"Bearer scope="first", scope="second""#, [Challenge(scheme: "bearer", parameters: ["scope": "first"])]),
      ("", []), (",,,", []), (#"Bearer scope="unfinished"#, [Challenge(scheme: "bearer")]),
    ] as [(String, [Challenge])])
  func parse(header: String, expected: [Challenge]) {
    #expect(Challenge.parse([header]).filter { !$0.scheme.isEmpty }.prefix(expected.count) == expected[...])
  }

  @Test("tells scopes that are named from none")
  func scopes() {
    #expect(Challenge.parse([#"Bearer scope="a  b""#]).first?.scopes == ["a", "b"])
    #expect(Challenge.parse([#"Bearer scope="""#]).first?.scopes == nil)
    #expect(Challenge.parse(["Bearer"]).first?.scopes == nil)
  }

  @Test("comes to an end with anything")
  func hostile() {
    var generator = SystemRandomNumberGenerator()
    let alphabet = Array(#"Bearer ab="\,= "#.unicodeScalars.map { Character($0) }) + ["é", "\u{0}"]
    for _ in 0..<5000 {
      let text = String((0..<Int.random(in: 0..<60, using: &generator)).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] })
      _ = Challenge.parse([text])
    }
    #expect(Challenge.parse([String(repeating: "Bearer, ", count: 100_000)]).count <= 16)
  }
}
