import ConnectorKit
import ConnectorTesting
import Crypto
import JSON
import MCPAuth
import MCPHTTP
import Secrets
import Synchronization
import Testing

@Suite("Credentials of a vendor")
struct CredentialTests {
  /// Grants a new token at each question, and counts them.
  final class CountingGrant: Grant {
    private let count = Mutex(0)
    private let lifetime: Int64?
    private let time: VirtualTime
    var questions: Int { count.withLock { $0 } }

    init(lifetime: Int64? = nil, time: VirtualTime = VirtualTime()) {
      self.lifetime = lifetime
      self.time = time
    }

    func token(for subject: Subject, after previous: StoredToken?) async throws(VendorError) -> StoredToken {
      let number = count.withLock { count in
        count += 1
        return count
      }
      // Long enough for all who wait to be waiting.
      for _ in 0..<50 { await Task.yield() }
      return StoredToken(
        accessToken: Secret("\(subject.key) \(number)"), expires: lifetime.map { time.seconds + $0 }, refreshToken: Secret("refresh \(number)"))
    }
  }

  @Test("Many requests that a vendor refuses for an old token wait for one renewal")
  func oneRenewal() async throws {
    let grant = CountingGrant()
    let credentials = TokenCredentials(connector: "kit", grant: grant, state: InMemoryConnectorState())
    let kit = try await KitAPI(credentials: credentials)
    kit.vendor.always("GET", "/x") { $0.header("Authorization") == "Bearer service 1" ? .json([:], status: 401) : .json([:]) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<20 { group.addTask { _ = try await kit.get() } }
      try await group.waitForAll()
    }
    #expect(grant.questions == 2)
  }

  @Test("A token is renewed before it ends")
  func expiry() async throws {
    let time = VirtualTime()
    let grant = CountingGrant(lifetime: 600, time: time)
    let credentials = TokenCredentials(connector: "kit", grant: grant, state: InMemoryConnectorState(), time: time.vendorTime)
    _ = try await credentials.credential(for: .service, asking: "Vendor")
    time.advance(500)
    _ = try await credentials.credential(for: .service, asking: "Vendor")
    #expect(grant.questions == 1)
    time.advance(50)
    _ = try await credentials.credential(for: .service, asking: "Vendor")
    #expect(grant.questions == 2)
  }

  @Test("A token that is refused twice is an error that says so, after two requests")
  func refusedTwice() async throws {
    let kit = try await KitAPI(credentials: TokenCredentials(connector: "kit", grant: CountingGrant(), state: InMemoryConnectorState()))
    kit.vendor.always("GET", "/x", .json([:], status: 401))
    let error = await vendorError { () async throws(VendorError) in try await kit.get() }
    #expect(error?.code == .unauthorized)
    #expect(kit.vendor.requests.count == 2)
  }

  @Test("A rotated token that cannot be stored is not used")
  func storedBeforeUse() async throws {
    let credentials = TokenCredentials(connector: "kit", grant: CountingGrant(), state: FailingState(writes: 0))
    let kit = try await KitAPI(credentials: credentials)
    kit.vendor.always("GET", "/x", .json([:]))
    let error = await vendorError { () async throws(VendorError) in try await kit.get() }
    #expect(error?.code == .unavailable && error?.message.contains("stored") == true)
    #expect(kit.vendor.requests.isEmpty)
  }

  @Test("A lifetime of a token that no clock could follow is bounded", arguments: ["1e19", "-5"])
  func lifetime(_ text: String) async throws {
    let time = VirtualTime()
    let endpoint = try await VendorDouble()
    endpoint.always("POST", "/token", .text("{\"access_token\": \"granted\", \"expires_in\": \(text)}"))
    let grant = OAuthGrant(
      vendor: "Vendor", endpoint: try #require(HTTPURL(endpoint.url + "/token")), kind: .clientCredentials, client: .publicClient(id: "me"),
      http: ConnectorTestingHTTP.client, time: time.vendorTime)
    let token = try await grant.token(for: .service, after: nil)
    #expect(token.accessToken.reveal() == "granted")
    #expect(token.expires == time.seconds + (text == "1e19" ? 1_000_000_000 : 0))
  }

  @Test("After a crash between rotation and use the new refresh token is what is spent")
  func crashAfterStoring() async throws {
    let time = VirtualTime()
    let endpoint = try await VendorDouble()
    let spent = Mutex<[String]>([])
    endpoint.always("POST", "/token") { request in
      let old = request.form.first { $0.name == "refresh_token" }?.value ?? ""
      let number = spent.withLock { spent in
        spent.append(old)
        return spent.count
      }
      return .json(["access_token": .string("access \(number)"), "refresh_token": .string("refresh \(number)"), "expires_in": 60])
    }
    let state = InMemoryConnectorState()
    let secrets = try TestSecrets()
    let seed = try SecretReference(try secrets.reference("seed", "refresh 0"))
    func process() throws -> TokenCredentials {
      let grant = OAuthGrant(
        vendor: "Vendor", endpoint: try #require(HTTPURL(endpoint.url + "/token")), kind: .refreshToken(seed: seed), client: .publicClient(id: "me"),
        http: ConnectorTestingHTTP.client, time: time.vendorTime)
      return TokenCredentials(connector: "kit", grant: grant, state: state, time: time.vendorTime, margin: 0)
    }
    // The first process renews and dies before it sends anything.
    _ = try await process().credential(for: .service, asking: "Vendor")
    // The second finds the token, still good; later it spends the rotated refresh token, never the first one again.
    let second = try process()
    #expect(try await second.credential(for: .service, asking: "Vendor").headers.first?.value.reveal() == "Bearer access 1")
    time.advance(61)
    #expect(try await second.credential(for: .service, asking: "Vendor").headers.first?.value.reveal() == "Bearer access 2")
    #expect(spent.withLock { $0 } == ["refresh 0", "refresh 1"])
  }

  @Test("A person without a credential gets a question to sign in, never another's credential", arguments: [Subject.user("bob"), .service])
  func noOtherCredential(_ subject: Subject) async throws {
    let secrets = try TestSecrets()
    let credentials = SecretCredentials(service: nil, users: ["ada": try SecretReference(try secrets.reference("ada", "token-of-ada"))])
    let kit = try await KitAPI(credentials: credentials)
    kit.vendor.always("GET", "/x", .json([:]))
    let error = await vendorError { () async throws(VendorError) in try await kit.get(as: subject) }
    #expect(error?.code == .consentRequired)
    #expect(kit.vendor.requests.isEmpty)
    _ = try await kit.get(as: .user("ada"))
    #expect(kit.vendor.requests.last?.header("Authorization") == "Bearer token-of-ada")
  }

  @Test("Tokens of two people are stored apart and sent apart")
  func tokensApart() async throws {
    let grant = CountingGrant()
    let kit = try await KitAPI(credentials: TokenCredentials(connector: "kit", grant: grant, state: InMemoryConnectorState()))
    kit.vendor.always("GET", "/x", .json([:]))
    for subject in [Subject.user("ada"), .user("bob"), .user("ada"), .service] { _ = try await kit.get(as: subject) }
    #expect(kit.vendor.requests.map { $0.header("Authorization") } == ["Bearer user:ada 1", "Bearer user:bob 2", "Bearer user:ada 1", "Bearer service 3"])
  }

  @Test("A secret that was replaced counts with the next request, and a refused one is read again once")
  func rotatedSecret() async throws {
    let secrets = try TestSecrets()
    let kit = try await KitAPI(credentials: SecretCredentials(service: try SecretReference(try secrets.reference("key", "first-key"))))
    kit.vendor.always("GET", "/x") { request in
      guard request.header("Authorization") == "Bearer first-key" else { return .json([:]) }
      _ = try? secrets.reference("key", "second-key")
      return .json([:], status: 401)
    }
    _ = try await kit.get()
    #expect(kit.vendor.requests.map { $0.header("Authorization") } == ["Bearer first-key", "Bearer second-key"])
  }

  @Test("A token endpoint that refuses is a question to sign in; one that is down is not")
  func tokenEndpoint() async throws {
    let endpoint = try await VendorDouble()
    endpoint.on("POST", "/token", .json(["error": "invalid_grant"], status: 400), .json([:], status: 503, headers: [("Retry-After", "9")]))
    let secrets = try TestSecrets()
    let seed = try SecretReference(try secrets.reference("seed", "refresh-token-0"))
    let grant = OAuthGrant(
      vendor: "Vendor", endpoint: try #require(HTTPURL(endpoint.url + "/token")), kind: .refreshToken(seed: seed), client: .publicClient(id: "me"),
      consentURL: { _ in "https://sluice.example/sign-in" }, http: ConnectorTestingHTTP.client)
    let refused = await vendorError { () async throws(VendorError) in try await grant.token(for: .user("ada"), after: nil) }
    #expect(refused?.code == .consentRequired && refused?.vendorCode == "invalid_grant" && refused?.consentURL == "https://sluice.example/sign-in")
    let down = await vendorError { () async throws(VendorError) in try await grant.token(for: .user("ada"), after: nil) }
    #expect(down?.code == .unavailable && down?.retryAfter == 9)
  }

  @Test("State in files is for its owner alone and outlives the process")
  func fileState() async throws {
    let folder = try TestFolder()
    let state = FileConnectorState(directory: folder.path + "/state/github")
    try await state.set(Array("a token".utf8), for: "github token user:ada")
    #expect(try await FileConnectorState(directory: folder.path + "/state/github").value(for: "github token user:ada") == Array("a token".utf8))
    #expect(try folder.permissions(below: "state/github") == [0o600])
    try await state.set(nil, for: "github token user:ada")
    #expect(try await state.value(for: "github token user:ada") == nil)
  }
}
