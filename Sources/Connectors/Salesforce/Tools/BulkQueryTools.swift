internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP

/// Bulk API 2.0 queries, for more rows than a person reads: a toolset that is switched on.
struct BulkQueryTools: Sendable {
  let salesforce: SalesforceContext
  private var queries: SalesforceQueries { SalesforceQueries(salesforce: salesforce) }

  var tools: [Tool] { [start, status, results] }

  private static let job = Field.text("job", "The job's id.", required: true, length: 18)
  private static let output: JSONValue = [
    "type": "object",
    "properties": ["id": ["type": "string"], "state": ["type": "string"], "object": ["type": "string"], "rows": ["type": "integer"], "reason": ["type": "string"]],
    "required": ["id", "state"],
  ]

  private static func job(_ json: RawJSON?) throws(VendorError) -> ToolResult {
    guard let json, let id = json["id"]?.string else { throw VendorError(.invalidAnswer, "Salesforce described the job in no known form.") }
    let state = json["state"]?.string ?? "unknown"
    var structured: JSONObject = ["id": .string(id), "state": .string(state)]
    if let object = json["object"]?.string { structured["object"] = .string(object) }
    if let rows = json["numberRecordsProcessed"]?.int { structured["rows"] = .int(rows) }
    if let reason = json["errorMessage"]?.string { structured["reason"] = .string(reason) }
    return ToolResult(structured: .object(structured), text: "Job \(id): \(state)\(json["numberRecordsProcessed"]?.int.map { ", \($0) rows" } ?? "").")
  }

  private var start: Tool {
    salesforce.tool(
      "start_bulk_query", "Start a bulk query", "Starts a query for many rows, which runs at Salesforce for a while. get_bulk_query tells when it is done.",
      [Field.text("soql", "A SELECT without sums.", required: true, length: SOQLLexer.maximumBytes)], output: Self.output, annotations: .adding,
      meta: salesforce.types.touchMeta
    ) { call, subject throws(VendorError) in
      let asked = try SOQLParser.parse(call.string("soql") ?? "")
      guard !asked.isAggregate, asked.offset == nil else { throw VendorError(.refused, "A bulk query has no sums and no OFFSET. Use aggregate_query.") }
      guard !asked.items.contains(where: { if case .children = $0 { true } else { false } }) else {
        throw VendorError(.refused, "A bulk query has no query within SELECT.")
      }
      var query = try await queries.prepare(asked, for: call, as: subject)
      query.limit = asked.limit
      let json = try await salesforce.api.send(.post, ["jobs", "query"], ["operation": "query", "query": .string(query.text)], as: subject)
      return try Self.job(json)
    }
  }

  private var status: Tool {
    salesforce.tool("get_bulk_query", "Get a bulk query", "Tells how far a bulk query is.", [Self.job], output: Self.output) { call, subject throws(VendorError) in
      try Self.job(try await salesforce.api.get(["jobs", "query", try SOQLName.id(call.string("job") ?? "")], as: subject))
    }
  }

  private var results: Tool {
    salesforce.list(
      "get_bulk_query_results", "Get rows of a bulk query", "Gets a page of a bulk query's rows.",
      [Self.job, Field.integer("limit", "Rows, 500 if not given.", 1...2000), Field.text("cursor", "next_cursor of the page before.", length: 8192)]
    ) { call, subject throws(VendorError) in
      let id = try SOQLName.id(call.string("job") ?? "")
      let place = PageCursor(list: ["get_bulk_query_results", id])
      let locator = try call.string("cursor").map { text throws(VendorError) in try place.vendor(text) }
      let job = try await salesforce.api.get(["jobs", "query", id], as: subject)
      guard job["state"]?.string == "JobComplete", let object = job["object"]?.string else {
        throw VendorError(.conflict, "The query is not done yet: \(job["state"]?.string ?? "unknown"). Ask get_bulk_query again later.")
      }
      try salesforce.access.check(object: object)
      let response = try await salesforce.api.download(
        ["jobs", "query", id, "results"], [("maxRecords", String(call.int("limit") ?? 500)), ("locator", locator)], accept: "text/csv", as: subject,
        maximumBytes: salesforce.maximumBytes)
      let type = salesforce.types.type(of: object)
      var list = RecordList(types: salesforce.types)
      list.records = try await queries.records(
        of: CSVText.rows(response.text).map { JSONValue.object(Self.typed($0, type)).raw }, object, for: call, as: subject)
      if let next = response.headers["Sforce-Locator"], next != "null", !next.isEmpty { list.next = place.text(next) }
      if queries.isTotalOpen(object, call) { list.total = job["numberRecordsProcessed"]?.int }
      return list.result(expected: object)
    }
  }

  /// CSV has texts only; policy compares numbers and truth.
  private static func typed(_ row: [(name: String, value: String)], _ type: SalesforceType?) -> JSONObject {
    var record = JSONObject()
    for (name, value) in row where !value.isEmpty {
      switch type?.member(ofField: name)?.kind {
      case .bool: record[name] = .bool(value.lowercased() == "true")
      case .number: record[name] = Double(value).flatMap { JSONNumber($0) }.map { .number($0) } ?? .string(value)
      default: record[name] = .string(value)
      }
    }
    return record
  }
}

/// CSV as Salesforce writes it (RFC 4180).
enum CSVText {
  /// Rows with the names of the first line.
  static func rows(_ text: String) -> [[(name: String, value: String)]] {
    let lines = lines(text)
    guard let header = lines.first else { return [] }
    return lines.dropFirst().map { line in zip(header, line).map { ($0, $1) } }
  }

  private static func lines(_ text: String) -> [[String]] {
    var lines: [[String]] = []
    var line: [String] = []
    var cell: [UInt8] = []
    var isQuoted = false
    var hasCell = false
    var rest = Array(text.utf8)[...]
    func end() -> String { String(decoding: cell, as: UTF8.self) }
    while let byte = rest.popFirst() {
      if isQuoted {
        if byte != UInt8(ascii: "\"") {
          cell.append(byte)
        } else if rest.first == UInt8(ascii: "\"") {
          rest = rest.dropFirst()
          cell.append(byte)
        } else {
          isQuoted = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""):
        isQuoted = true
        hasCell = true
      case UInt8(ascii: ","):
        line.append(end())
        cell = []
        hasCell = true
      case UInt8(ascii: "\n"):
        line.append(end())
        lines.append(line)
        (line, cell, hasCell) = ([], [], false)
      case UInt8(ascii: "\r"): break
      default:
        cell.append(byte)
        hasCell = true
      }
    }
    if hasCell || !line.isEmpty { lines.append(line + [end()]) }
    return lines
  }
}
