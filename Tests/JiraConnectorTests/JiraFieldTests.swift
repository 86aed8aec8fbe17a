import ConnectorTesting
import JSON
import MCP
import Testing

@Suite("Fields of Jira, and the bounds of lists")
struct JiraFieldTests {
  private static let size = "customfield_10016"
  private static func options(_ range: ClosedRange<Int>) -> JSONValue { .array(range.map { ["id": .string("\($0)"), "value": .string("v\($0)")] }) }

  private func ids(_ result: JSONValue) -> [String] { (result["options"]?.array ?? []).compactMap { $0["id"]?.string } }

  @Test("All options of a field are told, a page at a time: of an issue, and of a type of issue")
  func options() async throws {
    let test = try await JiraTest { vendor in
      vendor.always("GET", "/rest/api/3/issue/ABC-1/editmeta", .json(["fields": [Self.size: ["name": "Size", "allowedValues": Self.options(1...120)]]]))
      vendor.on(
        "GET", "/rest/api/3/issue/createmeta/ABC/issuetypes/1", .json(["fields": [["fieldId": "summary", "name": "Summary"]], "total": 2]),
        .json(["fields": [["fieldId": .string(Self.size), "name": "Size", "allowedValues": Self.options(1...3)]], "total": 2]))
    }
    let arguments: JSONValue = ["field": .string(Self.size), "issue": "ABC-1", "limit": 100]
    let first = try await test.jira.structured("list_field_options", arguments)
    var rest = arguments
    rest["cursor"] = first["next_cursor"]
    let second = try await test.jira.structured("list_field_options", rest)
    #expect(ids(first) + ids(second) == (1...120).map(String.init) && second["next_cursor"] == nil && first["total"] == 120)
    #expect(first["options"]?[0] == ["id": "1", "name": "v1"])
    // The field is on the second page of the screen.
    #expect(ids(try await test.jira.structured("list_field_options", ["field": .string(Self.size), "project": "ABC", "type_id": "1"])) == ["1", "2", "3"])
    #expect(test.requests("GET", "/issuetypes/1").map { $0.query("startAt") } == ["0", "1"])
  }

  @Test("Options of a context come as Jira pages them, and those under others name them")
  func contexts() async throws {
    let path = "/rest/api/3/field/\(Self.size)/context"
    let test = try await JiraTest { vendor in
      vendor.always("GET", path, .json(["values": [["id": "10025", "name": "Default", "description": "Of all projects"]], "isLast": true]))
      vendor.on(
        "GET", path + "/10025/option", .json(["values": [["id": "1", "value": "Europe"]], "isLast": false]),
        .json(["values": [["id": "2", "value": "Berlin", "optionId": "1", "disabled": true]], "isLast": true]))
    }
    let field: JSONObject = ["field": .string(Self.size)]
    let context = try await test.jira.structured("list_field_contexts", .object(field))["items"]?[0]
    #expect(context?["id"] == "10025" && context?["name"] == "Default")
    let of: JSONObject = field.merging(["context": "10025"])
    let first = try await test.jira.structured("list_field_options", .object(of))
    let second = try await test.jira.structured("list_field_options", .object(of.merging(["cursor": try #require(first["next_cursor"])])))
    #expect(first["options"] == [["id": "1", "name": "Europe"]])
    #expect(second["options"] == [["id": "2", "name": "Berlin", "parent": "1", "disabled": true]] && second["next_cursor"] == nil)
  }

  @Test("Options under others come after them")
  func cascading() async throws {
    let allowed: JSONValue = [["id": "1", "value": "Europe", "children": [["id": "2", "value": "Berlin"]]], ["id": "3", "value": "Asia"]]
    let test = try await JiraTest { $0.always("GET", "/rest/api/3/issue/ABC-1/editmeta", .json(["fields": [Self.size: ["name": "Place", "allowedValues": allowed]]])) }
    let result = try await test.jira.structured("list_field_options", ["field": .string(Self.size), "issue": "ABC-1"])
    #expect(result["options"] == [["id": "1", "name": "Europe"], ["id": "2", "name": "Berlin", "parent": "1"], ["id": "3", "name": "Asia"]])
  }

  static let refusals: [(JSONObject, String)] = [
    ([:], "Give one of"), (["project": "ABC"], "Give one of"), (["issue": "ABC-1", "context": "1"], "Give one of"), (["context": "x"], "a number"),
    (["field": "../x", "context": "1"], "a field's id"), (["field": "summary", "issue": "ABC-1"], "not on that screen"),
    (["field": "labels", "issue": "ABC-1"], "no list of options"),
  ]

  @Test("What cannot be told is refused with what to do", arguments: refusals)
  func refused(_ arguments: JSONObject, _ words: String) async throws {
    let test = try await JiraTest { $0.always("GET", "/rest/api/3/issue/ABC-1/editmeta", .json(["fields": ["labels": ["name": "Labels"]]])) }
    #expect(try await test.jira.failure("list_field_options", .object((["field": .string(Self.size)] as JSONObject).merging(arguments))).contains(words))
  }

  @Test("Contexts, which are of all projects, are told only where all projects may be seen; Data Center has none")
  func limits() async throws {
    let limited = try await JiraTest(["projects": ["deny": ["HR"]]])
    let open = try await JiraTest()
    let center = try await JiraTest.dataCenter {
      $0.always("GET", "/rest/api/2/issue/ABC-1/editmeta", .json(["fields": [Self.size: ["allowedValues": Self.options(1...2)]]]))
    }
    let rule: JSONObject = [MetaKey.rows: ["Project": ["=", "key", "ABC"], "JiraItem": ["true"], "Issue": ["true"]]]
    for (tool, more) in [("list_field_contexts", [:]), ("list_field_options", ["context": "1"])] as [(String, JSONObject)] {
      let arguments = JSONValue.object((["field": .string(Self.size)] as JSONObject).merging(more))
      #expect(try await limited.jira.failure(tool, arguments).contains("Only some projects"))
      #expect(try await open.jira.failure(tool, arguments, meta: rule).contains("Only some projects"))
      #expect(try await center.jira.failure(tool, arguments).contains("Data Center gives no contexts"))
    }
    #expect(limited.vendor.requests.isEmpty && open.vendor.requests.isEmpty && center.vendor.requests.isEmpty)
    #expect(ids(try await center.jira.structured("list_field_options", ["field": .string(Self.size), "issue": "ABC-1"])) == ["1", "2"])
  }

  /// Lists of a form of their own.
  private static let plain: Set<String> = ["list_remote_links"]

  @Test("Every list is bounded, goes on by a cursor, and gives the members that are asked for")
  func bounded() async throws {
    for tool in try await JiraTest().jira.client.listTools() where tool.name.hasPrefix("list_") || tool.name.hasPrefix("search_") {
      let properties = tool.raw["inputSchema"]?["properties"]
      #expect((properties?["limit"]?["maximum"]?.int).map { $0 <= 100 } == true && properties?["cursor"] != nil, "\(tool.name)")
      #expect(properties?["fields"] != nil || Self.plain.contains(tool.name), "\(tool.name)")
      #expect(tool.raw["outputSchema"]?["properties"]?["next_cursor"] != nil, "\(tool.name)")
    }
  }

  /// Lists that Jira gives whole, what they ask, and how it answers.
  static let whole: [(String, JSONObject, String, @Sendable ([JSONValue]) -> JSONValue, String)] = [
    ("list_fields", [:], "/rest/api/3/field", { .array($0) }, "items"),
    ("list_link_types", [:], "/rest/api/3/issueLinkType", { ["issueLinkTypes": .array($0)] }, "items"),
    ("list_versions", ["project": "ABC"], "/rest/api/3/project/ABC/versions", { .array($0) }, "items"),
    ("list_components", ["project": "ABC"], "/rest/api/3/project/ABC/components", { .array($0) }, "items"),
    ("list_transitions", ["issue": "ABC-1"], "/rest/api/3/issue/ABC-1/transitions", { ["transitions": .array($0)] }, "items"),
    ("list_watchers", ["issue": "ABC-1"], "/rest/api/3/issue/ABC-1/watchers", { ["watchers": .array($0)] }, "users"),
    ("list_remote_links", ["issue": "ABC-1"], "/rest/api/3/issue/ABC-1/remotelink", { .array($0) }, "links"),
    (
      "list_edit_fields", ["issue": "ABC-1"], "/rest/api/3/issue/ABC-1/editmeta",
      { fields in ["fields": .object(fields.reduce(into: JSONObject()) { $0[$1["id"]?.string ?? ""] = $1 })] }, "items"
    ),
    (
      "list_request_fields", ["desk": "1", "request_type": "2"], "/rest/servicedeskapi/servicedesk/1/requesttype/2/field", { ["requestTypeFields": .array($0)] }, "items"
    ),
  ]

  @Test("What Jira gives whole is given a page at a time here, and a cursor holds for its list", arguments: whole)
  func pages(_ tool: String, _ arguments: JSONObject, _ path: String, _ answer: @Sendable ([JSONValue]) -> JSONValue, _ member: String) async throws {
    let records: [JSONValue] = (1...120).map { ["id": .string("\($0)"), "accountId": .string("\($0)"), "name": .string("n\($0)"), "description": "long"] }
    let body = answer(records)
    let test = try await JiraTest { $0.always("GET", path, .json(body)) }
    var (seen, cursor): ([String], JSONValue?) = ([], nil)
    repeat {
      var arguments = arguments
      arguments["cursor"] = cursor
      if tool != "list_remote_links" { arguments["fields"] = ["name"] }
      let result = try await test.jira.structured(tool, .object(arguments))
      let rows = result[member]?.array ?? []
      #expect(rows.count <= 50 && rows.allSatisfy { $0["description"] == nil })
      seen += rows.compactMap { $0["id"]?.string }
      cursor = result["next_cursor"]
    } while cursor != nil && seen.count < 120
    #expect(seen == (1...120).map(String.init) && cursor == nil)
  }

  @Test("Pages that are cut here hold only what a rule admits, and count nothing else")
  func ruled() async throws {
    let versions = JSONValue.array((1...120).map { ["id": .string("\($0)"), "name": .string($0 % 2 == 0 ? "even" : "odd")] })
    let test = try await JiraTest { $0.always("GET", "/rest/api/3/project/ABC/versions", .json(versions)) }
    let meta: JSONObject = [MetaKey.rows: ["Project": ["true"], "JiraItem": ["=", "name", "even"]]]
    let first = try await test.jira.structured("list_versions", ["project": "ABC"], meta: meta)
    let second = try await test.jira.structured("list_versions", ["project": "ABC", "cursor": try #require(first["next_cursor"])], meta: meta)
    #expect(first["items"]?.array?.count == 50 && second["items"]?.array?.count == 10 && second["next_cursor"] == nil && first["total"] == nil)
  }
}
