import JSON
import MCP
import MCPAuth
import MCPHTTP
import Synchronization
import Testing

@Suite("OAuth renewal")
struct OAuthRenewalTests {
  /// A store that can fail and tells what it was given.
  private actor WatchedStore: TokenStore {
    private let inner = InMemoryTokenStore()
    private(set) var saved: [TokenSet] = []
    var failures = 0

    func fail(_ times: Int) { failures = times }
    func latestTokens(resource: String, subject: String) async -> TokenSet? { await inner.latestTokens(resource: resource, subject: subject) }
    func tokens(for key: TokenKey) async -> TokenSet? { await inner.tokens(for: key) }
    func save(_ tokens: TokenSet) async throws {
      if failures > 0 {
        failures -= 1
        throw OAuthError(.storage, "the disk is full")
      }
      saved.append(tokens)
      await inner.save(tokens)
    }
    func removeTokens(for key: TokenKey) async { await inner.removeTokens(for: key) }
    func client(issuedBy issuer: String) async -> RegisteredClient? { await inner.client(issuedBy: issuer) }
    func save(_ client: RegisteredClient?, issuedBy issuer: String) async { await inner.save(client, issuedBy: issuer) }
  }

  /// A clock that a test moves.
  private final class Clock: Sendable {
    private let offset = Atomic<Int64>(0)
    func advance(_ seconds: Int64) { offset.add(seconds, ordering: .relaxed) }
    var now: @Sendable () -> Int64 { { [self] in SystemSeconds.now() + offset.load(ordering: .relaxed) } }
  }

  @Test("refreshes an old token once, however many requests wait, and saves the new one before it is used")
  func once() async throws {
    try await AuthorizationFixture().serving { fixture in
      let (clock, store) = (Clock(), WatchedStore())
      let wire = try fixture.wire(fixture.configuration { ($0.now, $0.store) = (clock.now, store) })
      try await wire.call()
      clock.advance(3600)
      let (began, gate) = (Signal(), Signal())
      fixture.first.script.tokenBegan = began
      fixture.first.script.tokenGate = gate
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<20 { group.addTask { try await wire.call() } }
        group.addTask {
          // Every request had the time to come upon the refresh.
          await began.wait()
          gate.fire()
        }
        try await group.waitForAll()
      }
      #expect(fixture.first.seen.grants == ["authorization_code", "refresh_token"])
      #expect(fixture.first.seen.tokens.last?.fields["resource"] == fixture.url)
      #expect(fixture.requests.count == 22)
      let saved = await store.saved
      #expect(saved.count == 2)
      #expect(fixture.requests.last?.token == saved.last?.accessToken.reveal())
    }
  }

  @Test("authorizes once for all requests that are refused at the same time")
  func concurrentAuthorization() async throws {
    try await AuthorizationFixture().serving { fixture in
      let wire = try fixture.wire(fixture.configuration())
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<10 { group.addTask { try await wire.call() } }
        try await group.waitForAll()
      }
      #expect(fixture.first.seen.authorizations.count == 1)
    }
  }

  @Test("uses each rotated refresh token once, and keeps one that is not rotated", arguments: [true, false])
  func rotation(rotates: Bool) async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.first.script.rotates = rotates
      let clock = Clock()
      let wire = try fixture.wire(fixture.configuration { $0.now = clock.now })
      try await wire.call()
      fixture.first.script.issuesRefreshTokens = rotates
      for _ in 0..<3 {
        clock.advance(3600)
        try await wire.call()
      }
      #expect(fixture.first.seen.grants == ["authorization_code", "refresh_token", "refresh_token", "refresh_token"])
      #expect(Set(fixture.first.seen.tokens.compactMap { $0.fields["refresh_token"] }).count == (rotates ? 3 : 1))
    }
  }

  @Test("keeps rotated tokens through a failure to save them, and uses them only once they are saved")
  func saving() async throws {
    try await AuthorizationFixture().serving { fixture in
      let (clock, store) = (Clock(), WatchedStore())
      let wire = try fixture.wire(fixture.configuration { ($0.now, $0.store) = (clock.now, store) })
      try await wire.call()
      clock.advance(3600)
      await store.fail(2)
      for _ in 0..<2 { #expect(await wire.failure()?.message.contains("the disk is full") == true) }
      #expect(fixture.requests.count == 2, "nothing was sent with a token that is not safe")
      try await wire.call()
      #expect(fixture.first.seen.grants == ["authorization_code", "refresh_token"])
    }
  }

  @Test("authorizes anew when the refresh token is refused")
  func refused() async throws {
    try await AuthorizationFixture().serving { fixture in
      let clock = Clock()
      let wire = try fixture.wire(fixture.configuration { $0.now = clock.now })
      try await wire.call()
      fixture.first.script.refusesRefresh = true
      clock.advance(3600)
      try await wire.call()
      #expect(fixture.first.seen.grants == ["authorization_code", "refresh_token", "authorization_code"])
    }
  }

  @Test("refreshes a token that the server refuses before its time, and then authorizes, and then gives up")
  func revoked() async throws {
    try await AuthorizationFixture().serving { fixture in
      let wire = try fixture.wire(fixture.configuration())
      try await wire.call()
      let dead = try #require(fixture.requests.last?.token)
      let url = fixture.origin + "/.well-known/oauth-protected-resource/mcp"
      fixture.script.refusal = { _, request in request.token == dead ? (.unauthorized, "Bearer error=\"invalid_token\", resource_metadata=\"\(url)\"") : nil }
      try await wire.call()
      #expect(fixture.first.seen.grants == ["authorization_code", "refresh_token"])
      fixture.script.refusal = { _, _ in (.unauthorized, "Bearer error=\"invalid_token\", resource_metadata=\"\(url)\"") }
      #expect(await wire.failure()?.message.contains("refused the access token") == true)
      #expect(fixture.first.seen.grants == ["authorization_code", "refresh_token", "refresh_token", "authorization_code"])
    }
  }

  @Test("begins with the tokens that were saved, and keeps those of two users apart")
  func restart() async throws {
    try await AuthorizationFixture().serving { fixture in
      let store = InMemoryTokenStore()
      for subject in ["ada", "bob"] { try await fixture.wire(fixture.configuration { ($0.store, $0.subject) = (store, subject) }).call() }
      let tokens = Set(fixture.requests.compactMap(\.token))
      #expect(tokens.count == 2)
      for subject in ["ada", "bob"] { try await fixture.wire(fixture.configuration { ($0.store, $0.subject) = (store, subject) }).call() }
      #expect(Set(fixture.requests.compactMap(\.token)) == tokens)
      #expect(fixture.first.seen.authorizations.count == 2)
    }
  }

  @Test("lets a cancelled request go while the authorization goes on for the others")
  func cancellation() async throws {
    try await AuthorizationFixture().serving { fixture in
      let (began, gate) = (Signal(), Signal())
      let browser = fixture.browser
      let configuration = fixture.configuration {
        $0.grant = .authorizationCode(redirectURI: AuthorizationFixture.redirectURI) { url in
          began.fire()
          await gate.wait()
          return try await browser(url)
        }
      }
      let wire = try fixture.wire(configuration)
      let waiting = Task { await wire.failure() }
      await began.wait()
      waiting.cancel()
      #expect(await waiting.value?.code == .cancelled)
      gate.fire()
      try await wire.call()
      #expect(fixture.first.seen.authorizations.count == 1)
    }
  }

  // MARK: Step-up

  @Test("steps up to the union of the scopes when an operation needs more")
  func stepUp() async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.script.scopes = { $0 == "tools/call write" ? ["mcp:write"] : ["mcp:read"] }
      let wire = try fixture.wire(fixture.configuration())
      try await wire.call()
      try await wire.call("write")
      try await wire.call()
      #expect(fixture.first.seen.authorizations.map { $0["scope"] } == ["mcp:read", "mcp:read mcp:write"])
      #expect(fixture.first.seen.grants == ["authorization_code", "authorization_code"], "a refresh cannot widen a token")
    }
  }

  @Test("does not step up for the same operation again when it was in vain, and bounds how often it does at all")
  func vain() async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.script.scopes = { $0 == "tools/call write" ? ["mcp:write"] : ["mcp:read"] }
      fixture.first.script.grantedScopes = ["mcp:read"]
      let wire = try fixture.wire(fixture.configuration())
      try await wire.call()
      for _ in 0..<3 { #expect(await wire.failure("write")?.message.contains("mcp:write") == true) }
      #expect(fixture.first.seen.authorizations.count == 2)
      try await wire.call()

      // A server that asks for something new each time.
      fixture.script.refusal = { count, _ in (.forbidden, "Bearer error=\"insufficient_scope\", scope=\"s\(count)\"") }
      #expect(await wire.failure("endless")?.code == .status(403))
      #expect(fixture.first.seen.authorizations.count <= 5)
    }
  }

  @Test("steps up once for all requests of an operation that are refused at the same time")
  func concurrentStepUp() async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.script.scopes = { $0 == "tools/call write" ? ["mcp:write"] : ["mcp:read"] }
      let wire = try fixture.wire(fixture.configuration())
      try await wire.call()
      let (before, gate) = (fixture.requests.count, Signal())
      fixture.first.script.tokenGate = gate
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<10 { group.addTask { try await wire.call("write") } }
        group.addTask {
          await eventually("all are refused, and one asks for a token") { fixture.requests.count >= before + 10 && fixture.first.seen.tokens.count >= 2 }
          gate.fire()
        }
        try await group.waitForAll()
      }
      #expect(fixture.first.seen.authorizations.count == 2)
    }
  }

  @Test("steps up again when the attempt before got no token")
  func failedStepUp() async throws {
    try await AuthorizationFixture().serving { fixture in
      fixture.script.scopes = { $0 == "tools/call write" ? ["mcp:write"] : ["mcp:read"] }
      let wire = try fixture.wire(fixture.configuration())
      try await wire.call()
      fixture.first.script.tokenError = "temporarily_unavailable"
      #expect(await wire.failure("write") != nil)
      fixture.first.script.tokenError = nil
      try await wire.call("write")
    }
  }

  @Test("leaves a 403 without insufficient_scope to the caller")
  func forbidden() async throws {
    try await AuthorizationFixture().serving { fixture in
      let wire = try fixture.wire(fixture.configuration())
      try await wire.call()
      fixture.script.refusal = { _, _ in (.forbidden, "Bearer error=\"access_denied\"") }
      #expect(await wire.failure()?.code == .status(403))
      #expect(fixture.first.seen.authorizations.count == 1)
    }
  }
}
