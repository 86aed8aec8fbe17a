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
      (["oauth": ["client_id": "1.2"]], "client_secret"),
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
}
