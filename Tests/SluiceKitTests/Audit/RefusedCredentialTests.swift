import JSON
import Testing

@testable import Gateway
@testable import SluiceKit

@Suite("Refused credentials in the audit log", .timeLimit(.minutes(2)))
struct RefusedCredentialTests {
  @Test("a refused token leaves a leaf without the token, and a flood leaves few")
  func leaves() async throws {
    try await withGateway(TestConfiguration()) { gateway in
      let secret = "sluice_not-a-token-but-a-secret"
      let reply = try await gateway.stranger.with(token: secret).modern("tools/list")
      #expect(reply.status == 401)
      let leaf = try #require(try gateway.leaves().of("refusal").last)
      #expect(leaf["result"]?["refused"] == "unauthenticated")
      #expect(leaf["result"]?["reason"] == "invalid")
      #expect(leaf["who"]?["address"]?.string?.hasPrefix("127.0.0.1") == true)
      #expect(!leaf.text.contains("secret"))
      #expect(try await gateway.stranger.modern("tools/list").status == 401)
      #expect(try gateway.leaves().of("refusal").last?["result"]?["reason"] == "missing")

      for _ in 0..<200 { _ = try await gateway.stranger.modern("tools/list") }
      #expect(try gateway.leaves().of("refusal").count <= 22)
    }
  }

  @Test("the allowance comes back with time, and the next leaf says how many it stands for")
  func allowance() {
    let refusals = CredentialRefusals()
    let start: Int64 = 1_000_000_000
    #expect((0..<20).map { _ in refusals.admit(at: start) } == Array(repeating: 0, count: 20))
    #expect(refusals.admit(at: start + 9_999) == nil)
    #expect(refusals.admit(at: start + 9_999) == nil)
    #expect(refusals.admit(at: start + 10_000) == 2)
    #expect(refusals.admit(at: start + 10_001) == nil)
    // However long it was quiet.
    #expect((0..<21).map { _ in refusals.admit(at: start + 10_000_000) } == [1] + Array(repeating: 0, count: 19) + [nil])
  }
}
