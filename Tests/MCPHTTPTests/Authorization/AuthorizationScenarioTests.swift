import EverythingClientAuthorization
import JSON
import MCP
import MCPAuth
import MCPHTTP
import NIOCore
import Testing

/// The everything client, as a program of its own, before a server that watches what it does.
@Suite(
  "The everything client's authorization scenarios",
  .enabled(if: EverythingClientScenario.schemas != nil, "shared/spec not present: authorization scenarios not tested, whose messages are held against the schemas"))
struct AuthorizationScenarioTests {
  @Test("are tested, each of them, under the names that conformance tooling has for them")
  func complete() {
    let tested = ScenarioCase.all.map(\.name)
    #expect(Set(tested) == Set(AuthorizationScenario.names))
    #expect(Set(AuthorizationScenario.names).count == AuthorizationScenario.names.count)
  }

  @Test("go as the fixture list says, in both eras, and every message fits its schema", arguments: ScenarioCase.all, ["2026-07-28", "2025-11-25"])
  func scenario(_ scenario: ScenarioCase, revision: String) async throws {
    try await AuthorizationFixture().serving { fixture in
      scenario.arrange(fixture)
      let outcome = try await EverythingClientScenario.run(scenario.name, revision, fixture.url, context: scenario.context(fixture))
      #expect(outcome.succeeded == scenario.succeeds, "\(outcome.said)")
      let messages = fixture.requests.filter { $0.method == .post }.map(\.message)
      try EverythingClientScenario.validate(messages, revision)
      #expect(messages.contains { $0["method"] == "tools/call" } == scenario.succeeds)
      #expect(fixture.requests.allSatisfy { $0.query == nil })
      // Whatever goes wrong, a user is not sent to the browser again and again.
      #expect(fixture.first.seen.authorizations.count <= 3)
      try scenario.check(fixture)
    }
  }

  @Test("end with the first refusal of a workload's assertion, without another try or another grant", arguments: ["expired", "for another", "of another key"])
  func refusedWorkload(fault: String) async throws {
    try await AuthorizationFixture().serving { fixture in
      let key = SigningKey.generate(.es256)
      ScenarioCase.trustWorkloads(of: key, fixture)
      let assertion =
        switch fault {
        case "expired": ScenarioCase.assertion(of: key, for: fixture.first.issuer, lifetime: -60)
        case "for another": ScenarioCase.assertion(of: key, for: "https://wrong.example")
        default: ScenarioCase.assertion(of: .generate(.es256), for: fixture.first.issuer)
        }
      let outcome = try await EverythingClientScenario.run(
        "auth/wif-jwt-bearer", "2026-07-28", fixture.url, context: ["client_id": "workload", "valid_jwt": .string(assertion)])
      #expect(!outcome.succeeded)
      #expect(outcome.said.contains("invalid_grant"))
      #expect(fixture.first.seen.grants == ["urn:ietf:params:oauth:grant-type:jwt-bearer"])
    }
  }

  @Test(
    "say what their context lacks", arguments: ["auth/pre-registration", "auth/client-credentials-jwt", "auth/wif-jwt-bearer", "auth/enterprise-managed-authorization"])
  func withoutContext(name: String) async throws {
    let client = HTTPClient(eventLoopGroup: loops)
    #expect(throws: OAuthError.self) { try AuthorizationScenario.authorizer(name, url: "http://127.0.0.1:1/mcp", context: [:], client: client) }
    await client.shutdown()
  }
}
