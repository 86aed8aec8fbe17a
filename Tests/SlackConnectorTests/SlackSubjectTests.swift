import ConnectorKit
import ConnectorTesting
import JSON
import MCP
import MCPHTTP
import SlackConnector
import Synchronization
import Testing

@Suite("In whose name Slack is asked")
struct SlackSubjectTests {
  private func test(script: (VendorDouble) -> Void = { _ in }) async throws -> SlackTest {
    let secrets = try TestSecrets()
    let users: JSONValue = [
      "ada": .string(try secrets.reference("ada", "xoxp-token-of-ada")), "bob": .string(try secrets.reference("bob", "xoxp-token-of-bob")),
    ]
    return try await SlackTest(["act_as": "caller", "token": .null, "users": users], governed: true, secrets: secrets, script: script)
  }

  @Test("Each person's requests carry that person's token")
  func tokens() async throws {
    let test = try await test()
    for person in ["ada", "bob", "ada"] { _ = try await test.slack.structured("list_users", as: person) }
    #expect(test.requests("users.list").map { $0.header("Authorization") } == ["ada", "bob", "ada"].map { "Bearer xoxp-token-of-\($0)" })
  }

  @Test("Who has no token, and who does not say who they are, get no one else's")
  func noToken() async throws {
    let test = try await test()
    #expect(try await test.slack.failure("list_users", as: "eve").contains("no Slack credential for eve"))
    #expect(try await test.slack.failure("list_users").contains("in whose name"))
    #expect(test.vendor.requests.isEmpty)
  }

  @Test("What one person may see is not remembered for another")
  func directory() async throws {
    let test = try await test { vendor in
      vendor.always("GET", "/api/conversations.info") { request in
        request.header("Authorization") == "Bearer xoxp-token-of-ada"
          ? .json(["ok": true, "channel": ["id": "C0EXECPLANS", "name": "exec-plans", "is_private": true]]) : .json(["ok": false, "error": "channel_not_found"])
      }
      vendor.always("GET", "/api/conversations.list") { request in
        let channels: JSONValue = request.header("Authorization") == "Bearer xoxp-token-of-ada" ? [["id": "C0EXECPLANS", "name": "exec-plans", "is_private": true]] : []
        return .json(["ok": true, "channels": channels])
      }
      vendor.always("GET", "/api/conversations.history", messages([["ts": "1.0", "user": "U0PERSON1", "text": "hi"]]))
      vendor.always("GET", "/api/users.info") { request in
        let name = request.header("Authorization")?.split(separator: "-").last.map(String.init) ?? ""
        return .json(["ok": true, "user": ["id": "U0PERSON1", "profile": ["display_name": .string("known to " + name)]]])
      }
    }
    let own = try await test.slack.structured("get_channel_history", ["channel": "C0EXECPLANS"], as: "ada")
    #expect(own["messages"]?[0]?["author_name"] == "known to ada")
    for name in ["C0EXECPLANS", "exec-plans"] {
      #expect(try await test.slack.failure("get_channel_history", ["channel": .string(name)], as: "bob").contains("may not be seen"))
    }
    #expect(test.requests("conversations.history").count == 1)
    #expect(try await test.slack.complete(.prompt("summarize_channel", argument: "channel"), "exec", as: "bob").isEmpty)
  }

  @Test("A missing sign-in is asked for, done at Slack, and the work goes on with the token that it gave")
  func signIn() async throws {
    let holder = Mutex<ConnectorUnderTest<SlackConnector>?>(nil)
    let seen = Mutex<[String]>([])
    let handlers = ClientHandlers(url: { question in
      seen.withLock { $0.append(question.url) }
      guard let slack = holder.withLock({ $0 }), let state = question.url.split(separator: "=").last.map(String.init) else { return ElicitationResult(.decline) }
      let page = try await slack.route(.get, "/sign-in", query: ["state": state])
      #expect(page.status == 200 && page.body.contains("Slack"))
      let redirect = try await slack.route(.get, "/sign-in", query: ["state": state, "go": "1"])
      #expect(
        redirect.status == 302 && redirect.location?.contains("/authorize?") == true && redirect.location?.contains("scope=channels%3Aread%2Cgroups%3Aread") == true)
      let reply = try await slack.route(.get, "/callback", query: ["state": state, "code": "code-of-the-browser"])
      return ElicitationResult(reply.status == 200 ? .accept : .decline)
    })
    let secrets = try TestSecrets()
    for text in ["xoxp-granted-to-ada", "xoxe-refresh-of-ada"] { secrets.guardText(text) }
    let vendor = try await VendorDouble()
    let oauth: JSONValue = [
      "client_id": "1.2", "client_secret": .string(try secrets.reference("client", "the-client-secret")), "authorize_url": .string(vendor.url + "/authorize"),
    ]
    let test = try await SlackTest(
      ["act_as": "caller", "token": .null, "oauth": oauth], governed: true, publicURL: "https://sluice.example/connectors/slack", handlers: handlers, secrets: secrets
    ) { vendor in
      vendor.on(
        "POST", "/api/oauth.v2.user.access",
        .json([
          "ok": true, "access_token": "xoxp-granted-to-ada", "refresh_token": "xoxe-refresh-of-ada", "expires_in": 43_200, "token_type": "user",
          "scope": "channels:read", "team": ["id": "T0TEAM123"],
        ]), .json(["ok": false, "error": "invalid_code"]))
    }
    holder.withLock { $0 = test.slack }
    _ = try await test.slack.structured("list_users", as: "ada")
    #expect(seen.withLock(\.count) == 1)
    #expect(test.requests("users.list").map { $0.header("Authorization") } == ["Bearer xoxp-granted-to-ada"])
    let form = Dictionary(try #require(test.requests("oauth.v2.user.access").first).form.map { ($0.name, $0.value) }) { $1 }
    #expect(form["code"] == "code-of-the-browser" && form["client_id"] == "1.2" && form["redirect_uri"] == "https://sluice.example/connectors/slack/callback")
    #expect(form["code_verifier"]?.isEmpty == false && form["grant_type"] == "authorization_code")
    if SharedData.isPresent { try SlackReference.methods.expectValid(test.requests("oauth.v2.user.access")) }
    // Nobody else's request is done with it.
    _ = try await test.slack.client.callTool("get_workspace", [:], options: RequestOptions(meta: [MetaKey.caller: "ada"]))
    #expect(seen.withLock(\.count) == 1)
    #expect(try await test.slack.failure("list_users", as: "bob").contains("declined"))
    #expect(test.requests("users.list").count == 1)
    holder.withLock { $0 = nil }
  }

  static let signIns: [(JSONObject, [String], [String])] = [
    (["toolsets": .null], ["channels:history", "search:read", "search:read.public"], ["chat:write", "files:write", "channels:write"]),
    (["toolsets": ["read", "messages"]], ["search:read", "chat:write", "pins:write"], ["files:write", "channels:write"]),
    (["toolsets": ["messages"]], ["chat:write", "channels:read", "users:read"], ["search:read", "channels:history"]),
    (["toolsets": ["all"]], ["search:read", "chat:write", "files:write", "channels:write"], ["channels:manage", "channels:join"]),
    (["toolsets": ["all"], "read_only": true], ["search:read"], ["chat:write", "files:write", "channels:write"]),
  ]

  @Test("People are asked for the scopes of the toolsets that are on, search among them, and for no others", arguments: signIns)
  func scopes(_ settings: JSONObject, _ asked: [String], _ others: [String]) async throws {
    let secrets = try TestSecrets()
    let people: JSONObject = [
      "act_as": "caller", "token": .null,
      "oauth": ["client_id": "1.2", "client_secret": .string(try secrets.reference("client", "the-client-secret"))],
    ]
    let test = try await SlackTest(people.merging(settings), governed: true, publicURL: "https://sluice.example/connectors/slack", secrets: secrets)
    let tool = settings["toolsets"] == ["messages"] ? "list_scheduled_messages" : "list_users"
    let state = try #require(try await test.slack.failure(tool, as: "ada").split(separator: "=").last.map(String.init))
    let page = try await test.slack.route(.get, "/sign-in", query: ["state": state, "go": "1"])
    let query = try #require(page.location?.split(separator: "&").first { $0.hasPrefix("scope=") }?.dropFirst(6))
    let scopes = Set(query.replacing("%3A", with: ":").replacing("%2C", with: ",").split(separator: ",").map(String.init))
    #expect(scopes.isSuperset(of: asked) && scopes.isDisjoint(with: others), "\(scopes.sorted())")
  }

  @Test("A bot whose tokens rotate is given new ones for its refresh token, and what Slack rotates is spent next")
  func rotation() async throws {
    let secrets = try TestSecrets()
    for text in ["xoxe.xoxb-the-first", "xoxe.xoxb-the-second", "xoxe.xoxb-the-third", "xoxe-1-the-second", "xoxe-1-the-third"] { secrets.guardText(text) }
    let oauth: JSONValue = [
      "client_id": "1.2", "client_secret": .string(try secrets.reference("client", "the-client-secret")),
      "refresh_token": .string(try secrets.reference("refresh", "xoxe-1-the-first")),
    ]
    let time = VirtualTime()
    let test = try await SlackTest(["token": .null, "oauth": oauth], time: time, secrets: secrets) { vendor in
      vendor.on(
        "POST", "/api/oauth.v2.access",
        .json(["ok": true, "access_token": "xoxe.xoxb-the-first", "refresh_token": "xoxe-1-the-second", "expires_in": 43_200, "token_type": "bot"]),
        .json(["ok": true, "access_token": "xoxe.xoxb-the-second", "refresh_token": "xoxe-1-the-third", "expires_in": 43_200, "token_type": "bot"]),
        .json(["ok": false, "error": "invalid_refresh_token"]),
        .json(["ok": true, "access_token": "xoxe.xoxb-the-third", "refresh_token": "xoxe-1-the-fifth", "expires_in": 43_200, "token_type": "bot"]))
    }
    #expect(test.slack.connector.routes.isEmpty)
    for _ in 0..<2 { _ = try await test.slack.structured("list_users") }
    time.advance(43_200)
    _ = try await test.slack.structured("list_users")
    #expect(test.requests("users.list").map { $0.header("Authorization") } == ["first", "first", "second"].map { "Bearer xoxe.xoxb-the-\($0)" })
    // Slack was told to forget it, and an administrator has put another in its place.
    _ = try secrets.reference("refresh", "xoxe-1-the-fourth")
    time.advance(43_200)
    _ = try await test.slack.structured("list_users")
    #expect(test.requests("users.list").last?.header("Authorization") == "Bearer xoxe.xoxb-the-third")
    let forms = test.requests("oauth.v2.access").map { Dictionary($0.form.map { ($0.name, $0.value) }) { $1 } }
    #expect(forms.map { $0["refresh_token"] } == ["first", "second", "third", "fourth"].map { "xoxe-1-the-\($0)" })
    #expect(forms.allSatisfy { $0["grant_type"] == "refresh_token" && $0["client_id"] == "1.2" && $0["client_secret"] == "the-client-secret" })
    if SharedData.isPresent { try SlackReference.methods.expectValid(test.requests("oauth.v2.access")) }
    #expect(await test.slack.connector.check().contains { $0.level == .ok && $0.message.contains("signed in") })
  }

  private static let client: JSONObject = ["client_id": "1.2", "client_secret": "${env:SLACK_CLIENT_SECRET}"]

  private static func oauth(_ more: JSONObject = JSONObject()) -> JSONValue {
    .object(client.merging(more))
  }

  static let mixtures: [(JSONObject, String)] = [
    (["oauth": oauth(["refresh_token": "${env:R}"])], "token: is not used together with oauth"),
    (["token": .null, "users": ["ada": "${env:A}"], "act_as": "caller", "oauth": oauth()], "users: is not used together with oauth"),
    (["token": .null, "oauth": oauth()], "oauth.refresh_token: is needed"),
    (["token": .null, "oauth": oauth(["refresh_token": "${env:R}", "scopes": ["users:read"]])], "oauth.scopes: is for people who sign in"),
    (["token": .null, "act_as": "caller", "oauth": oauth(["refresh_token": "${env:R}"])], "oauth.refresh_token: is the bot's own"),
    (["token": .null, "act_as": "caller", "oauth": oauth()], "signing in needs HTTP"),
  ]

  @Test("Ways to tokens that exclude each other are an error that says which to remove, and not one that counts in silence", arguments: mixtures)
  func mixture(_ settings: JSONObject, _ words: String) async throws {
    do {
      _ = try await SlackTest(settings)
      Issue.record("\(words) was not said")
    } catch { #expect("\(error)".contains(words), "\(error)") }
  }

  @Test("A client that cannot be asked is told the page")
  func withoutElicitation() async throws {
    let secrets = try TestSecrets()
    let oauth: JSONValue = ["client_id": "1.2", "client_secret": .string(try secrets.reference("client", "the-client-secret"))]
    let test = try await SlackTest(
      ["act_as": "caller", "token": .null, "oauth": oauth], governed: true, publicURL: "https://sluice.example/connectors/slack", secrets: secrets)
    #expect(try await test.slack.failure("list_users", as: "ada").contains("https://sluice.example/connectors/slack/sign-in?state="))
  }

  @Test(
    "Settings that cannot work say which key is wrong",
    arguments: [
      (["token": .null], "token"), (["token": "xoxb-written-out"], "token"), (["channels": ["allowed": ["x"]]], "channels.allowed"),
      (["base_url": "http://slack.example/api"], "base_url"),
      (["toolsets": ["none"]], "toolsets"), (["history_limit": ["per_minute": 0]], "history_limit.per_minute"), (["acts_as": "caller"], "acts_as"),
      (["oauth": ["client_id": "1.2"]], "client_secret"), (["team_id": "acme"], "team_id"), (["team_id": "E0ORG12345"], "team_id"),
    ] as [(JSONObject, String)])
  func settings(_ settings: JSONObject, _ key: String) async throws {
    do {
      _ = try await SlackTest(settings)
      Issue.record("\(key) was taken")
    } catch { #expect("\(error)".contains(key) && !"\(error)".contains("written-out")) }
  }

  @Test("The check tells who is signed in, and which scopes are missing")
  func check() async throws {
    let test = try await SlackTest { vendor in
      vendor.always(
        "POST", "/api/auth.test",
        .json(["ok": true, "team": "Acme", "user": "sluice"], headers: [("X-OAuth-Scopes", "channels:read,chat:write,im:write,reactions:write")]))
      vendor.always("GET", "/api/users.list", .json(["ok": false, "error": "missing_scope", "needed": "users:read"]))
    }
    let findings = await test.slack.connector.check()
    #expect(findings.contains { $0.level == .ok && $0.message.contains("Acme") })
    #expect(findings.contains { $0.level != .ok && "\($0)".contains("users:read") })
    #expect(!findings.contains { $0.level != .ok && "\($0)".contains("chat:write") })
    let refused = try await SlackTest { $0.always("POST", "/api/auth.test", .json(["ok": false, "error": "invalid_auth"])) }
    #expect(await refused.slack.connector.check().contains { $0.level == .failure && $0.remedy != nil })
  }

  @Test("The check tries the token of each person, and says whose will not do")
  func checkPeople() async throws {
    let test = try await test { vendor in
      vendor.always("POST", "/api/auth.test") { request in
        request.header("Authorization") == "Bearer xoxp-token-of-ada"
          ? .json(["ok": true, "team": "Acme", "user": "ada"], headers: [("X-OAuth-Scopes", "channels:read,users:read,search:read.public")])
          : .json(["ok": false, "error": "token_revoked"])
      }
    }
    let findings = await test.slack.connector.check()
    #expect(findings.contains { $0.level == .ok && $0.message.contains("ada: signed in to Acme") })
    #expect(findings.contains { $0.level == .ok && $0.message.contains("ada: a scope for search") })
    #expect(findings.contains { $0.level == .failure && $0.message.contains("bob") && $0.remedy?.contains("users.bob") == true })
    #expect(!findings.contains { $0.message.contains("the app") })
  }

  @Test("The check says that search needs a person's token, though all other scopes are there")
  func checkSearch() async throws {
    let scopes =
      "channels:read,groups:read,im:read,mpim:read,channels:history,groups:history,im:history,mpim:history,users:read,users:read.email,"
      + "users.profile:read,usergroups:read,team:read,reactions:read,pins:read,bookmarks:read,files:read,canvases:read"
    let test = try await SlackTest(["toolsets": ["read"]]) { vendor in
      vendor.always(
        "POST", "/api/auth.test", .json(["ok": true, "team": "Acme", "user": "sluice", "bot_id": "B0BOT1234"], headers: [("X-OAuth-Scopes", scopes)]))
    }
    let findings = await test.slack.connector.check()
    #expect(findings.contains { $0.level == .ok && $0.message.contains("all scopes of the toolset read") })
    #expect(findings.contains { $0.level == .warning && $0.message.contains("search_messages") && $0.remedy?.contains("act_as: caller") == true })
    #expect(findings.filter { $0.level != .ok }.count == 1, "\(findings)")
  }
}
