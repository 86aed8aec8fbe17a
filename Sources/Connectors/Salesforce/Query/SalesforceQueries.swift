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
  func prepare(_ query: SOQLQuery, for request: some IncomingRequest, as subject: Subject) async throws(VendorError) -> SOQLQuery {
    var query = query
    try check(query)
    try await checkPolicy(query, request, subject)
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
    } else if !salesforce.access.objects.admitsAll || !salesforce.access.fields.admitsAll {
      throw VendorError(
        .refused, "Queries within SELECT name relationships, not objects, and this connector's settings limit objects or fields. Use get_related_records.")
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
  private func checkPolicy(_ query: SOQLQuery, _ request: some IncomingRequest, _ subject: Subject) async throws(VendorError) {
    let isFiltered = salesforce.isFiltered(request)
    let clearance = FieldClearance(salesforce, request, as: subject)
    let conditions = [query.condition, query.having].compactMap { $0 }
    var plain: [String] = []
    var used = conditions.flatMap(\.fields) + query.groups.flatMap(\.fields) + query.order.filter { $0.term.function != nil }.flatMap(\.term.fields)
    let ordered = query.order.filter { $0.term.function == nil }.flatMap(\.term.fields)
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
      for field in plain + used + ordered where field.contains(".") && !isOpen(path: field) {
        throw VendorError(
          .refused, "Policy decides by record here, so \(field) is not taken: of related records only names are. Ask for the other record by a query of its own.")
      }
    }
    guard let clearance else { return }
    let aliases = query.items.compactMap { if case .term(_, let alias?) = $0 { alias.lowercased() } else { nil } }
    let names = Set(query.isAggregate ? aliases : [])
    let found = Set(used.map { $0.lowercased() })
    for field in used + ordered {
      guard let category = try await clearance.category(withholding: field, on: query.object) else { continue }
      // What a function is called, which only the order of sums may name: what it is made of was looked at itself.
      if category == FieldClearance.unknown, names.contains(field.lowercased()), !found.contains(field.lowercased()) { continue }
      throw FieldClearance.refusal(field, category, Self.consequence)
    }
    for inner in conditions.flatMap(\.queries) { try await checkInner(inner, clearance) }
    // Members of our own are left out of the rows instead.
    let type = salesforce.types.type(of: query.object)
    for field in plain where field.contains(".") && type?.member(ofField: field) == nil {
      if let category = clearance.declared(withholding: field, on: query.object) { throw FieldClearance.refusal(field, category, "") }
    }
  }

  private static let consequence = ": rows cannot be found, ordered or summed up by it"

  /// A query within WHERE finds rows by all that stands in it.
  private func checkInner(_ query: SOQLQuery, _ clearance: FieldClearance) async throws(VendorError) {
    let conditions = [query.condition, query.having].compactMap { $0 }
    for field in query.fields {
      try await clearance.check(field, on: query.object, Self.consequence)
    }
    for inner in conditions.flatMap(\.queries) { try await checkInner(inner, clearance) }
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
  func records(_ query: SOQLQuery, for request: some IncomingRequest, as subject: Subject) async throws(VendorError) -> ToolResult {
    try await result(try await run(query, as: subject), object: query.object, for: request, as: subject)
  }

  func result(_ json: RawJSON, object: String, for request: some IncomingRequest, as subject: Subject) async throws(VendorError) -> ToolResult {
    var list = RecordList(types: salesforce.types)
    list.records = try await records(of: SalesforceContext.elements(json, "records"), object, for: request, as: subject)
    // A page that is not the last says where the next one is, however short it is itself.
    if let link = json["nextRecordsUrl"]?.string { list.next = Self.cursor.text("\(object) \(link)") }
    if isTotalOpen(object, request) { list.total = json["totalSize"]?.int }
    return list.result(expected: object)
  }

  /// Whether Salesforce's count is one of rows that the caller may see: it knows no case in texts, and nothing of objects without a type here.
  func isTotalOpen(_ object: String, _ request: some IncomingRequest) -> Bool {
    guard let filter = salesforce.filter(request, object) else { return true }
    return salesforce.types.type(of: object).map { RowRule.exact(filter, $0) != nil } ?? false
  }

  /// Records as the caller may see them, without those that settings or policy keep out, whatever they came with.
  ///
  /// - Parameter object: what they are of where they do not say.
  func records(of raws: [RawJSON], _ object: String?, for request: some IncomingRequest, as subject: Subject) async throws(VendorError) -> [SalesforceRecord] {
    let clearance = FieldClearance(salesforce, request, as: subject)
    var verdicts: [String: [String: Bool]] = [:]
    var records: [SalesforceRecord] = []
    for raw in raws {
      guard let name = raw["attributes"]?["type"]?.string ?? object, salesforce.access.admits(object: name) else { continue }
      guard let record = SalesforceRecord(raw, of: object, salesforce.types), let members = record.json.object else { continue }
      let filter = salesforce.filter(request, name)
      guard filter?.admits(record.json) ?? true else { continue }
      guard clearance != nil || !salesforce.access.fields.admitsAll else {
        records.append(record)
        continue
      }
      // What the rule speaks of the gateway must see, to look again; it masks what was declared to it.
      let needed = filter?.attributes ?? []
      var kept = JSONObject()
      for (member, value) in members {
        let isShown: Bool
        if let known = verdicts[name]?[member] {
          isShown = known
        } else {
          isShown = try await shows(member, of: record.type, object: name, isNeeded: needed.contains(member), clearance)
          verdicts[name, default: [:]][member] = isShown
        }
        if isShown { kept[member] = value }
      }
      records.append(SalesforceRecord(type: record.type, json: .object(kept)))
    }
    return records
  }

  func record(of raw: RawJSON, _ object: String?, for request: some IncomingRequest, as subject: Subject) async throws(VendorError) -> SalesforceRecord? {
    try await records(of: [raw], object, for: request, as: subject).first
  }

  private func shows(
    _ member: String, of type: SalesforceType, object: String, isNeeded: Bool, _ clearance: FieldClearance?
  ) async throws(VendorError) -> Bool {
    if ["id", "object"].contains(member) { return true }
    let field = type.member(member)?.field ?? member
    guard salesforce.access.admits(field: field, of: object) else { return false }
    guard let clearance else { return true }
    if let category = type.record.categories[member], !clearance.isGranted(category) { return isNeeded }
    return try await clearance.category(withholding: field, on: object) == nil
  }

  /// The page after one that ``result(_:object:)`` gave.
  func more(_ cursor: String, for request: some IncomingRequest, as subject: Subject) async throws(VendorError) -> ToolResult {
    let parts = try Self.cursor.vendor(cursor).split(separator: " ", maxSplits: 1).map(String.init)
    // The cursor came back from outside: it may lead to a page of a query and to nothing else.
    guard parts.count == 2, SOQLName.isName(parts[0]), Self.isPage(parts[1]) else {
      throw VendorError(.refused, "The cursor is not valid: pass next_cursor exactly as it was received.")
    }
    try salesforce.access.check(object: parts[0])
    let json = try await salesforce.api.get(link: parts[1], as: subject, maximumBytes: salesforce.maximumBytes)
    return try await result(json, object: parts[0], for: request, as: subject)
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
