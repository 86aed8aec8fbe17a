import ConnectorKit
import ConnectorTesting
import Crypto
import JSON
import JiraConnector
import MCP
import MCPHTTP
import Synchronization
import Testing

@Suite("In whose name Jira is asked, and what it tells by itself", .timeLimit(.minutes(10)))
struct JiraSubjectTests {
  @Test("Each person's requests carry that person's token, and nobody's where there is none")
  func tokens() async throws {
    let secrets = try TestSecrets()
    let users: JSONValue = [
      "ada": .string(try secrets.reference("ada", "ada@example.com:token-of-ada")), "bob": .string(try secrets.reference("bob", "bob@example.com:token-of-bob")),
    ]
    let test = try await JiraTest(["act_as": "caller", "token": .null, "email": .null, "users": users], governed: true, secrets: secrets)
    for person in ["ada", "bob"] { _ = try await test.jira.structured("get_myself", as: person) }
    #expect(Set(test.vendor.requests.map { $0.header("Authorization") }).count == 2)
    #expect(try await test.jira.failure("get_myself", as: "eve").contains("no Jira credential for eve"))
    #expect(try await test.jira.failure("get_myself").contains("in whose name"))
    #expect(test.vendor.requests.count == 2)
  }

  /// Remembers, and what was asked of the vendor when something was.
  private actor WatchedState: ConnectorState {
    private var values: [String: [UInt8]] = [:]
    private(set) var writes: [(text: String, requests: Int)] = []
    private var count: @Sendable () -> Int = { 0 }
    private var isBroken = false

    func watch(_ count: @escaping @Sendable () -> Int) { self.count = count }
    func breakDown() { isBroken = true }
    func value(for key: String) -> [UInt8]? { values[key] }
    func set(_ value: [UInt8]?, for key: String) throws(ConnectorStateError) {
      if isBroken { throw ConnectorStateError("no space is left") }
      values[key] = value
      writes.append((String(decoding: value ?? [], as: UTF8.self), count()))
    }
  }

  private func signedIn(
    _ state: WatchedState, _ secrets: TestSecrets, cloud: JSONValue = "9e1477fd", _ others: JSONObject = JSONObject(), script: (VendorDouble) -> Void
  ) async throws -> JiraTest {
    let auth = try await VendorDouble()
    let oauth: JSONValue = [
      "client_id": "client", "client_secret": .string(try secrets.reference("client", "the-client-secret")), "cloud_id": cloud, "auth_url": .string(auth.url),
    ]
    let settings: JSONObject = ["act_as": "caller", "token": .null, "email": .null, "oauth": oauth]
    return try await JiraTest(
      settings.merging(others), governed: true, publicURL: "https://sluice.example/connectors/jira", state: state,
      secrets: secrets,
      script: { vendor in
        for token in ["first", "second", "third"] {
          auth.on(
            "POST", "/oauth/token",
            .json([
              "access_token": .string("access-\(token)"), "refresh_token": .string("refresh-\(token)"), "expires_in": 3600, "scope": "read:jira-work offline_access",
            ]))
        }
        vendor.always("GET", "/__auth__") { _ in .json(.array(auth.requests.map { $0.json ?? .null })) }
        script(vendor)
      })
  }

  private func signIn(_ test: JiraTest, _ user: String) async throws {
    let text = try await test.jira.failure("get_myself", as: user)
    let state = try #require(text.split(separator: "state=").last.map(String.init))
    let redirect = try await test.jira.route(.get, "/sign-in", query: ["state": state, "go": "1"])
    #expect(redirect.location?.contains("audience=api.atlassian.com") == true && redirect.location?.contains("prompt=consent") == true)
    #expect(redirect.location?.contains("offline_access") == true)
    #expect(try await test.jira.route(.get, "/callback", query: ["state": state, "code": "code-1"]).status == 200)
  }

  @Test("A rotated refresh token is stored before the new access token is used, and each is spent once")
  func rotation() async throws {
    let secrets = try TestSecrets()
    for name in ["first", "second", "third"] { for kind in ["access", "refresh"] { secrets.guardText("\(kind)-\(name)") } }
    let state = WatchedState()
    let test = try await signedIn(state, secrets) { _ in }
    await state.watch { [vendor = test.vendor] in vendor.requests.count }
    try await signIn(test, "ada")
    _ = try await test.jira.structured("get_myself", as: "ada")
    test.jira.time.advance(3600)
    // Many ask at once: one renewal serves all.
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 { group.addTask { _ = try await test.jira.structured("get_myself", as: "ada") } }
      try await group.waitForAll()
    }
    #expect(test.vendor.requests.map { $0.header("Authorization") } == ["Bearer access-first"] + Array(repeating: "Bearer access-second", count: 8))
    let writes = await state.writes
    #expect(writes.count == 2 && writes[0].text.contains("refresh-first") && writes[1].text.contains("refresh-second"))
    // Stored when only the first request had gone out.
    #expect(writes.map(\.requests) == [0, 1])
  }

  @Test("A refresh token that cannot be stored is not used: no request goes out with what would be lost")
  func notStored() async throws {
    let secrets = try TestSecrets()
    let state = WatchedState()
    let test = try await signedIn(state, secrets) { _ in }
    try await signIn(test, "ada")
    test.jira.time.advance(3600)
    await state.breakDown()
    #expect(try await test.jira.failure("get_myself", as: "ada").contains("cannot be stored"))
    #expect(test.vendor.requests.isEmpty)
  }

  @Test("A token that is refused between two pages is renewed, and the page is asked for again")
  func expiry() async throws {
    let secrets = try TestSecrets()
    let test = try await signedIn(WatchedState(), secrets) { vendor in
      vendor.always("POST", "/rest/api/3/search/jql") { request in
        switch (request.json?["nextPageToken"]?.string, request.header("Authorization")) {
        case (nil, _): .json(["issues": [JiraTest.issue("ABC-1")], "nextPageToken": "t1"])
        case (_, "Bearer access-second"): .json(["issues": [JiraTest.issue("ABC-2")], "isLast": true])
        default: .json(["code": 401, "message": "Unauthorized"], status: 401)
        }
      }
    }
    try await signIn(test, "ada")
    let first = try await test.jira.structured("search_issues", ["project": ["ABC"]], as: "ada")
    let second = try await test.jira.structured("search_issues", ["project": ["ABC"], "cursor": try #require(first["next_cursor"])], as: "ada")
    #expect(second["issues"]?[0]?["key"] == "ABC-2")
    #expect(test.vendor.requests.count == 3)
  }

  @Test("Without a cloud id in the settings, the site's is found when a person signs in, and kept", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func cloudID() async throws {
    let secrets = try TestSecrets()
    let sites = try SharedData.json("jira/amp-labs/cloud-id.json")
    let path = "/ex/jira/ebc887b2-7e61-4059-ab35-71f15cc16e12/rest/api/3/myself"
    let test = try await signedIn(WatchedState(), secrets, cloud: .null, ["site": "https://second-proj.atlassian.net/"]) { vendor in
      vendor.always("GET", "/oauth/token/accessible-resources", .json(sites))
      vendor.always("GET", path, .json(["accountId": "5b1", "displayName": "Ada"]))
    }
    try await signIn(test, "ada")
    _ = try await test.jira.structured("get_myself", as: "ada")
    test.jira.time.advance(3600)
    // Renewed: it is the same site still.
    _ = try await test.jira.structured("get_myself", as: "ada")
    #expect(test.vendor.requests.map(\.path) == ["/oauth/token/accessible-resources", path, path])
    #expect(test.vendor.requests.map { $0.header("Authorization") } == ["Bearer access-first", "Bearer access-first", "Bearer access-second"])
    #expect(try await test.jira.failure("get_myself", as: "bob").contains("has not signed in"))
  }

  @Test("An account that does not reach the site is told which it reaches, and nothing is stored")
  func otherSite() async throws {
    let state = WatchedState()
    let test = try await signedIn(state, try TestSecrets(), cloud: .null) { vendor in
      vendor.always("GET", "/oauth/token/accessible-resources", .json([["id": "1", "url": "https://acme.atlassian.net.example"]]))
    }
    let text = try await test.jira.failure("get_myself", as: "ada")
    let link = try #require(text.split(separator: "state=").last.map(String.init))
    let reply = try await test.jira.route(.get, "/callback", query: ["state": link, "code": "code-1"])
    #expect(reply.status == 502 && reply.body.contains("does not reach https://acme.atlassian.net.") && reply.body.contains("https://acme.atlassian.net.example"))
    #expect(await state.writes.isEmpty)
    #expect(try await test.jira.failure("get_myself", as: "ada").contains("has not signed in"))
  }

  @Test("People are asked for the scopes of the tools that are on, and for no more")
  func scopes() async throws {
    let test = try await signedIn(WatchedState(), try TestSecrets(), ["toolsets": ["read", "write"], "read_only": true]) { _ in }
    let text = try await test.jira.failure("get_myself", as: "ada")
    let link = try #require(text.split(separator: "state=").last.map(String.init))
    let location = try await test.jira.route(.get, "/sign-in", query: ["state": link, "go": "1"]).location
    #expect(location?.contains("jira-work") == true && location?.contains("jira-user") == true && location?.contains("offline_access") == true)
    #expect(location?.contains("write") == false && location?.contains("sprint") == false)
  }

  // MARK: Webhooks

  private static let secret = "It's a Secret to Everybody"

  private func webhooks(_ others: JSONObject = JSONObject(), script: (VendorDouble) -> Void = { _ in }) async throws -> JiraTest {
    let secrets = try TestSecrets()
    let settings: JSONObject = ["webhook_secret": .string(try secrets.reference("webhook", Self.secret))]
    return try await JiraTest(settings.merging(others), secrets: secrets, script: script)
  }

  private func signature(_ body: String, _ secret: String = secret) -> HTTPHeaders {
    let code = HMAC<SHA256>.authenticationCode(for: Array(body.utf8), using: SymmetricKey(data: Array(secret.utf8)))
    let digits = Array("0123456789abcdef")
    return HTTPHeaders([("X-Hub-Signature", "sha256=" + code.map { String([digits[Int($0 >> 4)], digits[Int($0 & 15)]]) }.joined())])
  }

  @Test("The example of Atlassian's documentation is genuine, and nothing that differs from it")
  func webhookSignature() async throws {
    // <https://developer.atlassian.com/cloud/jira/platform/webhooks/>, "Secure admin webhooks".
    let test = try await webhooks()
    let header = HTTPHeaders([("X-Hub-Signature", "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9")])
    #expect(try await test.jira.route(.post, "/webhook", headers: header, body: "Hello World!").status == 400)
    #expect(try await test.jira.route(.post, "/webhook", headers: header, body: "Hello World").status == 401)
    for headers in [HTTPHeaders(), HTTPHeaders([("X-Hub-Signature", "sha256=")]), signature("{}", "another secret"), HTTPHeaders([("X-Hub-Signature", "sha1=abc")])] {
      #expect(try await test.jira.route(.post, "/webhook", headers: headers, body: "{}").status == 401)
    }
  }

  static let events: [(JSONValue, String)] = [
    (["webhookEvent": "jira:issue_updated", "issue": ["key": "ABC-1"]], "jira://acme.atlassian.net/issue/ABC-1"),
    (["webhookEvent": "comment_created", "issue": ["key": "ABC-1"]], "jira://acme.atlassian.net/project/ABC"),
    (["webhookEvent": "sprint_closed", "sprint": ["id": 5, "originBoardId": 4]], "jira://acme.atlassian.net/board/4/sprint/5"),
    (["webhookEvent": "project_updated", "project": ["key": "ABC"]], "jira://acme.atlassian.net/project/ABC"),
  ]

  @Test("A signed webhook becomes an update of the resource that it is about", arguments: events)
  func webhookUpdates(_ event: JSONValue, _ uri: String) async throws {
    let test = try await webhooks()
    let subscription = try await test.jira.client.subscribe(to: .resources(uri))
    var changes = subscription.makeAsyncIterator()
    #expect(try await test.jira.route(.post, "/webhook", headers: signature(event.text), body: event.text).status == 200)
    #expect(await changes.next() == .resourceUpdated(uri: uri))
  }

  @Test("A webhook about a denied project tells nobody")
  func deniedWebhooks() async throws {
    let test = try await webhooks(["projects": ["deny": ["HR"]]]) {
      $0.always("GET", "/rest/agile/1.0/board/9", .json(["id": 9, "location": ["projectKey": "HR"]]))
    }
    let root = "jira://acme.atlassian.net"
    let subscription = try await test.jira.client.subscribe(
      to: .resources(root + "/issue/HR-1", root + "/project/HR", root + "/board/9/sprint/5", root + "/board/4/sprint/6"))
    var changes = subscription.makeAsyncIterator()
    for event in [
      ["issue": ["key": "HR-1"]], ["project": ["key": "HR"]], ["sprint": ["id": 5, "originBoardId": 9]], ["sprint": ["id": 6, "originBoardId": 4]],
    ] as [JSONValue] {
      #expect(try await test.jira.route(.post, "/webhook", headers: signature(event.text), body: event.text).status == 200)
    }
    #expect(await changes.next() == .resourceUpdated(uri: root + "/board/4/sprint/6"))
  }

  @Test("Without an account of its own the connector tells of sprints on boards that it has seen to be of projects that may be reached")
  func webhooksOfPeople() async throws {
    let secrets = try TestSecrets()
    let settings: JSONObject = [
      "webhook_secret": .string(try secrets.reference("webhook", Self.secret)), "act_as": "caller", "token": .null, "email": .null,
      "users": ["ada": .string(try secrets.reference("ada", "ada@example.com:token-of-ada"))], "projects": ["deny": ["HR"]],
    ]
    let test = try await JiraTest(settings, governed: true, secrets: secrets) { vendor in
      vendor.on("GET", "/rest/agile/1.0/board/8", .json(["id": 8, "location": ["projectKey": "ABC"]]))
      for board in ["8", "9"] { vendor.always("GET", "/rest/agile/1.0/board/" + board, .json(["id": .string(board), "location": ["projectKey": "HR"]])) }
    }
    let root = "jira://acme.atlassian.net/board/"
    let subscription = try await test.jira.client.subscribe(
      to: .resources(root + "4/sprint/1", root + "4/sprint/2", root + "7/sprint/3", root + "8/sprint/4", root + "9/sprint/5"))
    var changes = subscription.makeAsyncIterator()
    func tell(_ sprint: Int, _ board: Int) async throws {
      let body = JSONValue.object(["webhookEvent": "sprint_started", "sprint": ["id": .int(sprint), "originBoardId": .int(board)]]).text
      #expect(try await test.jira.route(.post, "/webhook", headers: signature(body), body: body).status == 200)
    }
    // Nobody has asked for it yet.
    try await tell(1, 4)
    for board in ["4", "8"] { _ = try await test.jira.structured("list_sprints", ["board": .string(board)], as: "ada") }
    // It came to a denied project since.
    for board in ["8", "9"] { _ = try await test.jira.failure("list_sprints", ["board": .string(board)], as: "ada") }
    let before = test.vendor.requests.count
    try await tell(5, 9)
    try await tell(4, 8)
    try await tell(3, 7)
    try await tell(2, 4)
    #expect(await changes.next() == .resourceUpdated(uri: root + "4/sprint/2"))
    #expect(test.vendor.requests.count == before)
  }

  @Test("The check tells who is signed in and which permissions are missing")
  func check() async throws {
    let test = try await JiraTest {
      $0.always("GET", "/rest/api/3/mypermissions", .json(["permissions": ["BROWSE_PROJECTS": ["havePermission": true], "EDIT_ISSUES": ["havePermission": false]]]))
    }
    let findings = await test.jira.connector.check()
    #expect(findings.contains { $0.level == .ok && $0.message.contains("Bot") } && findings.contains { $0.level == .warning && $0.message.contains("EDIT_ISSUES") })
    let refused = try await JiraTest { $0.always("GET", "/rest/api/3/myself", .status(401)) }
    #expect(await refused.jira.connector.check().contains { $0.level == .failure && $0.remedy != nil })
  }

  @Test("The check asks for the permissions that the tools that are on need")
  func checkToolsets() async throws {
    for (toolsets, wanted) in [(["read"], "BROWSE_PROJECTS"), (["agile_write"], "MANAGE_SPRINTS_PERMISSION,SCHEDULE_ISSUES")] as [(JSONValue, String)] {
      let test = try await JiraTest(["toolsets": toolsets])
      _ = await test.jira.connector.check()
      #expect(test.requests("GET", "/mypermissions").map { $0.query("permissions") } == [wanted])
    }
  }

  @Test("The check asks as each person whose token is in the settings, and says where nobody can be asked")
  func checkUsers() async throws {
    let secrets = try TestSecrets()
    let users: JSONValue = [
      "ada": .string(try secrets.reference("ada", "ada@example.com:token-of-ada")), "bob": .string(try secrets.reference("bob", "bob@example.com:token-of-bob")),
    ]
    func test(_ rule: JSONValue) async throws -> JiraTest {
      try await JiraTest(["act_as": rule, "token": .null, "email": .null, "users": users, "toolsets": ["read"]], secrets: secrets) {
        $0.always("GET", "/rest/api/3/mypermissions", .json(["permissions": ["BROWSE_PROJECTS": ["havePermission": true]]]))
      }
    }
    let people = try await test("caller")
    let findings = await people.jira.connector.check()
    #expect(findings.allSatisfy { $0.level == .ok } && findings.map(\.message).filter { $0.contains("signed in as Bot") }.count == 2, "\(findings)")
    #expect(Set(people.vendor.requests.map { $0.header("Authorization") }).count == 2)
    let nobody = try await test("service")
    #expect(await nobody.jira.connector.check().contains { $0.level == .failure && $0.message.contains("act_as") })
    #expect(nobody.vendor.requests.isEmpty)
  }

  @Test("The check says which scopes the tools that are on lack, and asks as the person that the settings name")
  func checkScopes() async throws {
    let test = try await signedIn(WatchedState(), try TestSecrets(), ["toolsets": ["read", "agile_write"], "user": "ada"]) { _ in }
    #expect(await test.jira.connector.check().contains { $0.level == .failure && $0.message.contains("ada") && $0.message.contains("has not signed in") })
    try await signIn(test, "ada")
    // The token is for read:jira-work and offline_access.
    let findings = await test.jira.connector.check()
    #expect(findings.contains { $0.level == .ok && $0.message.contains("ada: signed in as Bot") })
    #expect(findings.contains { $0.level == .warning && $0.message.contains("read lacks read:jira-user") })
    #expect(findings.contains { $0.level == .warning && $0.message.contains("agile_write lacks write:sprint:jira-software") })
    let unnamed = try await signedIn(WatchedState(), try TestSecrets()) { _ in }
    #expect(await unnamed.jira.connector.check().contains { $0.level == .warning && $0.remedy?.contains("user: NAME") == true })
  }
}
