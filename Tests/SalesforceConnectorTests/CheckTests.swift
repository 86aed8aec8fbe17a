import ConnectorKit
import ConnectorTesting
import CryptoExtras
import JSON
import Testing

@testable import SalesforceConnector

@Suite("Checks of the Salesforce connector")
struct SalesforceCheckTests {
  private static let key = try? _RSA.Signing.PrivateKey(keySize: .bits2048)
  private static let root = SalesforceFixture.root

  /// A connector whose sign-ins are granted `scope`, and which finds everything else in order.
  private static func findings(
    _ settings: JSONObject = [:], scope: String? = nil, users: [String: String]? = nil, script: (VendorDouble) -> Void = { _ in }
  ) async throws -> (fixture: SalesforceFixture, findings: [String]) {
    let fixture = try await SalesforceFixture(settings, signsIn: false) { secrets, all in
      guard let users else { return }
      var people = JSONObject()
      for (id, name) in users { people[id] = .string(name) }
      all["jwt"] = ["client_id": "the-app", "private_key": .string(try secrets.reference("key", try #require(key).pemRepresentation)), "users": .object(people)]
    }
    script(fixture.vendor)
    var answer: JSONValue = ["access_token": .string(SalesforceFixture.token), "instance_url": .string(fixture.vendor.url), "token_type": "Bearer"]
    if let scope { answer["scope"] = .string(scope) }
    fixture.vendor.always("POST", "/services/oauth2/token", .json(answer))
    fixture.vendor.always("GET", "/services/oauth2/userinfo", .json(["user_id": "005", "organization_id": "00D", "preferred_username": "a@b.example"]))
    fixture.vendor.always("GET", "\(root)/sobjects", .json(["sobjects": []]))
    fixture.vendor.always("GET", "\(root)/**", SalesforceFixture.page([]))
    return (fixture, await fixture.salesforce.connector.check().map { "\($0.level.rawValue) \($0.message) \($0.remedy ?? "")" })
  }

  @Test(
    "The scopes of Salesforce's token answer are held against the toolsets that are on",
    arguments: [
      (["read", "reports"], "api id", ["ok the scope that read, reports need is granted"]), (["read"], "full", ["ok the scope that read need"]),
      (["read", "write"], "id refresh_token", ["failure read, write: the scope api is not granted"]),
      (["read"], "api", ["ok the scope", "warning read: get_identity will be refused: the scope id"]), (["write"], "api", ["ok the scope that write need"]),
      (["read"], nil, ["ok Salesforce does not say"]),
    ] as [([String], String?, [String])])
  func scopes(toolsets: [String], granted: String?, says: [String]) async throws {
    let (_, findings) = try await Self.findings(["toolsets": .array(toolsets.map { .string($0) })], scope: granted)
    for text in says { #expect(findings.contains { $0.hasPrefix(text) }, "\(text): \(findings)") }
    #expect(findings.contains { $0.contains("not granted") } == says.contains { $0.contains("not granted") || $0.contains("scope id") }, "\(findings)")
  }

  @Test("What is missing is said even where Salesforce then refuses everything")
  func refused() async throws {
    let (_, findings) = try await Self.findings(scope: "id") { vendor in
      vendor.always("GET", "\(Self.root)/**", SalesforceFixture.error("INSUFFICIENT_SCOPE", "This session is not valid for use with the REST API", status: 403))
    }
    #expect(findings.first?.hasPrefix("failure ") == true && findings.first?.contains("the scope api is not granted") == true, "\(findings)")
    #expect(findings.last?.contains("Salesforce refuses") == true, "\(findings)")
  }

  @Test("What the user may not change or use is said by the toolset that needs it, and not asked for those that are off")
  func permissions() async throws {
    func script(_ vendor: VendorDouble) {
      vendor.always(
        "GET", "\(Self.root)/sobjects",
        .json([
          "sobjects": [
            ["name": "Account", "createable": true, "updateable": true, "deletable": false],
            ["name": "Case", "createable": false, "updateable": false, "deletable": true],
          ]
        ]))
      vendor.always("GET", "\(Self.root)/actions/custom/flow", SalesforceFixture.error("INSUFFICIENT_ACCESS", "insufficient access rights", status: 403))
    }
    let (_, findings) = try await Self.findings(["toolsets": ["all"]], script: script)
    let said = [
      "warning write: the user may not create and edit Case", "warning delete: the user may not delete Account", "ok reports: can be used",
      "warning flows: Salesforce refuses: ",
    ]
    for text in said { #expect(findings.contains { $0.hasPrefix(text) }, "\(text): \(findings)") }
    #expect(findings.contains { $0.contains("\"Run Flows\"") })
    let (fixture, fewer) = try await Self.findings(["toolsets": ["read"]], script: script)
    #expect(!fewer.contains { $0.contains("flows") || $0.contains("write") }, "\(fewer)")
    #expect(!fixture.requests.contains { $0.path.hasSuffix("/flow") || $0.path.hasSuffix("/sobjects") || $0.path.contains("analytics") })
  }

  @Test("Each person that the settings name is checked under their own user, and each finding says whose it is")
  func people() async throws {
    let (fixture, findings) = try await Self.findings(
      ["act_as": "caller", "toolsets": ["read"]], scope: "api id", users: ["ann": "ann@acme.example", "bob": "bob@acme.example"])
    for person in ["ann", "bob"] { #expect(findings.contains { $0.hasPrefix("ok \(person): signed in; API version 62.0") }, "\(findings)") }
    #expect(fixture.vendor.requests.count { $0.path == "/services/oauth2/token" } == 2)
    let (_, nobody) = try await Self.findings(["act_as": "caller"], users: [:])
    #expect(nobody.count == 1 && nobody.first?.hasPrefix("warning each person signs in") == true, "\(nobody)")
  }
}

@Suite("Changes in Salesforce as people see them", .timeLimit(.minutes(1)))
struct SalesforcePeopleChangeTests {
  @Test("Without an account of its own the connector follows changes as each person who has read a resource, and as nobody before")
  func feeds() async throws {
    let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
    let fixture = try await SalesforceFixture(["act_as": "caller", "changes": ["Opportunity"]], isGoverned: true, signsIn: false) { secrets, all in
      all["jwt"] = ["client_id": "the-app", "private_key": .string(try secrets.reference("key", key.pemRepresentation))]
    }
    fixture.vendor.on(
      "POST", "/services/oauth2/token", SalesforceFixture.signedIn(fixture.vendor.url, "token-of-ann"), SalesforceFixture.signedIn(fixture.vendor.url, "token-of-bob"))
    let (polled, poll) = AsyncStream<String>.makeStream()
    fixture.vendor.always("GET", "\(SalesforceFixture.root)/sobjects/Opportunity/deleted") { request in
      poll.yield(request.header("Authorization") ?? "")
      return .json(["deletedRecords": []])
    }
    PlausibleSalesforce.answer(all: fixture.vendor)
    let run = Task { await fixture.salesforce.connector.run() }
    for person in ["ann", "bob"] {
      _ = try await fixture.salesforce.read("salesforce://acme/record/Opportunity/\(SalesforceFixture.id)", as: person)
      for await token in polled where token == "Bearer token-of-\(person)" { break }
    }
    run.cancel()
    await run.value
    #expect(Set(fixture.requests.compactMap { $0.header("Authorization") }) == ["Bearer token-of-ann", "Bearer token-of-bob"])
  }
}
