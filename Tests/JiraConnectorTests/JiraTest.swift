import ConnectorKit
import ConnectorTesting
import JSON
import JiraConnector
import MCP
import NIOCore

/// MCP has answers as well.
typealias Answer = ConnectorTesting.Answer

/// The connector in front of a double of Jira.
struct JiraTest {
  let vendor: VendorDouble
  let secrets: TestSecrets
  let jira: ConnectorUnderTest<JiraConnector>

  static let token = "ATATT-the-token-of-the-bot"

  /// - Parameters:
  ///   - settings: added to, or in place of, those that point at the double; null removes.
  ///   - script: rules that count before the usual ones.
  init(
    _ settings: JSONObject = JSONObject(), governed: Bool = false, publicURL: String? = nil, time: VirtualTime = VirtualTime(),
    state: any ConnectorState = InMemoryConnectorState(),
    handlers: ClientHandlers = ClientHandlers(), secrets: TestSecrets? = nil, script: (VendorDouble) -> Void = { _ in }
  ) async throws {
    let vendor = try await VendorDouble()
    let secrets = try secrets ?? TestSecrets()
    script(vendor)
    Self.usual(vendor)
    var all: JSONObject = [
      "site": "https://acme.atlassian.net", "base_url": .string(vendor.url), "email": "bot@example.com", "token": .string(try secrets.reference("token", Self.token)),
      "toolsets": ["all"],
    ]
    for (name, value) in settings { all[name] = value }
    self.vendor = vendor
    self.secrets = secrets
    jira = try ConnectorUnderTest(
      JiraConnector.self, all, secrets: secrets, isGoverned: governed, publicURL: publicURL, time: time, state: state, handlers: handlers)
  }

  /// A Data Center.
  static func dataCenter(_ settings: JSONObject = JSONObject(), script: (VendorDouble) -> Void = { _ in }) async throws -> JiraTest {
    var all: JSONObject = ["deployment": "data_center", "email": .null]
    for (name, value) in settings { all[name] = value }
    return try await JiraTest(all, script: script)
  }

  static func issue(_ key: String, _ fields: JSONObject = JSONObject()) -> JSONValue {
    var all: JSONObject = ["summary": .string("Summary of \(key)"), "status": ["name": "To Do"], "project": ["key": .string(String(key.prefix { $0 != "-" }))]]
    for (name, value) in fields { all[name] = value }
    return ["id": "10001", "key": .string(key), "fields": .object(all)]
  }

  private static func usual(_ vendor: VendorDouble) {
    for version in ["2", "3"] {
      let core = "/rest/api/\(version)"
      vendor.always(
        "GET", core + "/issue/*/transitions",
        .json(["transitions": [["id": "21", "name": "In Progress", "to": ["name": "In Progress"]], ["id": "31", "name": "Done"]]]))
      vendor.always("GET", core + "/issue/*/comment", .json(["comments": [], "total": 0]))
      vendor.always("GET", core + "/issue/*/worklog", .json(["worklogs": [], "total": 0]))
      vendor.always("GET", core + "/issue/*/changelog", .json(["values": [], "isLast": true, "total": 0]))
      vendor.always("GET", core + "/issue/*/remotelink", .json([]))
      let estimate: JSONValue = ["fieldId": "customfield_10016", "key": "customfield_10016", "name": "Size", "allowedValues": [["id": "1", "value": "S"]]]
      vendor.always("GET", core + "/issue/*/editmeta", .json(["fields": ["customfield_10016": estimate]]))
      vendor.always("GET", core + "/issue/createmeta/*/issuetypes/*", .json(["fields": [estimate], "total": 1]))
      vendor.always("GET", core + "/issue/*") { request in
        let key = request.segments.last ?? "ABC-1"
        var issue = issue(key, key == "ABC-1" ? ["attachment": [["id": "7", "filename": "a.txt"]]] : [:])
        if request.query("fields") == "created,status", var fields = issue["fields"]?.object {
          fields["created"] = "2026-07-28T09:00:00.000+0000"
          issue["fields"] = .object(fields)
        }
        if request.query("expand") == "changelog" { issue["changelog"] = ["histories": [], "total": 0] }
        return .json(issue)
      }
      vendor.always("GET", core + "/issueLink/*", .json(["id": "9", "inwardIssue": ["key": "ABC-1"], "outwardIssue": ["key": "ABC-2"]]))
      vendor.always(
        "GET", core + "/attachment/7",
        .json(["id": "7", "filename": "a.txt", "mimeType": "text/plain", "size": 3, "content": "https://acme.atlassian.net/secure/attachment/7/a.txt"]))
      vendor.always("GET", core + "/attachment/content/7", .text("abc"))
      vendor.always("GET", core + "/myself", .json(["accountId": "5b1", "displayName": "Bot", "emailAddress": "bot@example.com"]))
      vendor.always("GET", core + "/project/ABC", .json(["id": "1", "key": "ABC", "name": "Project"]))
      vendor.always("GET", core + "/user/**", .json([]))
      for list in ["field", "project/*/versions", "project/*/components", "project"] { vendor.always("GET", core + "/" + list, .json([])) }
      vendor.always("GET", core + "/issueLinkType", .json(["issueLinkTypes": []]))
      vendor.always("POST", core + "/issue", .json(["id": "10010", "key": "ABC-10"], status: 201))
      vendor.always("POST", core + "/issue/bulk", .json(["issues": [["id": "1", "key": "ABC-11"]], "errors": []], status: 201))
      vendor.always("POST", core + "/search/approximate-count", .json(["count": 7]))
      vendor.always("POST", core + "/search/**", .json(["issues": [], "isLast": true, "total": 7]))
      vendor.always("POST", core + "/issue/*/attachments", .json([["id": "8", "filename": "a.txt"]]))
      vendor.always("POST", core + "/issue/*/transitions", .status(204))
      vendor.always("POST", core + "/issue/*/watchers", .status(204))
      vendor.always("POST", core + "/issueLink", .status(201))
      vendor.always("POST", core + "/version", .json(["id": "10100", "name": "1.1"], status: 201))
      for verb in ["GET", "PUT"] { vendor.always(verb, core + "/version/*", .json(["id": "10100", "name": "1.1", "projectId": 1])) }
      vendor.always("POST", core + "/issue/bulkfetch") { request in
        let keys = (request.json?["issueIdsOrKeys"]?.array ?? []).compactMap(\.string)
        return .json(["issues": .array(keys.filter { $0.hasPrefix("XYZ-") }.map { JiraTest.issue($0) })])
      }
      vendor.always("POST", core + "/changelog/bulkfetch", .json(["issueChangeLogs": []]))
    }
    vendor.always("GET", "/secure/attachment/7/a.txt", .text("abc"))
    vendor.always("GET", "/rest/agile/1.0/sprint/*", .json(["id": 37, "name": "Sprint", "state": "active", "originBoardId": 4]))
    vendor.always("GET", "/rest/agile/1.0/board/*", .json(["id": 4, "name": "Board", "type": "scrum", "location": ["projectKey": "ABC"]]))
    vendor.always("GET", "/rest/servicedeskapi/servicedesk/*", .json(["id": "1", "projectKey": "ABC", "projectName": "Project"]))
    vendor.always("GET", "/rest/servicedeskapi/servicedesk/*/requesttype/*/field", .json(["requestTypeFields": []]))
    vendor.always("POST", "/rest/agile/1.0/sprint/*/issue", .status(204))
    vendor.always("POST", "/rest/agile/1.0/backlog/issue", .status(204))
    vendor.always("POST", "/rest/agile/1.0/**", .json(["id": 37, "name": "Sprint", "state": "future"]))
    vendor.always("PUT", "/rest/**", .status(204))
    vendor.always("DELETE", "/rest/**", .status(204))
    for verb in ["GET", "POST"] {
      vendor.always(verb, "/rest/**", .json(["id": "1", "values": [], "issues": [], "issueKey": "ABC-1", "isLast": true, "isLastPage": true]))
    }
  }

  func requests(_ method: String, _ path: String) -> [CapturedRequest] { vendor.requests.filter { $0.method == method && $0.path.hasSuffix(path) } }

  /// The JQL of the last search.
  var jql: String? { vendor.requests.last { $0.path.hasSuffix("/search/jql") || $0.path.hasSuffix("/search") || $0.path.hasSuffix("-count") }?.json?["jql"]?.string }
}

extension JSONValue {
  subscript(_ index: Int) -> JSONValue? { array.flatMap { $0.indices.contains(index) ? $0[index] : nil } }
}
