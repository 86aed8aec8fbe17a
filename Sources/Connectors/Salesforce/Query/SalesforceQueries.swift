internal import ConnectorKit
internal import JSON
internal import MCP

/// Queries as they may be sent: within the settings' objects and fields, narrowed to the rows that policy lets the caller see, bounded.
struct SalesforceQueries: Sendable {
  let salesforce: SalesforceContext

  /// Rows of one answer. Salesforce takes 200 to 2,000.
  static let pageRows = 200
  private static let maximumOffset = 2000

  /// A query that the caller may ask.
  ///
  /// - Throws: ``VendorError`` `refused` or `notFound` that says which part is not taken.
  func prepare(_ query: SOQLQuery, for request: some ServerRequest) throws(VendorError) -> SOQLQuery {
    var query = query
    try check(query)
    try checkPolicy(query, request)
    let type = salesforce.types.type(of: query.object)
    let filter = salesforce.filter(request, query.object)
    if let filter {
      query = try narrowed(query, filter, type ?? salesforce.types.other)
    }
    if !query.isAggregate {
      // Id is there for everything; the rest is what policy decides by.
      query = query.selecting(["Id"] + (type?.policyFields ?? []) + (type ?? salesforce.types.other).fields(of: filter))
    }
    if !query.isCount { query.limit = min(query.limit ?? salesforce.maximumRows, salesforce.maximumRows) }
    query.offset = query.offset.map { min($0, Self.maximumOffset) }
    return query
  }

  // MARK: Settings

  private func check(_ query: SOQLQuery, of parent: String? = nil) throws(VendorError) {
    if parent == nil {
      try salesforce.access.check(object: query.object)
    } else if !salesforce.access.objects.admitsAll {
      throw VendorError(.refused, "Queries within SELECT name relationships, not objects, and this connector's settings limit objects. Use get_related_records.")
    }
    let object = query.object
    for item in query.items {
      switch item {
      case .term(let term, _): for field in term.fields { try salesforce.access.check(field: field, of: object) }
      case .children(let inner): try check(inner, of: object)
      }
    }
    let conditions = [query.condition, query.having].compactMap { $0 }
    for field in conditions.flatMap(\.fields) + query.groups.flatMap(\.fields) + query.order.flatMap(\.term.fields) {
      try salesforce.access.check(field: field, of: object)
    }
    for inner in conditions.flatMap(\.queries) { try check(inner) }
  }

  // MARK: Policy

  /// What the gateway could not take out of the result must not get into it.
  private func checkPolicy(_ query: SOQLQuery, _ request: some ServerRequest) throws(VendorError) {
    let isFiltered = salesforce.isFiltered(request)
    let clearance = request.grantedCategories
    let conditions = [query.condition, query.having].compactMap { $0 }
    var plain: [String] = []
    var used = conditions.flatMap(\.fields) + query.groups.flatMap(\.fields) + query.order.flatMap(\.term.fields)
    for item in query.items {
      switch item {
      case .term(let term, _): if term.function == nil { plain += term.fields } else { used += term.fields }
      case .children:
        if clearance != nil {
          throw VendorError(.refused, "Policy looks at each record here, so a query within SELECT is not taken. Ask for those records by a query of their own.")
        }
      }
    }
    if isFiltered, !conditions.flatMap(\.queries).isEmpty {
      throw VendorError(.refused, "Policy decides by record here, so a query within WHERE is not taken. Ask for the ids first.")
    }
    if isFiltered {
      for field in plain + used where field.contains(".") && !isOpen(path: field) {
        throw VendorError(
          .refused, "Policy decides by record here, so \(field) is not taken: of related records only names are. Ask for the other record by a query of its own.")
      }
    }
    guard let clearance else { return }
    for field in used {
      if let category = salesforce.types.category(ofField: field, on: query.object), !clearance.contains(category) {
        throw VendorError(
          .refused, "\(field) holds data of the category \"\(category)\", which policy does not show here: rows cannot be found, ordered or summed up by it.")
      }
    }
    for field in plain where field.contains(".") {
      if let category = salesforce.types.category(ofField: field, on: query.object), !clearance.contains(category) {
        throw VendorError(.refused, "\(field) holds data of the category \"\(category)\", which policy does not show here.")
      }
    }
  }

  /// Names and ids of related records, and who they belong to.
  private func isOpen(path: String) -> Bool {
    let parts = path.split(separator: ".").map { $0.lowercased() }
    if salesforce.policyPaths.contains(path.lowercased()) { return true }
    guard parts.count == 2 else { return false }
    return SalesforceAccess.people.contains(parts[0]) || ["name", "id"].contains(parts[1])
  }

  private func narrowed(_ query: SOQLQuery, _ filter: RowFilter, _ type: SalesforceType) throws(VendorError) -> SOQLQuery {
    if query.isAggregate {
      // Nobody looks at each row after this.
      guard type.object != "*", let rule = RowRule.exact(filter, type) else {
        throw VendorError(
          .refused, "Policy lets only some of these records be seen, by a rule that Salesforce cannot apply, so they cannot be summed up. Use soql_query.")
      }
      return query.restricted(to: rule.condition)
    }
    guard type.object != "*" else { return filter == .constant(false) ? query.restricted(to: .never) : query }
    return query.restricted(to: RowRule.condition(filter, type).condition)
  }

  // MARK: Asking

  func run(_ query: SOQLQuery, as subject: Subject) async throws(VendorError) -> RawJSON {
    // The header is a wish: pages may be smaller, and then are not the last.
    try await salesforce.api.get(
      ["query"], [("q", query.text)], headers: query.isCount ? [] : [("Sforce-Query-Options", "batchSize=\(Self.pageRows)")], as: subject,
      maximumBytes: salesforce.maximumBytes)
  }

  private static let cursor = PageCursor(list: ["salesforce", "query_more"])

  /// A prepared query's first page as a result.
  func records(_ query: SOQLQuery, for request: some ServerRequest, as subject: Subject) async throws(VendorError) -> ToolResult {
    result(try await run(query, as: subject), object: query.object, for: request)
  }

  func result(_ json: RawJSON, object: String, for request: some ServerRequest) -> ToolResult {
    var list = RecordList(types: salesforce.types)
    list.records = SalesforceContext.elements(json, "records").compactMap { record(of: $0, object, for: request) }
    // A page that is not the last says where the next one is, however short it is itself.
    if let link = json["nextRecordsUrl"]?.string { list.next = Self.cursor.text("\(object) \(link)") }
    if isTotalOpen(object, request) { list.total = json["totalSize"]?.int }
    return list.result(expected: object)
  }

  /// Whether Salesforce's count is one of rows that the caller may see: it knows no case in texts, and nothing of objects without a type here.
  func isTotalOpen(_ object: String, _ request: some ServerRequest) -> Bool {
    guard let filter = salesforce.filter(request, object) else { return true }
    return salesforce.types.type(of: object).map { RowRule.exact(filter, $0) != nil } ?? false
  }

  /// A record as the caller may see it; nil where settings or policy keep it out, whatever it came with.
  func record(of raw: RawJSON, _ object: String?, for request: some ServerRequest) -> SalesforceRecord? {
    guard let name = raw["attributes"]?["type"]?.string ?? object, salesforce.access.admits(object: name) else { return nil }
    guard let record = SalesforceRecord(raw, of: object, salesforce.types), let members = record.json.object else { return nil }
    let filter = salesforce.filter(request, name)
    guard filter?.admits(record.json) ?? true else { return nil }
    let clearance = request.grantedCategories
    guard !salesforce.access.fields.admitsAll || clearance != nil else { return record }
    // What the rule speaks of the gateway must see, to look again; it masks it itself.
    let needed = filter?.attributes ?? []
    var kept = JSONObject()
    for (member, value) in members {
      if let clearance, let category = record.type.record.categories[member], !clearance.contains(category), !needed.contains(member) { continue }
      guard ["id", "object"].contains(member) || salesforce.access.admits(field: record.type.member(member)?.field ?? member, of: name) else { continue }
      kept[member] = value
    }
    return SalesforceRecord(type: record.type, json: .object(kept))
  }

  /// The page after one that ``result(_:object:)`` gave.
  func more(_ cursor: String, for request: some ServerRequest, as subject: Subject) async throws(VendorError) -> ToolResult {
    let parts = try Self.cursor.vendor(cursor).split(separator: " ", maxSplits: 1).map(String.init)
    // The cursor came back from outside: it may lead to a page of a query and to nothing else.
    guard parts.count == 2, SOQLName.isName(parts[0]), Self.isPage(parts[1]) else {
      throw VendorError(.refused, "The cursor is not valid: pass next_cursor exactly as it was received.")
    }
    try salesforce.access.check(object: parts[0])
    return result(try await salesforce.api.get(link: parts[1], as: subject, maximumBytes: salesforce.maximumBytes), object: parts[0], for: request)
  }

  /// `/services/data/v62.0/query/01gD...-2000`
  static func isPage(_ link: String) -> Bool {
    let parts = link.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0].isEmpty, parts[1] == "services", parts[2] == "data", parts[3].hasPrefix("v"), Double(parts[3].dropFirst()) != nil,
      parts[4] == "query"
    else { return false }
    return !parts[5].isEmpty && parts[5].utf8.count <= 100 && parts[5].utf8.allSatisfy { SOQLName.isLetter($0) || SOQLName.isDigit($0) || $0 == UInt8(ascii: "-") }
  }
}

extension SalesforceRecord {
  init(type: SalesforceType, json: JSONValue) {
    self.type = type
    self.json = json
  }
}
