import ConnectorKit
import ConnectorTesting
import Crypto
import CryptoExtras
import Foundation
import JSON
import MCP
import MCPHTTP
import Testing

@testable import SalesforceConnector

@Suite("Signing in to Salesforce")
struct SalesforceSignInTests {
  private static let key = try? _RSA.Signing.PrivateKey(keySize: .bits2048)

  private func jwt(_ settings: JSONObject, isGoverned: Bool = false, signsIn: Bool = true) async throws -> SalesforceFixture {
    let key = try #require(Self.key)
    let fixture = try await SalesforceFixture(isGoverned: isGoverned, signsIn: signsIn) { secrets, all in
      var jwt: JSONObject = ["client_id": "the-app", "private_key": .string(try secrets.reference("key", key.pemRepresentation))]
      for (name, value) in settings { if ["act_as", "classification"].contains(name) { all[name] = value } else { jwt[name] = value } }
      all["jwt"] = .object(jwt)
    }
    fixture.vendor.always("GET", "/services/data/v62.0/limits", .json([:]))
    return fixture
  }

  private func claims(_ request: CapturedRequest?) throws -> JSONValue {
    let form = try #require(request).form
    #expect(form.first { $0.name == "grant_type" }?.value == "urn:ietf:params:oauth:grant-type:jwt-bearer")
    let token = try #require(form.first { $0.name == "assertion" }?.value)
    let parts = token.split(separator: ".").map(String.init)
    func bytes(_ text: String) throws -> Data {
      var text = text.replacing("-", with: "+").replacing("_", with: "/")
      while text.count % 4 != 0 { text += "=" }
      return try #require(Data(base64Encoded: text))
    }
    let header = try JSONValue(parsing: String(decoding: try bytes(parts[0]), as: UTF8.self))
    #expect(header["alg"]?.string == "RS256")
    let signature = _RSA.Signing.RSASignature(rawRepresentation: try bytes(parts[2]))
    let digest = SHA256.hash(data: Data("\(parts[0]).\(parts[1])".utf8))
    #expect(try #require(Self.key).publicKey.isValidSignature(signature, for: digest, padding: .insecurePKCS1v1_5))
    return try JSONValue(parsing: String(decoding: try bytes(parts[1]), as: UTF8.self))
  }

  @Test("What Salesforce says of its objects is asked for once in some minutes, for each person on their own")
  func keptDescriptions() async throws {
    let fixture = try await jwt(["act_as": "caller"], isGoverned: true)
    PlausibleSalesforce.answer(all: fixture.vendor)
    let target = CompletionTarget.resourceTemplate("salesforce://{org}/sobjects/{object}/describe", argument: "object")
    for typed in ["", "a", "ac", "acc"] { #expect(try await fixture.salesforce.complete(target, typed, as: "ada") == ["Account"]) }
    _ = try await fixture.salesforce.structured("list_objects", as: "ada")
    #expect(fixture.requests.count == 1)
    for object in ["Account", "account", "Account"] { _ = try await fixture.salesforce.structured("describe_object", ["object": .string(object)], as: "ada") }
    #expect(fixture.requests.count == 2)
    _ = try await fixture.salesforce.complete(target, "a", as: "bob")
    #expect(fixture.requests.count == 3)
    fixture.salesforce.time.advance(301)
    _ = try await fixture.salesforce.complete(target, "a", as: "ada")
    #expect(fixture.requests.count == 4)
  }

  @Test("The bearer flow signs who is meant for at most three minutes, and once for many requests")
  func bearer() async throws {
    let fixture = try await jwt(["username": "bot@acme.example"])
    _ = try await fixture.salesforce.structured("get_limits")
    _ = try await fixture.salesforce.structured("get_limits")
    let claims = try claims(fixture.vendor.requests.first)
    #expect(claims["iss"]?.string == "the-app")
    #expect(claims["sub"]?.string == "bot@acme.example")
    #expect(claims["aud"]?.string == fixture.vendor.url)
    let end = try #require(claims["exp"]?.int)
    #expect(Int64(end) > fixture.salesforce.time.seconds)
    #expect(Int64(end) <= fixture.salesforce.time.seconds + 180)
    #expect(fixture.vendor.requests.count { $0.path == "/services/oauth2/token" } == 1)
  }

  @Test("The person named is the user who is impersonated, or nobody")
  func impersonation() async throws {
    let fixture = try await jwt(["act_as": "caller", "users": ["ann": "ann@acme.example"]], isGoverned: true)
    _ = try await fixture.salesforce.structured("get_limits", as: "ann")
    #expect(try claims(fixture.vendor.requests.first)["sub"]?.string == "ann@acme.example")
    #expect(try await fixture.salesforce.failure("get_limits", as: "ben").contains("no Salesforce user for ben"))
    #expect(try await fixture.salesforce.failure("get_limits").contains("in whose name"))
    #expect(fixture.vendor.requests.count { $0.path == "/services/oauth2/token" } == 1)
  }

  @Test("Where the connector has no account, each person reads how fields are classified, and for nobody else")
  func classification() async throws {
    let fixture = try await jwt(["act_as": "caller", "classification": true], isGoverned: true)
    let ann = ["FROM FieldDefinition", "FROM Opportunity", "FROM Opportunity"]
    fixture.vendor.always("GET", "\(SalesforceFixture.root)/query") { request in
      guard request.query("q")?.contains("FROM FieldDefinition") == true else { return SalesforceFixture.page([]) }
      return SalesforceFixture.page([
        SalesforceFixture.record("FieldDefinition", ["QualifiedApiName": "IsWon", "SecurityClassification": nil, "ComplianceGroup": nil, "ReferenceTo": nil])
      ])
    }
    let meta = SalesforceFixture.governed(SalesforceFixture.rules([:]))
    let question: JSONValue = ["soql": "SELECT Id FROM Opportunity WHERE IsWon = true"]
    for caller in ["ann", "ann"] { _ = try await fixture.salesforce.structured("soql_query", question, as: caller, meta: meta) }
    #expect(fixture.queries.map { query in ann.first { query.contains($0) } } == ann)
    _ = try await fixture.salesforce.structured("soql_query", question, as: "ben", meta: meta)
    #expect(fixture.queries.count { $0.contains("FROM FieldDefinition") } == 2)
  }

  @Test("The reserve of the org's allowance is kept by everybody, whoever's answer told that it is reached")
  func sharedReserve() async throws {
    let fixture = try await jwt(["act_as": "caller"], isGoverned: true)
    fixture.vendor.always(
      "GET", "\(SalesforceFixture.root)/query",
      ConnectorTesting.Answer.json(["totalSize": 0, "records": []], headers: [("Sforce-Limit-Info", "api-usage=960/1000")]))
    let meta = SalesforceFixture.governed(SalesforceFixture.rules([:]))
    let question: JSONValue = ["soql": "SELECT Id FROM Opportunity"]
    _ = try await fixture.salesforce.structured("soql_query", question, as: "ann", meta: meta)
    #expect(try await fixture.salesforce.failure("soql_query", question, as: "ben", meta: meta).contains("the limit is reached"))
    #expect(fixture.requests.count == 1)
  }

  @Test("Client credentials are sent in the body, and not taken for people")
  func clientCredentials() async throws {
    let fixture = try await SalesforceFixture()
    fixture.vendor.always("GET", "/services/data/v62.0/limits", .json([:]))
    _ = try await fixture.salesforce.structured("get_limits")
    let form = try #require(fixture.vendor.requests.first).form.map { "\($0.name)=\($0.value)" }.sorted()
    #expect(form == ["client_id=the-app", "client_secret=the-client-secret", "grant_type=client_credentials"])
    await #expect(throws: ConnectorError.self) { try await SalesforceFixture(["act_as": "caller"]) }
  }

  @Test("People sign in with PKCE, and an expired session is refreshed with their own token")
  func webServer() async throws {
    let url = "https://gateway.example/salesforce"
    let fixture = try await SalesforceFixture(["act_as": "caller"], isGoverned: true, publicURL: url, signsIn: false) { secrets, all in
      all["oauth"] = ["client_id": "the-app", "client_secret": .string(try secrets.reference("client", "the-client-secret"))]
    }
    let failure = try await fixture.salesforce.failure("get_limits", as: "ann")
    let link = try #require(failure.split(separator: " ").first { $0.hasPrefix(url) }.map(String.init))
    let state = try #require(link.split(separator: "state=").last.map(String.init))
    let leave = try await fixture.salesforce.route(.get, "/sign-in", query: ["state": state, "go": "1"])
    let target = try #require(leave.location)
    #expect(target.hasPrefix(fixture.vendor.url + "/services/oauth2/authorize?"))
    #expect(target.contains("code_challenge_method=S256"))
    #expect(target.contains("scope=api%20id%20refresh_token"))
    fixture.vendor.on(
      "POST", "/services/oauth2/token",
      .json(["access_token": "first-access-token", "refresh_token": "anns-refresh-token", "instance_url": .string(fixture.vendor.url)]),
      SalesforceFixture.signedIn(fixture.vendor.url, "second-access-token"))
    let back = try await fixture.salesforce.route(.get, "/callback", query: ["state": state, "code": "the-code"])
    #expect(back.status == 200)
    let form = try #require(fixture.vendor.requests.last).form
    #expect(form.contains { $0.name == "code" && $0.value == "the-code" })
    #expect(form.first { $0.name == "code_verifier" }.map { $0.value.count >= 43 } == true)
    fixture.vendor.on("GET", "/services/data/v62.0/limits", SalesforceFixture.error("INVALID_SESSION_ID", "Session expired or invalid", status: 401), .json([:]))
    _ = try await fixture.salesforce.structured("get_limits", as: "ann")
    #expect(fixture.requests.last?.header("Authorization") == "Bearer second-access-token")
    #expect(fixture.vendor.requests.contains { $0.form.contains { $0.name == "refresh_token" && $0.value == "anns-refresh-token" } })
    // Nobody else gets that token.
    #expect(try await fixture.salesforce.failure("get_limits", as: "ben").contains("ben has not signed in"))
  }

  @Test(
    "A token goes to the org's server only if it is Salesforce's, or the one that the settings name",
    arguments: [
      ("https://acme.my.salesforce.com", true), ("https://na1.salesforce.com", true), ("https://acme.my.salesforce.mil", true), ("https://evil.example", false),
      ("https://salesforce.com.evil.example", false), ("https://evilsalesforce.com", false), ("http://acme.my.salesforce.com", false),
      ("https://acme.my.salesforce.com:8443", false),
      ("https://user@acme.my.salesforce.com", false), ("", false),
    ])
  func instances(_ url: String, _ isTaken: Bool) throws {
    let rule = InstanceRule(configured: nil)
    if isTaken { #expect(try rule.origin(url).description == url) } else { #expect(throws: VendorError.self) { try rule.origin(url) } }
    let configured = InstanceRule(configured: HTTPURL("https://acme.my.salesforce.com"))
    let isSame = url.isEmpty || url == "https://acme.my.salesforce.com" || url.contains("@")
    if isSame { #expect(try configured.origin(url).host == "acme.my.salesforce.com") } else { #expect(throws: VendorError.self) { try configured.origin(url) } }
  }

  @Test("Another server in the sign-in's answer is refused before anything is sent there")
  func otherInstance() async throws {
    let fixture = try await SalesforceFixture(signsIn: false)
    fixture.vendor.always("POST", "/services/oauth2/token", SalesforceFixture.signedIn("https://evil.my.salesforce.com"))
    #expect(try await fixture.salesforce.failure("get_limits").contains("Nothing was sent there"))
    #expect(fixture.requests.isEmpty)
  }

  @Test(
    "A refused sign-in is told with Salesforce's code", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
    arguments: ["auth_error_response", "refresh_error_response"])
  func refused(_ file: String) async throws {
    let fixture = try await SalesforceFixture(signsIn: false)
    fixture.vendor.always("POST", "/services/oauth2/token", .json(try SharedData.json("salesforce/restforce/\(file).json"), status: 400))
    #expect(try await fixture.salesforce.failure("get_limits").contains("invalid_grant"))
  }

  @Test(
    "Settings that cannot be are refused with what would be right",
    arguments: [
      (["client_credentials": ["client_id": "a"]], "client_secret"), (["jwt": ["client_id": "a"]], "private_key"), (["oauth": ["client_id": "a"]], "HTTP"),
      (["api_version": "62"], "api_version"), (["api_version": "latest"], "api_version"), (["owner_field": "Owner Id"], "owner_field"), (["changes": ["a b"]], "changes"),
      (["categories": ["Amount": "x"]], "Opportunity.Amount"), (["org": "a/b"], "org"), (["password": "x"], "unknown key"), (["toolsets": ["everything"]], "toolsets"),
      (["client_credentials": ["client_id": "a", "client_secret": "written out"]], "not written here"),
    ] as [(JSONObject, String)])
  func settings(_ settings: JSONObject, _ words: String) async throws {
    do {
      _ = try await SalesforceFixture(settings)
      Issue.record("the settings were taken")
    } catch let error as ConnectorError { #expect(error.description.contains(words), "\(error)") }
  }
}
