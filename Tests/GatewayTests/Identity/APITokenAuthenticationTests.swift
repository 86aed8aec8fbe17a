import Foundation
import Gateway
import JSON
import MCPAuth
import Testing

@Suite("API token authentication")
struct APITokenAuthenticationTests {
  private let directory = TemporaryDirectory()
  private let clock = TestClock()

  private func setting(_ users: UserDirectory = UserDirectory()) throws -> (SQLiteStore, APITokens, Authenticator) {
    let store = try SQLiteStore(directory: directory.path)
    return (store, APITokens(store: store, clock: clock.clock), try Authenticator(store: store, directory: users, clock: clock.clock))
  }

  private func failure(_ authenticator: Authenticator, _ header: String?) async -> AuthenticationFailure.Code? {
    do {
      _ = try await authenticator.authenticate(authorization: header)
      return nil
    } catch { return error.code }
  }

  @Test("gives the bearer the user's groups, roles and attributes")
  func principal() async throws {
    let users = UserDirectory(users: ["ada": .init(kind: .agent, groups: ["sales"], roles: ["editor"], attributes: ["region": "emea"])])
    let (_, tokens, authenticator) = try setting(users)
    let made = try await tokens.create(user: "ada", name: "laptop")
    for _ in 0..<2 {
      let principal = try await authenticator.authenticate(authorization: "Bearer \(made.secret.reveal())")
      #expect(principal.id == "ada")
      #expect(principal.kind == .agent)
      #expect(principal.groups == ["sales"])
      #expect(principal.roles == ["editor"])
      #expect(principal.attributes == ["region": "emea"])
      #expect(principal.tokenID == made.token.id)
      #expect(principal.authentication == .apiToken)
    }
  }

  @Test("makes secrets of a fixed form, each its own, that do not print themselves")
  func form() async throws {
    let (_, tokens, _) = try setting()
    var seen: Set<String> = []
    for _ in 0..<50 {
      let made = try await tokens.create(user: "ada", name: "n")
      let text = made.secret.reveal()
      #expect(try /sluice_[0-9A-Za-z]{49}/.wholeMatch(in: text) != nil)
      #expect(try /tok_[0-9A-Za-z]{16}/.wholeMatch(in: made.token.id) != nil)
      #expect(seen.insert(text).inserted)
      #expect(!"\(made.secret) \(String(reflecting: made))".contains(text.dropFirst(7).prefix(8)))
    }
    #expect(try await tokens.list(user: "ada").count == 50)
    let file = try Data(contentsOf: URL(filePath: directory.path + "/sluice.sqlite-wal"))
    #expect(seen.allSatisfy { file.range(of: Data($0.utf8.suffix(49))) == nil }, "secrets are not stored")
  }

  @Test(
    "reads the header as RFC 6750 has it",
    arguments: [
      (nil, .missing), ("", .missing), ("Basic YTpi", .missing), ("Bearerx", .missing), ("Bearer", .malformed), ("Bearer ", .malformed),
      ("Bearer a b", .malformed), ("Bearer \u{e9}", .malformed), ("Bearer a,b", .malformed), ("Bearer sluice_short", .invalid),
      ("Bearer sluice_0000000000000000000000000000000000000000000000000", .invalid),
    ] as [(String?, AuthenticationFailure.Code)])
  func header(header: String?, expected: AuthenticationFailure.Code) async throws {
    let (_, _, authenticator) = try setting()
    #expect(await failure(authenticator, header) == expected)
  }

  @Test("takes the scheme in any case and with more than one space")
  func scheme() async throws {
    let (_, tokens, authenticator) = try setting()
    let secret = try await tokens.create(user: "ada", name: "n").secret.reveal()
    for header in ["bearer \(secret)", "BEARER \(secret)", "Bearer   \(secret)"] { #expect(await failure(authenticator, header) == nil) }
  }

  @Test("tells a mistyped secret from its check, wherever the typo is")
  func typos() async throws {
    let (_, tokens, authenticator) = try setting()
    let secret = Array(try await tokens.create(user: "ada", name: "n").secret.reveal())
    for place in secret.indices {
      var typo = secret
      typo[place] = typo[place] == "a" ? "b" : "a"
      #expect(await failure(authenticator, "Bearer \(String(typo))") == .invalid)
    }
  }

  @Test("refuses a token the moment another process revokes it")
  func revocation() async throws {
    let (_, tokens, authenticator) = try setting()
    let (token, secret) = try await tokens.create(user: "ada", name: "n")
    let other = try await tokens.create(user: "ada", name: "other").secret
    for _ in 0..<3 { #expect(await failure(authenticator, "Bearer \(secret.reveal())") == nil) }
    let commandLine = APITokens(store: try SQLiteStore(directory: directory.path), clock: clock.clock)
    let revoked = try #require(try await commandLine.revoke(id: token.id))
    #expect(revoked.revoked == clock.seconds)
    #expect(await failure(authenticator, "Bearer \(secret.reveal())") == .revoked)
    #expect(await failure(authenticator, "Bearer \(other.reveal())") == nil)
    #expect(try await commandLine.revoke(id: "tok_none") == nil)
  }

  @Test("never serves a revoked token, however requests and the revocation interleave")
  func race() async throws {
    let (_, tokens, authenticator) = try setting()
    let commandLine = APITokens(store: try SQLiteStore(directory: directory.path), clock: clock.clock)
    for _ in 0..<20 {
      let (token, secret) = try await tokens.create(user: "ada", name: "n")
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<4 { group.addTask { for _ in 0..<50 { _ = await failure(authenticator, "Bearer \(secret.reveal())") } } }
        _ = try? await commandLine.revoke(id: token.id)
        #expect(await failure(authenticator, "Bearer \(secret.reveal())") == .revoked)
      }
      #expect(await failure(authenticator, "Bearer \(secret.reveal())") == .revoked)
    }
  }

  @Test("refuses a token from the second it expires, cached or not")
  func expiry() async throws {
    let (_, tokens, authenticator) = try setting()
    let secret = try await tokens.create(user: "ada", name: "n", lifetime: 10).secret.reveal()
    #expect(await failure(authenticator, "Bearer \(secret)") == nil)
    clock.advance(seconds: 9)
    #expect(await failure(authenticator, "Bearer \(secret)") == nil)
    clock.advance(seconds: 1)
    #expect(await failure(authenticator, "Bearer \(secret)") == .expired)
  }

  @Test("notes when a token was used, to within five minutes")
  func lastUsed() async throws {
    let (_, tokens, authenticator) = try setting()
    let secret = try await tokens.create(user: "ada", name: "n").secret.reveal()
    #expect(await failure(authenticator, "Bearer \(secret)") == nil)
    let first = clock.seconds
    let running = Task { await authenticator.run() }
    running.cancel()
    await running.value
    #expect(try await tokens.list().first?.lastUsed == first)
  }

  @Test("refuses disabled users and, if told to, unlisted ones, without saying that it is for the user")
  func users() async throws {
    let (_, tokens, authenticator) = try setting(UserDirectory(users: ["ada": .init(isDisabled: true)]))
    let ada = "Bearer " + (try await tokens.create(user: "ada", name: "n").secret.reveal())
    let bob = "Bearer " + (try await tokens.create(user: "bob", name: "n").secret.reveal())
    #expect(await failure(authenticator, ada) == .invalid)
    #expect(await failure(authenticator, bob) == nil)
    authenticator.update(directory: UserDirectory(users: ["ada": .init()], admitsUnlistedUsers: false))
    #expect(await failure(authenticator, ada) == nil)
    #expect(await failure(authenticator, bob) == .invalid)
  }

  @Test("keeps working when more credentials come than it remembers")
  func capacity() async throws {
    let store = try SQLiteStore(directory: directory.path)
    let tokens = APITokens(store: store, clock: clock.clock)
    let authenticator = try Authenticator(store: store, capacity: 4, clock: clock.clock)
    var secrets: [String] = []
    for index in 0..<12 { secrets.append(try await tokens.create(user: "u\(index)", name: "n").secret.reveal()) }
    for _ in 0..<3 {
      for (index, secret) in secrets.enumerated() {
        #expect(try await authenticator.authenticate(authorization: "Bearer \(secret)").id == "u\(index)")
      }
    }
  }
}
