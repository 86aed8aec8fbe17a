import Foundation
import MCPAuth
import MCPHTTP
import Testing

@Suite("Token stores")
struct TokenStoreTests {
  private final class Directory: Sendable {
    let path: String
    init() throws {
      let url = FileManager.default.temporaryDirectory.appending(path: "tokens-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      path = url.path()
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  private func set(_ issuer: String, _ subject: String = "", token: String = "t") -> TokenSet {
    TokenSet(
      key: TokenKey(issuer: issuer, resource: "https://mcp.example/mcp", subject: subject), accessToken: Secret(token), kind: .dpop, expires: 7,
      refreshToken: Secret("r \"é\""), scopes: ["a", "b"], clientID: "c", proofKeyThumbprint: "k")
  }

  private func check(_ store: any TokenStore, again: () -> any TokenStore) async throws {
    let resource = "https://mcp.example/mcp"
    let (one, two, other) = (set("https://one.example"), set("https://two.example"), set("https://one.example", "bob"))
    #expect(try await store.latestTokens(resource: resource, subject: "") == nil)
    for tokens in [one, two, other] { try await store.save(tokens) }
    let client = RegisteredClient(id: "id", secret: Secret("s"), method: .post, redirectURI: "http://127.0.0.1/cb", secretExpires: 9)
    try await store.save(client, issuedBy: "https://one.example")
    let store = again()
    #expect(try await store.latestTokens(resource: resource, subject: "") == two)
    #expect(try await store.latestTokens(resource: resource, subject: "bob") == other)
    #expect(try await store.tokens(for: one.key) == one)
    #expect(try await store.client(issuedBy: "https://one.example") == client)
    #expect(try await store.client(issuedBy: "https://two.example") == nil)
    try await store.save(set("https://one.example", token: "new"))
    #expect(try await store.latestTokens(resource: resource, subject: "")?.accessToken.reveal() == "new")
    try await store.removeTokens(for: one.key)
    try await store.save(nil, issuedBy: "https://one.example")
    #expect(try await store.tokens(for: one.key) == nil)
    #expect(try await store.client(issuedBy: "https://one.example") == nil)
  }

  @Test("keep tokens by issuer, resource and subject, and clients by issuer: memory")
  func memory() async throws {
    let store = InMemoryTokenStore()
    try await check(store) { store }
  }

  @Test("keep tokens by issuer, resource and subject, and clients by issuer: file")
  func file() async throws {
    let directory = try Directory()
    let path = directory.path + "/tokens.json"
    try await check(FileTokenStore(path: path)) { FileTokenStore(path: path) }
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  @Test("refuse a file that others can read, or that is damaged")
  func refusals() async throws {
    let directory = try Directory()
    let path = directory.path + "/tokens.json"
    let store = FileTokenStore(path: path)
    try await store.save(set("https://one.example"))
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    await #expect(throws: OAuthError.self) { try await store.latestTokens(resource: "r", subject: "") }
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    try Data("{".utf8).write(to: URL(filePath: path))
    await #expect(throws: OAuthError.self) { try await store.save(self.set("https://two.example")) }
    await #expect(throws: OAuthError.self) { try await FileTokenStore(path: "/nonexistent/tokens.json").save(self.set("i")) }
  }

  @Test("lose nothing when several write at once")
  func concurrency() async throws {
    let directory = try Directory()
    let path = directory.path + "/tokens.json"
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<20 { group.addTask { try await FileTokenStore(path: path).save(self.set("https://i\(index).example")) } }
      try await group.waitForAll()
    }
    for index in 0..<20 {
      let found = try await FileTokenStore(path: path).tokens(for: set("https://i\(index).example").key)
      #expect(found != nil)
    }
  }
}
