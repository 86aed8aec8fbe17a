internal import ConnectorKit
internal import JSON
internal import MCP

/// Queries and searches.
struct QueryTools: Sendable {
  let salesforce: SalesforceContext
  private var queries: SalesforceQueries { SalesforceQueries(salesforce: salesforce) }

  var tools: [Tool] { [query, more, aggregate, search] }

  static let object = Field.text("object", "An object's API name: Opportunity, Invoice__c.", required: true, length: 80)

  private static let operators = ["eq", "ne", "lt", "le", "gt", "ge", "like", "in", "not_in", "includes", "excludes"]
  private static let conditions = Field(
    "conditions",
    [
      "type": "array", "maxItems": 50, "description": "What rows must fulfil.",
      "items": [
        "type": "object",
        "properties": [
          "field": ["type": "string", "description": "StageName, Account.Name."],
          "op": ["type": "string", "enum": .array(operators.map { .string($0) }), "description": "eq if not given. like takes % and _."],
          "value": ["description": "A text, number, true, false, null or date (2026-07-28, 2026-07-28T12:00:00Z, TODAY, LAST_N_DAYS:30); for in and not_in a list."],
          "kind": ["type": "string", "enum": ["text", "date"], "description": "Where the look of the value misleads."],
        ], "required": ["field", "value"], "additionalProperties": false,
      ],
    ])
  private static let match = Field.text("match", "Whether all conditions must hold, or any; all if not given.", oneOf: ["all", "any"])
  private static let order = Field(
    "order",
    [
      "type": "array", "maxItems": 5, "description": "Where rows come first.",
      "items": [
        "type": "object", "properties": ["field": ["type": "string"], "descending": ["type": "boolean"]], "required": ["field"], "additionalProperties": false,
      ],
    ])
  private static let raw = Field.text(
    "soql", "In place of all other arguments: a SELECT as SOQL. FIELDS(), TYPEOF, FOR and bind variables are not taken.", length: SOQLLexer.maximumBytes)

  // MARK: Parts

  static func condition(_ call: ToolCall) throws(VendorError) -> SOQLQuery.Condition? {
    var parts: [SOQLQuery.Condition] = []
    for item in call["conditions"].map({ Array($0.elements) }) ?? [] { parts.append(try condition(item)) }
    if parts.isEmpty { return nil }
    if parts.count == 1 { return parts[0] }
    return call.string("match") == "any" ? .any(parts) : .all(parts)
  }

  private static func condition(_ item: RawJSON) throws(VendorError) -> SOQLQuery.Condition {
    let term = SOQLQuery.Term(field: try SOQLName.field(item["field"]?.string ?? ""))
    let name = item["op"]?.string ?? "eq"
    let kind = item["kind"]?.string
    guard let value = item["value"] else { throw VendorError(.refused, "The condition on \(term.text) has no value.") }
    if let membership = ["in": SOQLQuery.Membership.isIn, "not_in": .isNotIn, "includes": .includes, "excludes": .excludes][name] {
      var values: [SOQLLiteral] = []
      for element in value.kind == .array ? Array(value.elements) : [value] { values.append(try SOQLLiteral(element, kind: kind)) }
      guard !values.isEmpty, values.count <= 500 else { throw VendorError(.refused, "\(name) needs 1 to 500 values.") }
      return .list(term, membership, values)
    }
    let comparisons: [String: SOQLQuery.Comparison] = [
      "eq": .equal, "ne": .different, "lt": .less, "le": .lessOrEqual, "gt": .greater, "ge": .greaterOrEqual, "like": .like,
    ]
    guard let comparison = comparisons[name] else {
      throw VendorError(.refused, "There is no operator \"\(name.prefix(20))\". Known: \(operators.joined(separator: ", ")).")
    }
    return .compare(term, comparison, try SOQLLiteral(value, kind: comparison == .like ? "text" : kind))
  }

  private static func order(_ call: ToolCall) throws(VendorError) -> [SOQLQuery.Order] {
    var order: [SOQLQuery.Order] = []
    for item in call["order"].map({ Array($0.elements) }) ?? [] {
      order.append(SOQLQuery.Order(term: SOQLQuery.Term(field: try SOQLName.field(item["field"]?.string ?? "")), isDescending: item["descending"]?.bool ?? false))
    }
    return order
  }

  /// The fields that a call names, or the usual ones.
  func fields(_ call: ToolCall, of object: String) throws(VendorError) -> [String] {
    let named = SalesforceContext.texts(call["fields"])
    guard named.isEmpty else {
      var fields: [String] = []
      for name in named { fields.append(try SOQLName.field(name)) }
      return fields
    }
    return standardFields(of: object)
  }

  func standardFields(of object: String) -> [String] {
    guard let type = salesforce.types.type(of: object) else { return ["Id", "Name"] }
    return type.standardFields.filter { salesforce.access.admits(field: $0, of: object) }
  }

  // MARK: Tools

  private var query: Tool {
    salesforce.list(
      "soql_query", "Query records",
      "Finds records of an object by conditions; or takes a SOQL query. Known objects come back with plain member names (opportunities: stage, amount, owner, is_won), others under records.",
      [
        Field.text("object", "An object's API name: Opportunity, Invoice__c.", length: 80),
        Field.texts("fields", "API names, relationships with dots: Name, Account.Name. The usual ones if not given.", most: 100), Self.conditions, Self.match, Self.order,
        Field.integer("limit", "Rows in all, 200 if not given.", 1...50_000), Self.raw,
      ]
    ) { call, subject throws(VendorError) in
      var query: SOQLQuery
      if let text = call.string("soql") {
        guard call["object"] == nil, call["conditions"] == nil, call["fields"] == nil else {
          throw VendorError(.refused, "Give soql, or object with fields and conditions, not both.")
        }
        query = try SOQLParser.parse(text)
        guard !query.isAggregate else { throw VendorError(.refused, "This query sums records up. Use aggregate_query.") }
        if let limit = call.int("limit") { query.limit = min(query.limit ?? limit, limit) }
      } else {
        guard let object = call.string("object") else { throw VendorError(.refused, "Say which \"object\", or give \"soql\".") }
        query = SOQLQuery(fields: try fields(call, of: try SOQLName.object(object)), from: object)
        query.condition = try Self.condition(call)
        query.order = try Self.order(call)
        query.limit = call.int("limit") ?? 200
      }
      return try await queries.records(try await queries.prepare(query, for: call, as: subject), for: call, as: subject)
    }
  }

  private var more: Tool {
    salesforce.list(
      "query_more", "Go on with a query", "Gets the next page of a query.", [Field.text("cursor", "next_cursor of the page before.", required: true, length: 8192)]
    ) { call, subject throws(VendorError) in
      try await queries.more(call.string("cursor") ?? "", for: call, as: subject)
    }
  }

  private var aggregate: Tool {
    salesforce.tool(
      "aggregate_query", "Sum records up", "Counts and sums records, in groups if wanted. Give object and functions, or a SOQL query.",
      [
        Field.text("object", "An object's API name.", length: 80),
        Field(
          "functions",
          [
            "type": "array", "maxItems": 10, "description": "What to work out; the count of records if not given.",
            "items": [
              "type": "object",
              "properties": [
                "function": ["type": "string", "enum": ["count", "count_distinct", "sum", "avg", "min", "max"]],
                "field": ["type": "string", "description": "Id if not given."],
                "name": ["type": "string", "description": "As it is called in the result."],
              ], "required": ["function"], "additionalProperties": false,
            ],
          ]), Field.texts("group_by", "Fields.", most: 5), Self.conditions, Self.match, Field.integer("limit", "Groups at most, 200 if not given.", 1...2000), Self.raw,
      ],
      output: [
        "type": "object", "properties": ["rows": ["type": "array", "items": ["type": "object"]], "count": ["type": "integer"]], "required": ["rows"],
      ], meta: salesforce.types.touchMeta
    ) { call, subject throws(VendorError) in
      var query: SOQLQuery
      if let text = call.string("soql") {
        query = try SOQLParser.parse(text)
        guard query.isAggregate else { throw VendorError(.refused, "This query finds records. Use soql_query.") }
      } else {
        guard let object = call.string("object") else { throw VendorError(.refused, "Say which \"object\", or give \"soql\".") }
        query = SOQLQuery([], from: try SOQLName.object(object))
        for field in SalesforceContext.texts(call["group_by"]) { query.groups.append(SOQLQuery.Term(field: try SOQLName.field(field))) }
        query.items = query.groups.map { .term($0, alias: nil) } + (try functions(call))
        query.condition = try Self.condition(call)
      }
      if !query.groups.isEmpty { query.limit = min(query.limit ?? 200, call.int("limit") ?? 200) }
      query = try await queries.prepare(query, for: call, as: subject)
      // One row needs no bound, and Salesforce takes none there.
      if query.groups.isEmpty { query.limit = nil }
      let json = try await queries.run(query, as: subject)
      let rows = SalesforceContext.elements(json, "records").map { Self.row($0) }
      var structured: JSONObject = ["rows": .array(rows)]
      if query.isCount, let count = json["totalSize"]?.int { structured["count"] = .int(count) }
      let columns = rows.first?.object?.map(\.name) ?? []
      return UntrustedText.mark(
        ToolResult(structured: .object(structured), text: query.isCount ? "\(json["totalSize"]?.int ?? 0) records." : CompactTable(rows, columns: columns).text), "/rows")
    }
  }

  private func functions(_ call: ToolCall) throws(VendorError) -> [SOQLQuery.Item] {
    var items: [SOQLQuery.Item] = []
    let given = call["functions"].map { Array($0.elements) } ?? []
    if given.isEmpty { return [.term(SOQLQuery.Term(function: "COUNT", text: "COUNT(Id)", fields: ["Id"]), alias: "records")] }
    for (index, item) in given.enumerated() {
      let function = (item["function"]?.string ?? "count").uppercased()
      guard SOQLQuery.Term.aggregates.contains(function) else { throw VendorError(.refused, "There is no function \(function.prefix(20)).") }
      let field = try SOQLName.field(item["field"]?.string ?? "Id")
      let name = item["name"]?.string ?? "\(function.lowercased())_\(index + 1)"
      guard SOQLName.isName(name), !name.contains("__") else {
        throw VendorError(.refused, "\"\(name.prefix(40))\" cannot name a value: use letters, digits and single underscores.")
      }
      items.append(.term(SOQLQuery.Term(function: function, text: "\(function)(\(field))", fields: [field]), alias: name))
    }
    return items
  }

  private static func row(_ raw: RawJSON) -> JSONValue {
    var row = JSONObject()
    for (name, value) in raw.members { if let name = name.string, name != "attributes" { row[name] = JSONValue(value) } }
    return .object(row)
  }

  private var search: Tool {
    salesforce.list(
      "sosl_search", "Search", "Finds records of several objects by words in them.",
      [
        Field.text("text", "Words; * at a word's end stands for anything.", required: true, length: 500),
        Field.texts("objects", "API names; Account, Contact, Opportunity, Lead and Case if not given.", most: 20),
        Field.text("scope", "Which fields are searched; all if not given.", oneOf: SearchScope.allCases.map(\.rawValue)),
        Field.integer("limit", "Records in all, 50 if not given.", 1...200),
      ]
    ) { call, subject throws(VendorError) in
      let text = call.string("text") ?? ""
      guard text.filter({ $0.isLetter || $0.isNumber }).count >= 2 else { throw VendorError(.refused, "Salesforce searches for at least two letters.") }
      let scope = call.string("scope") ?? "all"
      if ["email", "phone"].contains(scope), let clearance = call.grantedCategories, !clearance.contains("pii") {
        throw VendorError(.refused, "Policy does not show addresses and numbers of people here, so records cannot be found by them.")
      }
      let named = SalesforceContext.texts(call["objects"])
      let clearance = FieldClearance(salesforce, call, as: subject)
      var targets: [SOSL.Target] = []
      for object in named.isEmpty ? ["Account", "Contact", "Opportunity", "Lead", "Case"] : named {
        if named.isEmpty, !salesforce.access.admits(object: object) { continue }
        try salesforce.access.check(object: object)
        let open = try await openScopes(of: object, as: subject)
        guard open.contains(where: { $0.rawValue == scope }) else {
          if named.isEmpty { continue }
          throw Self.closed(object, open)
        }
        if let category = try await clearance?.category(withholdingAnyOf: object, scope: scope) {
          if named.isEmpty { continue }
          throw VendorError(
            .refused,
            "\(object) has fields that policy does not show here (\(category)), and a search would find records by them. Use soql_query with conditions on other fields.")
        }
        // Narrowed as a query of that object would be.
        let prepared = try await queries.prepare(SOQLQuery(fields: standardFields(of: object), from: try SOQLName.object(object)), for: call, as: subject)
        let fields = prepared.items.compactMap { item in if case .term(let term, _) = item { term.text } else { nil } }
        targets.append(SOSL.Target(object: object, fields: fields, condition: prepared.condition))
      }
      guard !targets.isEmpty else {
        throw VendorError(.refused, "Say which \"objects\". Those that are searched otherwise have fields that may not be seen here: use soql_query for them.")
      }
      let search = SOSL(text: text, scope: scope.uppercased(), targets: targets, limit: call.int("limit") ?? 50)
      let json = try await salesforce.api.get(["search"], [("q", search.query)], as: subject, maximumBytes: salesforce.maximumBytes)
      var list = RecordList(types: salesforce.types)
      // Versions before 37.0 answer with the array alone.
      let found = json.kind == .array ? Array(json.elements) : SalesforceContext.elements(json, "searchRecords")
      list.records = try await queries.records(of: found, nil, for: call, as: subject)
      return list.result(expected: targets.count == 1 ? targets[0].object : nil)
    }
  }

  /// Scopes in which nothing is searched that the settings keep out.
  private func openScopes(of object: String, as subject: Subject) async throws(VendorError) -> [SearchScope] {
    guard salesforce.access.limitsFields(of: object) else { return SearchScope.allCases }
    let description = try await OrgTools(salesforce: salesforce).description(of: object, as: subject)
    return SearchScope.allCases.filter { $0.isOpen(object, description, salesforce.access) }
  }

  private static func closed(_ object: String, _ open: [SearchScope]) -> VendorError {
    let scopes = open.isEmpty ? "" : "search with scope \(open.map(\.rawValue).joined(separator: " or ")), or "
    return VendorError(
      .refused,
      "\(object) has fields that this connector's settings keep out (fields), and such a search would find records by them. Instead \(scopes)use soql_query with conditions on other fields."
    )
  }
}
