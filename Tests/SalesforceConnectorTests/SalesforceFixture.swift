import ConnectorKit
import ConnectorTesting
import JSON
import MCP
import Testing

@testable import SalesforceConnector

/// A Salesforce connector in front of a double of Salesforce, signed in by client credentials.
struct SalesforceFixture {
  let vendor: VendorDouble
  let salesforce: ConnectorUnderTest<SalesforceConnector>
  let secrets: TestSecrets
  static let token = "00Dx0000000BV7z!first_token"
  static let id = "006ak00000OQ4RxAAL"
  static let root = "/services/data/v62.0"

  /// - Parameters:
  ///   - version: pinned; nil to let it be discovered.
  ///   - signsIn: whether the double answers to sign-ins.
  init(
    _ settings: JSONObject = [:], version: String? = "62.0", isGoverned: Bool = false, publicURL: String? = nil, time: VirtualTime = VirtualTime(),
    state: any ConnectorState = InMemoryConnectorState(), signsIn: Bool = true, prepare: (TestSecrets, inout JSONObject) throws -> Void = { _, _ in }
  ) async throws {
    vendor = try await VendorDouble()
    secrets = try TestSecrets()
    var all: JSONObject = ["login_url": .string(vendor.url), "instance_url": .string(vendor.url), "toolsets": ["all"], "org": "acme"]
    if let version { all["api_version"] = .string(version) }
    for (name, value) in settings { all[name] = value }
    try prepare(secrets, &all)
    if ["jwt", "oauth", "client_credentials"].allSatisfy({ all[$0] == nil }) {
      all["client_credentials"] = ["client_id": "the-app", "client_secret": .string(try secrets.reference("client", "the-client-secret"))]
    }
    secrets.guardText(Self.token)
    salesforce = try ConnectorUnderTest(
      SalesforceConnector.self, all, secrets: secrets, isGoverned: isGoverned, publicURL: publicURL, time: time, state: state)
    if signsIn { vendor.always("POST", "/services/oauth2/token", Self.signedIn(vendor.url)) }
  }

  static func signedIn(_ instance: String, _ token: String = token) -> ConnectorTesting.Answer {
    .json([
      "access_token": .string(token), "instance_url": .string(instance), "id": "https://login.salesforce.com/id/00Dx0000000BV7z/005x00000012Q9P", "token_type": "Bearer",
    ])
  }

  /// Requests besides sign-ins. Another process of this machine that still asks the port's last owner is not meant.
  var requests: [CapturedRequest] { vendor.requests.filter { $0.path.hasPrefix("/services/") && $0.path != "/services/oauth2/token" } }
  var queries: [String] { requests.compactMap { $0.query("q") } }

  /// A page of a query.
  static func page(_ records: [JSONValue], total: Int? = nil, next: String? = nil) -> ConnectorTesting.Answer {
    var json: JSONObject = ["totalSize": .int(total ?? records.count), "done": .bool(next == nil), "records": .array(records)]
    if let next { json["nextRecordsUrl"] = .string(next) }
    return .json(.object(json))
  }

  static func record(_ object: String, _ fields: JSONObject) -> JSONValue {
    var record: JSONObject = ["attributes": ["type": .string(object), "url": "/services/data/v62.0/sobjects/x"]]
    for (name, value) in fields { record[name] = value }
    return .object(record)
  }

  static func error(_ code: String, _ message: String, status: Int, headers: [(name: String, value: String)] = []) -> ConnectorTesting.Answer {
    .json([["errorCode": .string(code), "message": .string(message)]], status: status, headers: headers)
  }

  /// Row rules as a gateway sends them.
  static func governed(_ rules: [String: RowFilter], clearance: [String] = []) -> JSONObject {
    var rows = JSONObject()
    for (type, rule) in rules { rows[type] = rule.json }
    return [MetaKey.rows: .object(rows), MetaKey.clearance: .array(clearance.map { .string($0) })]
  }

  /// Rules that let everything through but for those named.
  static func rules(_ own: [String: RowFilter]) -> [String: RowFilter] {
    var rules: [String: RowFilter] = [:]
    for name in ["Account", "Opportunity", "Contact", "Case", "Lead", "Task", "SalesforceRecord", "File"] { rules[name] = .constant(true) }
    return rules.merging(own) { $1 }
  }
}

/// A cursor of query_more, as the connector makes it.
enum PageCursorText {
  static func text(_ vendor: String) -> String { PageCursor(list: ["salesforce", "query_more"]).text(vendor) }
}
