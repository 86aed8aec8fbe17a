import ConnectorTesting
import JSON

@testable import SalesforceConnector

/// One call of a tool, for tables of tests.
struct SalesforceAct: Sendable, CustomStringConvertible {
  var name: String
  var tool: String
  var arguments: JSONValue
  /// Differences to simple-salesforce that are meant.
  var exceptions: [RequestDifference.Exception] = []
  /// Why no other client does it; nil where simple-salesforce does.
  var alone: String?

  var description: String { name }

  private static let id = JSONValue.string(SalesforceFixture.id)
  private static let composite = "no method of simple-salesforce"

  static let all: [SalesforceAct] = [
    SalesforceAct(name: "limits", tool: "get_limits", arguments: [:]),
    SalesforceAct(name: "identity", tool: "get_identity", arguments: [:], alone: "no method of simple-salesforce"),
    SalesforceAct(name: "list_objects", tool: "list_objects", arguments: [:]),
    SalesforceAct(name: "describe_object", tool: "describe_object", arguments: ["object": "Invoice__c"]),
    SalesforceAct(
      name: "soql_query", tool: "soql_query",
      arguments: [
        "object": "Invoice__c", "fields": ["Id", "Subject"],
        "conditions": [["field": "Region__c", "value": "EMEA"], ["field": "Total__c", "op": "ge", "value": 1000]],
        "order": [["field": "Total__c", "descending": true]], "limit": 20,
      ]),
    SalesforceAct(
      name: "soql_query raw", tool: "soql_query",
      arguments: ["soql": "select Id , Subject from Invoice__c where Region__c='EMEA' and Total__c>=1000 order by Total__c desc limit 20"]),
    SalesforceAct(
      name: "query_more", tool: "query_more",
      arguments: ["cursor": .string(cursor)]),
    SalesforceAct(
      name: "aggregate_query", tool: "aggregate_query",
      arguments: ["object": "Opportunity", "functions": [["function": "sum", "field": "Amount", "name": "total"]], "group_by": ["StageName"]]),
    SalesforceAct(
      name: "sosl_search", tool: "sosl_search", arguments: ["text": "Acme-Corp*", "objects": ["Invoice__c"], "scope": "name", "limit": 10]),
    SalesforceAct(name: "get_record", tool: "get_record", arguments: ["object": "Invoice__c", "id": id]),
    SalesforceAct(
      name: "get_record by external id", tool: "get_record", arguments: ["object": "Invoice__c", "id": "A-1", "external_field": "Number__c"]),
    SalesforceAct(
      name: "get_related_records", tool: "get_related_records", arguments: ["object": "Account", "id": id, "relationship": "Contacts"]),
    SalesforceAct(name: "list_recent", tool: "list_recent", arguments: [:]),
    SalesforceAct(name: "list_list_views", tool: "list_list_views", arguments: ["object": "Account"]),
    SalesforceAct(
      name: "get_list_view_records", tool: "get_list_view_records", arguments: ["object": "Invoice__c", "list_view": id], alone: composite),
    SalesforceAct(name: "list_reports", tool: "list_reports", arguments: ["search": "Q1"], alone: "a query of its own"),
    SalesforceAct(name: "run_report", tool: "run_report", arguments: ["report": id]),
    SalesforceAct(name: "list_files", tool: "list_files", arguments: ["object": "Account", "id": id], alone: "a query of its own"),
    SalesforceAct(name: "get_file", tool: "get_file", arguments: ["file": id, "content": true], alone: "a query and a download"),
    SalesforceAct(name: "create_record", tool: "create_record", arguments: ["object": "Invoice__c", "fields": ["Name": "A", "Total__c": 5]]),
    SalesforceAct(
      name: "update_record", tool: "update_record", arguments: ["object": "Invoice__c", "id": id, "fields": ["Name": "B", "Total__c": nil]]),
    SalesforceAct(
      name: "upsert_record", tool: "upsert_record",
      arguments: ["object": "Invoice__c", "external_field": "Number__c", "external_id": "A-1", "fields": ["Name": "B"]]),
    SalesforceAct(name: "delete_record", tool: "delete_record", arguments: ["object": "Invoice__c", "id": id]),
    SalesforceAct(
      name: "update_opportunity_stage", tool: "update_opportunity_stage", arguments: ["opportunity": id, "stage": "closed won"], alone: "a description and an update"),
    SalesforceAct(
      name: "upload_file", tool: "upload_file", arguments: ["object": "Invoice__c", "id": id, "filename": "notes.md", "text": "hello\n"]),
    SalesforceAct(
      name: "create_records", tool: "create_records",
      arguments: ["object": "Contact", "records": [["fields": ["LastName": "Dyer"]]], "all_or_none": false]),
    SalesforceAct(
      name: "update_records", tool: "update_records", arguments: ["object": "Contact", "records": [["id": id, "fields": ["LastName": "Dyer"]]]], alone: composite),
    SalesforceAct(
      name: "upsert_records", tool: "upsert_records",
      arguments: ["object": "Contact", "external_field": "Number__c", "records": [["external_id": "A-1", "fields": ["LastName": "Dyer"]]]], alone: composite),
    SalesforceAct(name: "delete_records", tool: "delete_records", arguments: ["object": "Contact", "ids": [id]], alone: composite),
    SalesforceAct(
      name: "composite", tool: "composite",
      arguments: [
        "steps": [
          ["name": "a", "action": "create", "object": "Account", "fields": ["Name": "Acme"]],
          ["name": "b", "action": "create", "object": "Contact", "fields": ["LastName": "Dyer", "AccountId": "@{a.id}"]],
        ]
      ], alone: composite),
    SalesforceAct(name: "list_flows", tool: "list_flows", arguments: [:]),
    SalesforceAct(name: "run_flow", tool: "run_flow", arguments: ["flow": "Renew", "inputs": ["days": 3]]),
    SalesforceAct(name: "tooling_query", tool: "tooling_query", arguments: ["soql": "SELECT Id, Name FROM ApexClass"]),
    SalesforceAct(name: "start_bulk_query", tool: "start_bulk_query", arguments: ["soql": "SELECT Id, Total__c FROM Invoice__c"]),
    SalesforceAct(name: "get_bulk_query", tool: "get_bulk_query", arguments: ["job": id]),
    SalesforceAct(
      name: "get_bulk_query_results", tool: "get_bulk_query_results", arguments: ["job": id], alone: "simple-salesforce downloads to files"),
  ]

  private static let cursor = PageCursorText.text("Opportunity /services/data/v62.0/query/01gD0000002HU6KIAW-2000")
}

/// Answers that are of the form of Salesforce's, whatever is asked.
enum PlausibleSalesforce {
  static func answer(all vendor: VendorDouble) {
    for method in ["GET", "POST", "PATCH", "DELETE"] { vendor.always(method, "/**") { answer($0) } }
  }

  private static func answer(_ request: CapturedRequest) -> ConnectorTesting.Answer {
    let path = request.segments
    let id = JSONValue.string(SalesforceFixture.id)
    if path.last == "VersionData" { return .text("hello") }
    if path.last == "userinfo" { return .json(["user_id": "005", "organization_id": "00D", "preferred_username": "a@b.example"]) }
    if path.contains("jobs") {
      if path.last == "results" { return .text("\"Id\",\"Total__c\"\n\"a0B000000000001AAA\",\"5\"\n", type: "text/csv") }
      return .json(["id": id, "state": "JobComplete", "object": "Invoice__c", "numberRecordsProcessed": 1])
    }
    if path.contains("composite") {
      if path.last == "composite" { return .json(["compositeResponse": [["body": ["id": id, "success": true], "httpStatusCode": 201, "referenceId": "a"]]]) }
      return .json([["id": id, "success": true, "errors": []]])
    }
    if path.contains("actions") {
      return request.method == "GET"
        ? .json(["actions": [["name": "Renew", "label": "Renew"]]]) : .json([["actionName": "Renew", "isSuccess": true, "outputValues": [:]]])
    }
    if path.contains("analytics") { return .json(["reportMetadata": ["name": "R", "detailColumns": []], "factMap": [:], "allData": true]) }
    if path.contains("listviews") {
      return path.last == "describe"
        ? .json(["query": "SELECT Id, Name FROM Invoice__c ORDER BY Name ASC NULLS FIRST"]) : .json(["listviews": [["id": id, "label": "All"]]])
    }
    if path.last == "describe" {
      return .json([
        "name": "Opportunity", "label": "O",
        "fields": [["name": "StageName", "label": "Stage", "type": "picklist", "picklistValues": [["value": "Closed Won", "active": true]]]],
      ])
    }
    if path.last == "sobjects", request.method == "GET" { return .json(["sobjects": [["name": "Account", "label": "Account", "queryable": true]]]) }
    if path.last == "recent" { return .json([["attributes": ["type": "Account"], "Id": id, "Name": "Acme"]]) }
    if path.last == "limits" { return .json(["DailyApiRequests": ["Max": 15000, "Remaining": 14000]]) }
    if path.last == "search" { return .json(["searchRecords": []]) }
    if request.method == "POST" { return .json(["id": id, "success": true, "errors": []], status: 201) }
    if request.method == "PATCH" || request.method == "DELETE" { return .status(204) }
    let record: JSONObject = [
      "Id": id, "Name": "N", "Title": "T", "ContentSize": 5, "LatestPublishedVersionId": id, "ContentDocumentId": id,
    ]
    if path.contains("query") || path.last == "Contacts" { return SalesforceFixture.page([SalesforceFixture.record("Invoice__c", record)]) }
    return .json(SalesforceFixture.record("Invoice__c", record))
  }
}
