import ConnectorKit
import ConnectorTesting
import CryptoExtras
import Foundation
import GoogleDriveConnector
import JSON
import MCP
import MCPAuth
import MCPHTTP
import Testing

@Suite("Credentials of the Google Drive connector")
struct CredentialTests {
  /// One key for all: making one takes a while.
  private static let key = try? _RSA.Signing.PrivateKey(keySize: .bits2048)

  private static func keyFile() throws -> String {
    let key = try #require(key)
    let json: JSONValue = [
      "type": "service_account", "client_email": "sluice@project.iam.gserviceaccount.com", "private_key": .string(key.pemRepresentation), "private_key_id": "k1",
    ]
    return json.text
  }

  /// A connector with a service account, and a token endpoint whose tokens say in whose name they are.
  private static func delegated(
    _ settings: JSONObject, isGoverned: Bool = true, part: JSONObject = [:], time: VirtualTime = VirtualTime(), script: (VendorDouble) -> Void = { _ in }
  ) async throws -> DriveUnderTest {
    let fixture = try await DriveUnderTest(settings, isGoverned: isGoverned, time: time) { secrets, vendor, all in
      var account: JSONObject = ["key": .string(try secrets.reference("key.json", try keyFile())), "token_url": .string(vendor.url + "/token")]
      for (name, value) in part { account[name] = value }
      all["service_account"] = .object(account)
    }
    fixture.vendor.always("POST", "/token") { request in
      let assertion = request.form.first { $0.name == "assertion" }?.value ?? ""
      let claims = try? Self.claims(assertion)
      return .json(["access_token": .string("token-of-\(claims?["sub"]?.string ?? "the-account")"), "expires_in": 3600, "token_type": "Bearer"])
    }
    script(fixture.vendor)
    PlausibleDrive.answer(every: fixture.vendor)
    return fixture
  }

  private static func claims(_ token: String) throws -> JSONValue {
    let parts = token.split(separator: ".")
    return try JSONValue(parsing: String(decoding: try #require(Base64URL.decode(Array(parts[1].utf8))), as: UTF8.self))
  }

  @Test("An assertion of a service account is signed with RS256, names the scopes, and the person in whose name it is")
  func assertion() async throws {
    let fixture = try await Self.delegated(["act_as": "caller", "toolsets": ["read"]])
    _ = try await fixture.drive.structured("list_recent", as: "ada@example.com")
    let request = try #require(fixture.vendor.requests.first { $0.path == "/token" })
    #expect(request.form.first { $0.name == "grant_type" }?.value == "urn:ietf:params:oauth:grant-type:jwt-bearer")
    let token = try #require(request.form.first { $0.name == "assertion" }?.value)
    let parts = token.split(separator: ".").map(String.init)
    let header = try JSONValue(parsing: String(decoding: try #require(Base64URL.decode(Array(parts[0].utf8))), as: UTF8.self))
    #expect(header == ["alg": "RS256", "typ": "JWT", "kid": "k1"])
    let claims = try Self.claims(token)
    #expect(claims["iss"] == "sluice@project.iam.gserviceaccount.com" && claims["sub"] == "ada@example.com" && claims["aud"] == "https://oauth2.googleapis.com/token")
    #expect(claims["scope"] == "https://www.googleapis.com/auth/drive.readonly")
    #expect(try #require(claims["exp"]?.int) - (try #require(claims["iat"]?.int)) <= 3600)
    let signature = _RSA.Signing.RSASignature(rawRepresentation: try #require(Base64URL.decode(Array(parts[2].utf8))))
    let isValid = try #require(Self.key).publicKey.isValidSignature(signature, for: Data("\(parts[0]).\(parts[1])".utf8), padding: .insecurePKCS1v1_5)
    #expect(isValid)
  }

  @Test("Which labels a file has is not told to one person because another was told")
  func labels() async throws {
    let fixture = try await Self.delegated(["act_as": "caller", "labels": ["L1": "confidential"]]) { vendor in
      vendor.always("GET", "/drive/v3/files/*/listLabels") { request in
        request.header("Authorization") == "Bearer token-of-ada@example.com"
          ? .json(["labels": []]) : .json(["error": ["code": 403, "message": "no", "errors": [["reason": "forbidden"]]]], status: 403)
      }
    }
    for (person, count) in [("ada@example.com", 2), ("bob@example.com", 0), ("ada@example.com", 2)] {
      let files = try await fixture.drive.structured("list_recent", as: person, meta: RowRules.cleared(["public"], ["File"]))["files"]?.array
      #expect(files?.count == count, "\(person)")
    }
  }

  @Test("Each person's request carries a token of that person and no other, and one token serves many requests")
  func perCaller() async throws {
    let fixture = try await Self.delegated(["act_as": "caller", "accounts": ["user-17": "carol@example.com"]])
    for caller in ["ada@example.com", "user-17", "ada@example.com"] { _ = try await fixture.drive.structured("list_recent", as: caller) }
    let lists = fixture.vendor.requests.filter { $0.path == "/drive/v3/files" }
    #expect(
      lists.map { $0.header("Authorization") } == ["Bearer token-of-ada@example.com", "Bearer token-of-carol@example.com", "Bearer token-of-ada@example.com"])
    #expect(fixture.vendor.requests.count { $0.path == "/token" } == 2)
  }

  @Test("Who cannot be told which account they have is refused, and nobody else's is taken", arguments: ["user-18", "eve@elsewhere.com", "", nil] as [String?])
  func refused(_ caller: String?) async throws {
    let fixture = try await Self.delegated(["act_as": "caller", "domains": ["example.com"]])
    _ = try await fixture.drive.failure("list_recent", as: caller)
    #expect(fixture.vendor.requests.isEmpty)
  }

  @Test("The account that a write names must be the one that is impersonated")
  func namedAccount() async throws {
    let fixture = try await Self.delegated(["act_as": "caller"])
    let text = try await fixture.drive.failure("create_folder", ["name": "n", "account": "bob@example.com"], as: "ada@example.com")
    #expect(text.contains("ada@example.com") && text.contains("Nothing was done"))
    #expect(fixture.vendor.requests.isEmpty)
    _ = try await fixture.drive.structured("create_folder", ["name": "n", "account": "Ada@Example.com"], as: "ada@example.com")
    #expect(fixture.vendor.requests.last?.method == "POST")
  }

  @Test("A service account without delegation works as itself, and as the subject that the settings name")
  func service() async throws {
    let itself = try await Self.delegated([:])
    _ = try await itself.drive.structured("list_recent")
    #expect(itself.vendor.requests.last?.header("Authorization") == "Bearer token-of-the-account")
    let bot = try await Self.delegated([:], part: ["subject": "bot@example.com"])
    _ = try await bot.drive.structured("list_recent")
    #expect(bot.vendor.requests.last?.header("Authorization") == "Bearer token-of-bot@example.com")
    let claims = try Self.claims(bot.vendor.requests[0].form.first { $0.name == "assertion" }?.value ?? "")
    #expect(claims["scope"] == "https://www.googleapis.com/auth/drive")
  }

  @Test("A token that ends in the middle of paging is renewed, once")
  func expiry() async throws {
    let fixture = try await DriveUnderTest(prepare: { secrets, vendor, all in
      all["service_account"] = ["key": .string(try secrets.reference("key.json", try Self.keyFile())), "token_url": .string(vendor.url + "/token")]
    })
    fixture.vendor.on("POST", "/token", .json(["access_token": "first", "expires_in": 3600]), .json(["access_token": "second", "expires_in": 3600]))
    fixture.vendor.always("GET", "/drive/v3/files") { request in
      if request.query("pageToken") == nil { return .json(["files": [], "nextPageToken": "p2"]) }
      guard request.header("Authorization") == "Bearer second" else { return .json(["error": ["code": 401, "status": "UNAUTHENTICATED"]], status: 401) }
      return .json(["files": [PlausibleDrive.file("doc1")]])
    }
    let cursor = try await fixture.drive.structured("list_recent")["next_cursor"]
    let page = try await fixture.drive.structured("list_recent", ["cursor": try #require(cursor)])
    #expect(page["files"]?.array?.count == 1)
    #expect(fixture.vendor.requests.count { $0.path == "/token" } == 2)
  }

  // MARK: OAuth

  private static func oauth(
    _ settings: JSONObject = [:], refresh: [String: String] = [:], address: String = "ada@example.com", handlers: ClientHandlers = ClientHandlers()
  ) async throws -> DriveUnderTest {
    let fixture = try await DriveUnderTest(settings, isGoverned: true, publicURL: "https://sluice.example.com/c/drive", handlers: handlers) { secrets, vendor, all in
      var users = JSONObject()
      for (user, token) in refresh { users[user] = .string(try secrets.reference("refresh-\(user)", token)) }
      all["act_as"] = "caller"
      all["oauth"] = [
        "client_id": "client-1", "client_secret": .string(try secrets.reference("client", "GOCSPX-secret")), "token_url": .string(vendor.url + "/token"),
        "users": .object(users),
      ]
    }
    fixture.vendor.always("POST", "/token") { request in
      let kind = request.form.first { $0.name == "grant_type" }?.value
      let token = request.form.first { $0.name == "refresh_token" }?.value ?? "code"
      if kind == "authorization_code" { return .json(["access_token": "access-by-code", "refresh_token": "refresh-by-code", "expires_in": 3600]) }
      return .json(["access_token": .string("access-of-\(token)"), "expires_in": 3600])
    }
    fixture.vendor.always("GET", "/drive/v3/about", .json(["user": ["emailAddress": .string(address)]]))
    PlausibleDrive.answer(every: fixture.vendor)
    return fixture
  }

  @Test("A refresh token that an administrator gave is spent for its person, after the account was seen to be theirs")
  func refreshToken() async throws {
    let fixture = try await Self.oauth(refresh: ["ada@example.com": "1//refresh-of-ada"])
    _ = try await fixture.drive.structured("list_recent", as: "ada@example.com")
    #expect(fixture.vendor.requests.map(\.path) == ["/token", "/drive/v3/about", "/drive/v3/files"])
    #expect(fixture.vendor.requests.last?.header("Authorization") == "Bearer access-of-1//refresh-of-ada")
    _ = try await fixture.drive.structured("list_recent", as: "ada@example.com")
    #expect(fixture.vendor.requests.count == 4)
    // Nobody else gets it.
    let text = try await fixture.drive.failure("list_recent", as: "bob@example.com")
    #expect(text.contains("has not signed in"))
    #expect(fixture.vendor.requests.count == 4)
  }

  @Test("A credential of another account is refused")
  func anotherAccount() async throws {
    let fixture = try await Self.oauth(refresh: ["ada@example.com": "1//refresh-of-eve"], address: "eve@example.com")
    let text = try await fixture.drive.failure("list_recent", as: "ada@example.com")
    #expect(text.contains("is not ada@example.com"))
    #expect(!fixture.vendor.requests.contains { $0.path == "/drive/v3/files" })
  }

  /// Goes through both pages of a sign-in, as a browser.
  private static func signIn(_ fixture: DriveUnderTest, _ caller: String) async throws -> (link: String, reply: RouteReply) {
    let text = try await fixture.drive.failure("list_recent", as: caller)
    let link = try #require(text.split(separator: " ").map(String.init).first { $0.hasPrefix("https://sluice.example.com/c/drive/sign-in?state=") }, "\(text)")
    let state = try #require(link.split(separator: "state=").last.map(String.init))
    let start = try await fixture.drive.route(.get, "/sign-in", query: ["state": state, "go": "1"])
    return (start.location ?? "", try await fixture.drive.route(.get, "/callback", query: ["state": state, "code": "4/code"]))
  }

  @Test("Signing in asks for access while the person is away, and its token serves only that person")
  func signingIn() async throws {
    let fixture = try await Self.oauth()
    let (link, reply) = try await Self.signIn(fixture, "ada@example.com")
    #expect(link.hasPrefix("https://accounts.google.com/o/oauth2/v2/auth?"))
    for part in ["access_type=offline", "prompt=consent", "code_challenge_method=S256", "client_id=client-1"] { #expect(link.contains(part), "\(link)") }
    #expect(reply.status == 200, "\(reply.body)")
    _ = try await fixture.drive.structured("list_recent", as: "ada@example.com")
    #expect(fixture.vendor.requests.last?.header("Authorization") == "Bearer access-by-code")
    _ = try await fixture.drive.failure("list_recent", as: "bob@example.com")
  }

  @Test("Who signs in with another account than their own has stored nothing")
  func signingInAsAnother() async throws {
    let fixture = try await Self.oauth(address: "eve@example.com")
    let (_, reply) = try await Self.signIn(fixture, "ada@example.com")
    #expect(reply.status == 502 && reply.body.contains("is not ada@example.com"))
    #expect(try await fixture.drive.failure("list_recent", as: "ada@example.com").contains("has not signed in"))
  }

  // MARK: Settings

  @Test(
    "Settings that are wrong are refused with what would be right",
    arguments: [
      ([:], "exactly one of"), (["token": "ya29.abc"], "secret is not written here"), (["token": "${env:HOME}", "act_as": "caller"], "cannot act for callers"),
      (["token": "${env:HOME}", "service_account": ["key": "${env:HOME}"]], "exactly one of"), (["service_account": [:]], "key"),
      (["service_account": ["key": "${env:HOME}", "subject": "bot"]], "e-mail address"), (["oauth": ["client_id": "x"]], "client_secret"),
      (["oauth": ["client_id": "x", "client_secret": "${env:HOME}"]], "refresh_token"), (["token": "${env:HOME}", "labels": ["a/b/c": "x"]], "LABEL/CHOICE"),
      (["token": "${env:HOME}", "accounts": ["ada": "ada"]], "e-mail address"), (["token": "${env:HOME}", "upload_folder": "/nowhere/at/all"], "no directory"),
      (["token": "${env:HOME}", "toolsets": ["reed"]], "there is no"), (["token": "${env:HOME}", "drive": "x"], "unknown key"),
      (["token": "${env:HOME}", "base_url": "http://example.com"], "https"),
    ] as [(JSONObject, String)])
  func settings(_ settings: JSONObject, _ message: String) throws {
    do {
      _ = try ConnectorUnderTest(GoogleDriveConnector.self, settings)
      Issue.record("taken: \(JSONValue.object(settings).text)")
    } catch let error as ConnectorError { #expect(error.description.contains(message), "\(error)") }
  }

  @Test("A check says who is signed in and whether files can be listed")
  func check() async throws {
    let fixture = try await DriveUnderTest.plausible()
    let findings = await fixture.drive.connector.check()
    #expect(findings.first == ConnectorFinding(.ok, "signed in as ada@example.com"))
    #expect(findings.contains(ConnectorFinding(.ok, "files can be listed")))
    let broken = try await DriveUnderTest()
    broken.vendor.always("GET", "/**", .json(["error": ["code": 401, "status": "UNAUTHENTICATED"]], status: 401))
    #expect(await broken.drive.connector.check().first?.level == .failure)
  }

  @Test(
    "A check holds the scopes of Google's token answer against the toolsets that are on, and says what is missing",
    arguments: [
      (["read"], "drive.readonly", ["ok read"]), (["read"], "drive.metadata.readonly", ["failure read drive.readonly"]), (["all"], "drive", ["ok read, write"]),
      (["read", "write"], "drive.readonly", ["failure write drive ", "ok read need"]), (["read", "comments"], "drive.file", ["warning read", "warning comments"]),
      (["read", "write"], "", ["ok writing toolsets are on; what the token was granted is not known"]),
    ] as [([String], String, [String])])
  func scopes(toolsets: [String], granted: String, says: [String]) async throws {
    let fixture = try await DriveUnderTest(["toolsets": .array(toolsets.map { .string($0) })]) { secrets, vendor, settings in
      settings["oauth"] = [
        "client_id": "c", "client_secret": .string(try secrets.reference("client", "client-secret-1")),
        "refresh_token": .string(try secrets.reference("refresh", "refresh-secret-1")), "token_url": .string(vendor.url + "/token"),
      ]
    }
    var answer: JSONValue = ["access_token": "access-1", "expires_in": 3600, "token_type": "Bearer"]
    if !granted.isEmpty { answer["scope"] = .string("openid https://www.googleapis.com/auth/\(granted)") }
    fixture.vendor.always("POST", "/token", .json(answer))
    PlausibleDrive.answer(every: fixture.vendor)
    let findings = await fixture.drive.connector.check().map { "\($0.level) \($0.message) \($0.remedy ?? "")" }
    for text in says {
      let words = text.split(separator: " ", maxSplits: 1)
      #expect(findings.contains { $0.hasPrefix(words[0]) && words[1].split(separator: " ").allSatisfy($0.contains) }, "\(text): \(findings)")
    }
    #expect(findings.contains { $0.hasPrefix("failure") } == says.contains { $0.hasPrefix("failure") }, "\(findings)")
  }

  @Test("A check asks as each person whom the settings name, and each finding says of whom it is")
  func checkedPeople() async throws {
    let accounts: JSONObject = ["act_as": "caller", "accounts": ["bob": "bob@example.com", "ada": "ada@example.com"]]
    let fixture = try await Self.delegated(accounts) { vendor in
      vendor.always("GET", "/drive/v3/about") { request in
        let address = request.header("Authorization")?.split(separator: "-").last.map(String.init) ?? ""
        return .json(["user": ["emailAddress": .string(address)]])
      }
    }
    let findings = await fixture.drive.connector.check()
    for person in ["ada", "bob"] {
      #expect(findings.contains(ConnectorFinding(.ok, "\(person): signed in as \(person)@example.com")), "\(findings)")
      #expect(findings.contains { $0.level == .ok && $0.message.hasPrefix("\(person): the scopes that read") })
    }
    let nobody = try await Self.delegated(["act_as": "caller"])
    #expect(await nobody.drive.connector.check().map(\.level) == [.warning])
  }

  @Test("Acting for callers, the connector follows changes as each person who has read a resource, with their own token", .timeLimit(.minutes(1)))
  func followedPeople() async throws {
    let (polled, poll) = AsyncStream<String>.makeStream()
    let fixture = try await Self.delegated(["act_as": "caller"]) { vendor in
      vendor.always("GET", "/drive/v3/changes") { request in
        poll.yield(request.header("Authorization") ?? "")
        return .json(["newStartPageToken": "101", "changes": []])
      }
    }
    let run = Task { await fixture.drive.connector.run() }
    for person in ["ada@example.com", "bob@example.com"] {
      _ = try await fixture.drive.read("gdrive:///text1", as: person)
      for await token in polled where token == "Bearer token-of-\(person)" { break }
    }
    run.cancel()
    await run.value
    let followed = fixture.vendor.requests.filter { $0.path.hasPrefix("/drive/v3/changes") }.compactMap { $0.header("Authorization") }
    #expect(Set(followed) == ["Bearer token-of-ada@example.com", "Bearer token-of-bob@example.com"])
  }

  @Test("Nobody's changes are followed where changes_people is 0, and one account's where changes_as names it")
  func followedNobody() async throws {
    let nobody = try await Self.delegated(["act_as": "caller", "changes_people": 0])
    _ = try await nobody.drive.read("gdrive:///text1", as: "ada@example.com")
    await nobody.drive.connector.run()
    #expect(!nobody.vendor.requests.contains { $0.path.hasPrefix("/drive/v3/changes") })
    let one = try await Self.delegated(["act_as": "caller", "changes_as": "bob@example.com"], time: VirtualTime(sleeps: 1))
    _ = try await one.drive.read("gdrive:///text1", as: "ada@example.com")
    await one.drive.connector.run()
    let followed = one.vendor.requests.filter { $0.path.hasPrefix("/drive/v3/changes") }.compactMap { $0.header("Authorization") }
    #expect(!followed.isEmpty && Set(followed) == ["Bearer token-of-bob@example.com"])
  }
}
