import ConnectorKit
import ConnectorTesting
import Crypto
import CryptoExtras
import GitHubConnector
import JSON
import MCP
import MCPAuth
import MCPHTTP
import Synchronization
import Testing

@Suite("Credentials for GitHub")
struct GrantTests {
  private static let key = try? _RSA.Signing.PrivateKey(keySize: .bits2048)

  @Test("A GitHub App signs for itself, acts as its installation, and renews before the hour is over")
  func app() async throws {
    let key = try #require(Self.key)
    let time = VirtualTime(isFrozen: true)
    let fixture = try await GitHubFixture(time: time) { secrets, settings in
      settings["app"] = ["id": "Iv1.app", "installation": 42, "private_key": .string(try secrets.reference("app.pem", key.pemRepresentation))]
    }
    let start = time.seconds
    let grants = Mutex(0)
    fixture.vendor.always("POST", "/app/installations/42/access_tokens") { _ in
      let number = grants.withLock { count in
        count += 1
        return count
      }
      // 2026-11-29T22:26:40Z is 1795991200.
      return .json(["token": .string("ghs_installation_\(number)"), "expires_at": number == 1 ? "2026-11-29T22:26:40Z" : "2026-11-29T23:26:40Z"], status: 201)
    }
    fixture.vendor.always("GET", "/user", .json(["login": "app[bot]"]))
    fixture.secrets.guardText("ghs_installation_1")
    _ = try await fixture.github.structured("get_me")
    _ = try await fixture.github.structured("get_me")
    #expect(grants.withLock { $0 } == 1)
    #expect(fixture.vendor.requests.last?.header("Authorization") == "Bearer ghs_installation_1")

    let assertion = try #require(fixture.vendor.requests.first?.header("Authorization")?.split(separator: " ").last.map(String.init))
    let parts = assertion.split(separator: ".").map(String.init)
    func object(_ part: String) throws -> JSONValue { try JSONValue(parsing: String(decoding: try #require(Base64.decode(part, urlSafe: true)), as: UTF8.self)) }
    #expect(try object(parts[0])["alg"] == "RS256")
    let claims = try object(parts[1])
    #expect(claims["iss"] == "Iv1.app" && claims["iat"]?.int == Int(start) - 60)
    #expect((claims["exp"]?.int ?? 0) - (claims["iat"]?.int ?? 0) <= 600)
    let signature = _RSA.Signing.RSASignature(rawRepresentation: try #require(Base64.decode(parts[2], urlSafe: true)))
    #expect(key.publicKey.isValidSignature(signature, for: SHA256.hash(data: Array("\(parts[0]).\(parts[1])".utf8)), padding: .insecurePKCS1v1_5))

    time.advance(1_795_991_200 - 30 - time.seconds)
    _ = try await fixture.github.structured("get_me")
    #expect(grants.withLock { $0 } == 2)
  }

  @Test("An installation that there is not is said, and no key in the words")
  func appRefused() async throws {
    let key = try #require(Self.key)
    let fixture = try await GitHubFixture { secrets, settings in
      settings["app"] = ["id": "1", "installation": 42, "private_key": .string(try secrets.reference("app.pem", key.pemRepresentation))]
    }
    #expect(try await fixture.github.failure("get_me").contains("no installation 42"))
  }

  @Test("Each person's requests go out with that person's token, and nobody's without one")
  func perPerson() async throws {
    let fixture = try await GitHubFixture(isGoverned: true) { secrets, settings in
      settings["tokens"] = ["ada": .string(try secrets.reference("ada", "ghp_token_of_ada")), "bob": .string(try secrets.reference("bob", "ghp_token_of_bob"))]
    }
    PlausibleGitHub.answer(all: fixture.vendor)
    for who in ["ada", "bob", "ada"] { _ = try await fixture.github.structured("get_me", as: who) }
    #expect(fixture.vendor.requests.map { $0.header("Authorization") } == ["Bearer ghp_token_of_ada", "Bearer ghp_token_of_bob", "Bearer ghp_token_of_ada"])
    _ = try await fixture.github.failure("get_me", as: "eve")
    _ = try await fixture.github.failure("get_me")
    #expect(fixture.vendor.requests.count == 3)
  }

  private func oauth(_ fixture: GitHubFixture) { PlausibleGitHub.answer(all: fixture.vendor) }

  @Test("Who has not signed in is asked to, in a browser; after that the call goes on with the token that was granted")
  func webFlow() async throws {
    let opened = Mutex<String?>(nil)
    let vendor = Mutex<ConnectorUnderTest<GitHubConnector>?>(nil)
    let handlers = ClientHandlers(url: { question in
      opened.withLock { $0 = question.url }
      guard let github = vendor.withLock({ $0 }) else { return ElicitationResult(.decline) }
      let state = String(question.url.split(separator: "=").last ?? "")
      let reply = try await github.route(.get, "/sign-in", query: ["state": state, "go": "1"])
      #expect(reply.status == 302 && reply.location?.contains("/login/oauth/authorize") == true && reply.location?.contains("code_challenge_method=S256") == true)
      #expect(try await github.route(.get, "/callback", query: ["state": state, "code": "the-code"]).status == 200)
      return ElicitationResult(.accept)
    })
    let fixture = try await GitHubFixture(isGoverned: true, publicURL: "https://sluice.example/connectors/github", handlers: handlers) { secrets, settings in
      settings["oauth"] = ["client_id": "Iv1.client", "client_secret": .string(try secrets.reference("client", "client-secret-text")), "scopes": ["repo", "read:org"]]
    }
    vendor.withLock { $0 = fixture.github }
    fixture.vendor.always(
      "POST", "/login/oauth/access_token", .json(["access_token": "ghu_token_of_ada", "refresh_token": "ghr_refresh_of_ada", "expires_in": 28_800, "scope": "repo"]))
    PlausibleGitHub.answer(all: fixture.vendor)
    fixture.secrets.guardText("ghu_token_of_ada")
    fixture.secrets.guardText("ghr_refresh_of_ada")
    _ = try await fixture.github.structured("get_me", as: "ada")
    #expect(opened.withLock { $0 }?.hasPrefix("https://sluice.example/connectors/github/sign-in?state=") == true)
    let exchange = try #require(fixture.vendor.requests.first { $0.path == "/login/oauth/access_token" })
    let form = Dictionary(exchange.form.map { ($0.name, $0.value) }) { $1 }
    #expect(form["code"] == "the-code" && form["client_id"] == "Iv1.client" && form["client_secret"] == "client-secret-text" && form["code_verifier"]?.isEmpty == false)
    #expect(fixture.vendor.requests.last?.header("Authorization") == "Bearer ghu_token_of_ada")
    vendor.withLock { $0 = nil }
    // Another person is asked for herself.
    #expect(try await fixture.github.failure("get_me", as: "bob").contains("declined"))
  }

  @Test("A sign-in that one replica began ends at another, or after a restart")
  func replicas() async throws {
    let opened = Mutex<String?>(nil)
    let handlers = ClientHandlers(url: { question in
      opened.withLock { $0 = question.url }
      return ElicitationResult(.decline)
    })
    let fixture = try await GitHubFixture(isGoverned: true, publicURL: "https://sluice.example/connectors/github", handlers: handlers) { secrets, settings in
      settings["oauth"] = ["client_id": "Iv1.client", "client_secret": .string(try secrets.reference("client", "client-secret-text"))]
    }
    fixture.vendor.always(
      "POST", "/login/oauth/access_token", .json(["access_token": "ghu_token_of_ada", "refresh_token": "ghr_refresh_of_ada", "expires_in": 28_800]))
    PlausibleGitHub.answer(all: fixture.vendor)
    _ = try await fixture.github.failure("get_me", as: "ada")
    let state = try #require(opened.withLock { $0 }?.split(separator: "=").last.map(String.init))

    func reply(_ environment: ConnectorEnvironment, _ path: String, _ query: [String: String]) async throws -> RouteReply {
      let replica = try GitHubConnector(ConnectorSettings(fixture.settings, path: "upstreams.github"), environment)
      let route = try #require(replica.routes.first { $0.path == path })
      return await route.respond(RouteRequest(query: query))
    }
    var foreign = fixture.github.environment
    foreign.signInKey = SymmetricKey(size: .bits256)
    #expect(try await reply(foreign, "/sign-in", ["state": state, "go": "1"]).status == 400)
    #expect(try await reply(fixture.github.environment, "/sign-in", ["state": state, "go": "1"]).status == 302)
    #expect(try await reply(fixture.github.environment, "/callback", ["state": state, "code": "the-code"]).status == 200)
    _ = try await fixture.github.structured("get_me", as: "ada")
    #expect(fixture.vendor.requests.last?.header("Authorization") == "Bearer ghu_token_of_ada")
  }

  @Test("A token that ends is refreshed in the middle of paging, and the new refresh token counts")
  func refreshWhilePaging() async throws {
    let fixture = try await GitHubFixture(isGoverned: true, publicURL: "https://sluice.example/connectors/github") { secrets, settings in
      settings["oauth"] = ["client_id": "c", "client_secret": .string(try secrets.reference("client", "client-secret-text"))]
    }
    let stored: JSONValue = ["access_token": "ghu_old", "refresh_token": "ghr_first", "scopes": [], "extra": [:]]
    try await fixture.github.state.set(Array(stored.text.utf8), for: "github token user:ada")
    fixture.vendor.always("POST", "/login/oauth/access_token", .json(["access_token": "ghu_new", "refresh_token": "ghr_second", "expires_in": 28_800]))
    fixture.vendor.always("GET", "/repos/octo/cat/issues") { request in
      let isNew = request.header("Authorization") == "Bearer ghu_new"
      guard request.query("page") == "2" else { return .json([], headers: [("Link", "<https://api.github.com/repos/octo/cat/issues?page=2>; rel=\"next\"")]) }
      return isNew ? .json([["number": 1, "title": "T"]]) : .json(["message": "Bad credentials"], status: 401)
    }
    let first = try await fixture.github.structured("list_issues", ["owner": "octo", "repo": "cat"], as: "ada")
    let second = try await fixture.github.structured(
      "list_issues", ["owner": "octo", "repo": "cat", "cursor": try #require(first["next_cursor"])], as: "ada")
    #expect(second["issues"]?.array?.count == 1)
    let kept = try await fixture.github.state.value(for: "github token user:ada").map { String(decoding: $0, as: UTF8.self) }
    #expect(kept?.contains("ghr_second") == true && kept?.contains("ghr_first") == false)
  }

  @Test("With a device the code is told, and the vendor is asked no more often than it wants")
  func deviceFlow() async throws {
    let fixture = try await GitHubFixture { _, settings in settings["oauth"] = ["client_id": "Iv1.client", "device": true, "scopes": ["repo"]] }
    fixture.vendor.always(
      "POST", "/login/device/code",
      .json(["device_code": "the-device-code", "user_code": "WDJB-MJHT", "verification_uri": "https://github.com/login/device", "interval": 5, "expires_in": 900]))
    fixture.vendor.on(
      "POST", "/login/oauth/access_token", .json(["error": "authorization_pending"]), .json(["error": "slow_down", "interval": 10]),
      .json(["access_token": "gho_granted_token", "scope": "repo"]))
    PlausibleGitHub.answer(all: fixture.vendor)
    fixture.secrets.guardText("gho_granted_token")
    fixture.secrets.guardText("the-device-code")
    let asked = try await fixture.github.failure("get_me")
    #expect(asked.contains("WDJB-MJHT") && asked.contains("https://github.com/login/device"))
    _ = try await fixture.github.structured("get_me")
    let polls = fixture.vendor.requests.filter { $0.path == "/login/oauth/access_token" }
    #expect(polls.count == 3 && polls[0].form.contains { $0.value == "urn:ietf:params:oauth:grant-type:device_code" })
    #expect(fixture.github.time.waits == [5, 5, 10])
    #expect(fixture.vendor.requests.last?.header("Authorization") == "Bearer gho_granted_token")
  }

  @Test("A device code that was declined or ran out begins anew")
  func deviceDeclined() async throws {
    let fixture = try await GitHubFixture { _, settings in settings["oauth"] = ["client_id": "c", "device": true] }
    fixture.vendor.always(
      "POST", "/login/device/code", .json(["device_code": "d", "user_code": "AAAA-BBBB", "verification_uri": "https://github.com/login/device", "interval": 1]))
    fixture.vendor.always("POST", "/login/oauth/access_token", .json(["error": "access_denied"]))
    _ = try await fixture.github.failure("get_me")
    #expect(try await fixture.github.failure("get_me").contains("access_denied"))
    #expect(try await fixture.github.failure("get_me").contains("AAAA-BBBB"))
  }

  private static let reading: JSONObject = [
    "contents": "read", "issues": "read", "pull_requests": "read", "actions": "read", "discussions": "read", "checks": "read", "statuses": "read",
  ]

  /// What an installation has, and of which toolsets the check says what.
  static let installed: [(JSONObject, toolsets: [String], failures: [String], warnings: [String])] = [
    (reading, ["repos", "git", "issues", "pull_requests", "actions", "discussions"], [], []),
    ([:], ["repos", "issues", "actions_write"], ["repos: contents: read", "issues: issues: read", "actions_write: actions: write"], []),
    (
      reading, ["pull_requests_write", "repos_write"],
      [
        "repos_write: contents: write, administration: write, workflows: write", "pull_requests_write: contents: write, pull_requests: write",
      ], []
    ),
    (["contents": "write", "administration": "admin", "workflows": "write"], ["repos_write", "repos"], [], []),
    (
      ["security_events": "write", "members": "read"], ["context", "security"], [],
      ["context: administration: read", "security: repository_advisories: read, secret_scanning_alerts: read, vulnerability_alerts: read"]
    ),
    (["pull_requests": "read"], ["pull_requests"], [], ["pull_requests: checks: read, statuses: read"]), ([:], ["gists", "stars"], [], ["gists fail", "stars fail"]),
  ]

  @Test("A check of an app names every toolset for which the installation lacks permissions, and which", arguments: installed)
  func appPermissions(_ granted: JSONObject, _ toolsets: [String], _ failures: [String], _ warnings: [String]) async throws {
    let key = try #require(Self.key)
    let fixture = try await GitHubFixture(["toolsets": .array(toolsets.map { .string($0) })]) { secrets, settings in
      settings["app"] = ["id": "1", "installation": 42, "private_key": .string(try secrets.reference("app.pem", key.pemRepresentation))]
    }
    fixture.secrets.guardText("ghs_installation")
    fixture.vendor.always("POST", "/app/installations/42/access_tokens", .json(["token": "ghs_installation", "permissions": .object(granted)], status: 201))
    fixture.vendor.always("GET", "/installation/repositories", .json(["total_count": 3, "repositories": []]))
    let findings = await fixture.github.connector.check()
    #expect(findings.first?.level == .ok && findings.first?.message.contains("3 repositories") == true)
    for (level, expected) in [(ConnectorFinding.Level.failure, failures), (.warning, warnings)] {
      let found = findings.filter { $0.level == level }
      #expect(found.count == expected.count && zip(found, expected).allSatisfy { $0.message.contains("toolset \($1)") && $0.remedy != nil }, "\(found)")
    }
    fixture.github.expectNoSecret(in: findings.map { "\($0)" })
  }

  @Test("A check of permissions speaks of those that GitHub's description has", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func permissionNames() async throws {
    let described = try SharedData.json("github/openapi-v1.1.4-subset.json")["components"]?["schemas"]?["app-permissions"]?["properties"]?.object
    // Later than that description (2021).
    let later: Set<String> = ["discussions", "repository_advisories"]
    let names = Set(try #require(described).map(\.name)).union(later)
    let key = try #require(Self.key)
    let fixture = try await GitHubFixture { secrets, settings in
      settings["app"] = ["id": "1", "installation": 42, "private_key": .string(try secrets.reference("app.pem", key.pemRepresentation))]
    }
    fixture.vendor.always("POST", "/app/installations/42/access_tokens", .json(["token": "ghs_installation", "permissions": [:]], status: 201))
    fixture.vendor.always("GET", "/installation/repositories", .json(["total_count": 0]))
    let messages = await fixture.github.connector.check().map(\.message)
    let said = messages.flatMap { $0.matches(of: #/([a-z_]+): (?:read|write)/#).map { String($0.1) } }
    #expect(said.count > 20 && Set(said).isSubset(of: names), "\(Set(said).subtracting(names))")
  }

  @Test("A check looks at the token of everybody who is named, and at no other")
  func namedPeople() async throws {
    let fixture = try await GitHubFixture(["toolsets": ["gists"]]) { secrets, settings in
      settings["tokens"] = ["ada": .string(try secrets.reference("ada", "ghp_token_of_ada")), "bob": .string(try secrets.reference("bob", "ghp_token_of_bob"))]
      settings["token"] = .string(try secrets.reference("token", GitHubFixture.token))
      settings["act_as"] = "caller"
      settings["user"] = "eve"
    }
    fixture.vendor.always("GET", "/user") { request in
      request.header("Authorization")?.hasSuffix("of_ada") == true ? .json(["login": "ada-l"]) : .json(["message": "Bad credentials"], status: 401)
    }
    let findings = await fixture.github.connector.check()
    func level(_ words: String) -> ConnectorFinding.Level? { findings.first { $0.message.hasPrefix(words) }?.level }
    #expect(level("The token of ada is that of ada-l") == .ok && level("The token of bob does not work") == .failure)
    #expect(level("The token of eve is missing") == .warning)
    #expect(fixture.vendor.requests.allSatisfy { $0.header("Authorization")?.contains(GitHubFixture.token) == false })
  }

  static let wrong: [(JSONObject, String)] = [
    ([:], "upstreams.github.token: is needed, or app, or oauth"), (["token": "ghp_plain"], "upstreams.github.token: a secret is not written here"),
    (["token": "${env:X}", "oauth": ["client_id": "c"]], "give one of"), (["token": "${env:X}", "base_url": "http://ghe.example"], "base_url: expected an https URL"),
    (["token": "${env:X}", "toolsets": ["issue"]], "there is no \"issue\""), (["token": "${env:X}", "tool_sets": ["issues"]], "tool_sets: unknown key"),
    (["app": ["id": "1", "private_key": "${env:X}"]], "app.installation: is needed"), (["oauth": ["client_id": "c", "client_secret": "${env:X}"]], "public URL"),
    (["app": ["id": "1", "private_key": "${env:X}", "installation": 1], "act_as": "caller"], "act_as"),
  ]

  @Test("Settings that are wrong say which key and what would be right", arguments: wrong)
  func settings(_ values: JSONObject, _ words: String) {
    do {
      _ = try ConnectorUnderTest(GitHubConnector.self, values)
      Issue.record("\(values) was taken")
    } catch { #expect("\(error)".contains(words), "\(error)") }
  }

  @Test("A check tells whose token it is, what it lacks, and what is left")
  func check() async throws {
    let fixture = try await GitHubFixture()
    fixture.vendor.always(
      "GET", "/user",
      .json(
        ["login": "bot"],
        headers: [("X-OAuth-Scopes", "read:org, gist"), ("x-ratelimit-remaining", "4999"), ("x-ratelimit-limit", "5000"), ("x-ratelimit-reset", "1795990100")]))
    let findings = await fixture.github.connector.check()
    #expect(findings.contains { $0.level == .ok && $0.message.contains("bot") })
    #expect(findings.contains { $0.level == .failure && $0.message.contains("issues_write") && $0.remedy?.contains("repo") == true })
    #expect(findings.contains { $0.message.contains("4999 of 5000") })
    fixture.vendor.reset()
    fixture.vendor.always("GET", "/user", .json(["message": "Bad credentials"], status: 401))
    #expect(await fixture.github.connector.check().first?.level == .failure)
  }

  static let classic: [(String, [String], lacking: [String])] = [
    (
      "", ["all"],
      [
        "context", "repos", "notifications", "projects", "security", "repos_write", "issues_write", "pull_requests_write", "actions_write", "security_write",
        "notifications_write", "gists_write", "discussions_write", "projects_write", "stars_write",
      ]
    ),
    ("repo, read:org, gist, project", ["all"], []), ("repo, admin:org, read:project", ["all"], ["gists_write", "projects_write"]),
    ("repo", ["projects", "discussions"], ["projects"]), ("gist", ["gists", "gists_write"], []), ("", ["gists"], []),
    ("security_events, notifications", ["security_write", "notifications_write"], []), ("repo", ["context"], ["context"]),
  ]

  @Test("A check names every toolset for which a classic token has no scope, and warns where some of its tools work all the same", arguments: classic)
  func scopes(_ scopes: String, _ toolsets: [String], _ lacking: [String]) async throws {
    let fixture = try await GitHubFixture(["toolsets": .array(toolsets.map { .string($0) })])
    fixture.vendor.always("GET", "/user", .json(["login": "bot"], headers: [("X-OAuth-Scopes", scopes)]))
    let findings = await fixture.github.connector.check().filter { $0.level != .ok }
    #expect(findings.compactMap { $0.message.split(separator: " ").last.map { String($0.dropLast()) } } == lacking)
    let warned = findings.filter { $0.level == .warning }.map(\.message)
    #expect(warned.allSatisfy { message in [" context.", " repos.", " projects."].contains { message.hasSuffix($0) } })
    #expect(findings.allSatisfy { $0.remedy?.hasPrefix("Give it ") == true })
  }
}
