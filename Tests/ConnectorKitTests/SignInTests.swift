import ConnectorKit
import ConnectorTesting
import Crypto
import JSON
import MCP
import MCPAuth
import MCPHTTP
import NIOCore
import Secrets
import Synchronization
import Testing

@Suite("Signing in at a vendor in a browser")
struct SignInTests {
  let time = VirtualTime()
  let signIn: SignIn
  let endpoint: VendorDouble
  let credentials: TokenCredentials
  let routes: [ConnectorRoute]

  init() async throws {
    let endpoint = try await VendorDouble()
    endpoint.always("POST", "/token", .json(["access_token": "granted", "scope": "repo,read:org"]))
    self.endpoint = endpoint
    signIn = SignIn(
      SignIn.Configuration(
        vendor: "Vendor <b>", authorizationEndpoint: try #require(HTTPURL("https://vendor.example/authorize")), clientID: "client", scopes: ["repo", "read:org"]),
      publicURL: "https://sluice.example/connectors/kit", key: SymmetricKey(size: .bits256), time: time.vendorTime)
    let grant = OAuthGrant(
      vendor: "Vendor", endpoint: try #require(HTTPURL(endpoint.url + "/token")), kind: .refreshToken(), client: .publicClient(id: "client"),
      http: ConnectorTestingHTTP.client, time: time.vendorTime)
    let credentials = TokenCredentials(connector: "kit", grant: grant, state: InMemoryConnectorState(), time: time.vendorTime)
    self.credentials = credentials
    routes = signIn.routes { code, subject, redirect, verifier throws(VendorError) in
      try await credentials.adopt(try await grant.token(for: subject, code: code, redirectURI: redirect, verifier: verifier), for: subject)
    }
  }

  private func ask(_ path: String, _ query: [String: String]) async throws -> RouteReply {
    try await #require(routes.first { $0.path == path }).respond(RouteRequest(query: query))
  }

  private func state(of user: String) throws -> String {
    let link = try #require(signIn.link(for: .user(user)))
    #expect(link.hasPrefix("https://sluice.example/connectors/kit/sign-in?state="))
    return String(try #require(link.split(separator: "=").last))
  }

  private func query(of location: String?) throws -> [String: String] {
    let parts = try #require(location).split(separator: "?")
    return Dictionary(PercentText.fields(String(parts[1])).map { ($0.name, $0.value) }) { $1 }
  }

  @Test("A link asks whose account it is, leads to the vendor, and its code is spent with the verifier of the challenge")
  func flow() async throws {
    let state = try state(of: "ada")
    let page = try await ask("/sign-in", ["state": state])
    #expect(page.status == 200 && page.body.contains("to ada") && page.body.contains("Vendor &lt;b&gt;") && page.location == nil)
    let redirect = try await ask("/sign-in", ["state": state, "go": "1"])
    #expect(redirect.status == 302)
    let query = try query(of: redirect.location)
    #expect(query["client_id"] == "client" && query["response_type"] == "code" && query["scope"] == "repo read:org" && query["code_challenge_method"] == "S256")
    #expect(query["redirect_uri"] == signIn.redirectURI)

    let done = try await ask("/callback", ["state": try #require(query["state"]), "code": "the-code"])
    #expect(done.status == 200)
    let sent = try #require(endpoint.requests.first)
    let form = Dictionary(sent.form.map { ($0.name, $0.value) }) { $1 }
    #expect(form["grant_type"] == "authorization_code" && form["code"] == "the-code" && form["redirect_uri"] == signIn.redirectURI)
    let challenge = Base64.encode(Array(SHA256.hash(data: Array(try #require(form["code_verifier"]).utf8))), urlSafe: true)
    #expect(challenge == query["code_challenge"])
    #expect(try await credentials.token(for: .user("ada")).accessToken.reveal() == "granted")
    #expect(try await credentials.token(for: .user("ada")).scopes == ["repo", "read:org"])
  }

  @Test("A link works once")
  func once() async throws {
    let state = try state(of: "ada")
    #expect(try await ask("/callback", ["state": state, "code": "one"]).status == 200)
    #expect(try await ask("/callback", ["state": state, "code": "two"]).status == 400)
    #expect(endpoint.requests.count == 1)
  }

  @Test("A link that is too old, altered or of another connector is not taken")
  func invalid() async throws {
    let state = try state(of: "ada")
    var altered = Array(state.utf8)
    altered[altered.count / 2] = altered[altered.count / 2] == 65 ? 66 : 65
    for wrong in [String(decoding: altered, as: UTF8.self), "", "AAAA"] {
      #expect(try await ask("/callback", ["state": wrong, "code": "x"]).status == 400)
      #expect(try await ask("/sign-in", ["state": wrong]).status == 400)
    }
    time.advance(601)
    #expect(try await ask("/callback", ["state": state, "code": "x"]).status == 400)
    #expect(endpoint.requests.isEmpty)
  }

  @Test("A vendor that grants nothing leaves nothing stored")
  func declined() async throws {
    let state = try state(of: "ada")
    #expect(try await ask("/callback", ["state": state, "error": "access_denied"]).status == 400)
    let error = await vendorError { () async throws(VendorError) in try await credentials.token(for: .user("ada")) }
    #expect(error?.code == .consentRequired)
  }

  @Test("A service has no link")
  func service() { #expect(signIn.link(for: .service) == nil) }

  @Test("A missing sign-in is a question to open the page, and the work goes on after it")
  func elicitation() async throws {
    let signedIn = Mutex(false)
    let server = Server(name: "kit", version: "1")
    server.add(
      Tool(name: "work") { call in
        try await call.answering("Vendor") {
          guard signedIn.withLock({ $0 }) else { throw VendorError(.consentRequired, "ada has not signed in.", consentURL: "https://sluice.example/sign-in?state=s") }
          return ToolResult(text: "done")
        }
      })
    let asked = Mutex<[String]>([])
    let handlers = ClientHandlers(url: { question in
      asked.withLock { $0.append(question.url) }
      signedIn.withLock { $0 = true }
      return ElicitationResult(.accept)
    })
    let result = try await Client.with(.inProcess(server), handlers: handlers) { try await $0.callTool("work") }
    #expect(result.text == "done" && !result.isError)
    #expect(asked.withLock { $0 } == ["https://sluice.example/sign-in?state=s"])
    signedIn.withLock { $0 = false }
    let without = try await Client.with(.inProcess(server)) { try await $0.callTool("work") }
    #expect(without.isError && without.text.contains("https://sluice.example/sign-in?state=s"))
  }

  @Test("Resources and prompts ask for the sign-in as tools do, and say where it is to a client that cannot be asked")
  func reading() async throws {
    let signedIn = Mutex(false)
    @Sendable func work() throws -> String {
      guard signedIn.withLock({ $0 }) else { throw VendorError(.consentRequired, "ada has not signed in.", consentURL: "https://sluice.example/sign-in?state=s") }
      return "done"
    }
    let server = Server(name: "kit", version: "1")
    server.add(Resource(uri: "kit://a", name: "a") { read in try await read.reading { .text(try work()) } })
    server.add(Prompt(name: "p") { get in try await get.reading { PromptResult([.user(try work())]) } })
    func contents(_ client: Client, _ isPrompt: Bool) async throws(ClientError) -> Content? {
      if isPrompt { return try await client.getPrompt("p").messages.first?.content }
      guard case .text(let text)? = try await client.readResource("kit://a").contents.first?.body else { return nil }
      return .text(text)
    }
    for isPrompt in [false, true] {
      signedIn.withLock { $0 = false }
      let declines = ClientHandlers(url: { _ in ElicitationResult(.decline) })
      let declined = try await failure(declines, server) { client async throws(ClientError) in try await contents(client, isPrompt) }
      #expect(declined.contains("declined"), "\(declined)")
      let unasked = try await failure(ClientHandlers(), server) { client async throws(ClientError) in try await contents(client, isPrompt) }
      #expect(unasked.contains("ada has not signed in.") && unasked.contains("https://sluice.example/sign-in?state=s"), "\(unasked)")
      let asked = Mutex<[String]>([])
      let accepts = ClientHandlers(url: { question in
        asked.withLock { $0.append(question.url) }
        signedIn.withLock { $0 = true }
        return ElicitationResult(.accept)
      })
      let found = try await Client.with(.inProcess(server), handlers: accepts) { try await contents($0, isPrompt) }
      #expect(found == .text("done"))
      #expect(asked.withLock { $0 } == ["https://sluice.example/sign-in?state=s"])
    }
  }

  /// The message of a request that must fail.
  private func failure(_ handlers: ClientHandlers, _ server: Server, _ work: (Client) async throws(ClientError) -> some Any) async throws -> String {
    try await Client.with(.inProcess(server), handlers: handlers) { client in
      do throws(ClientError) {
        _ = try await work(client)
        return "nothing failed"
      } catch { return error.description }
    }
  }
}
