internal import ConnectorKit
internal import JSON
internal import MCP

/// Salesforce as resources: `salesforce://{org}/...`, of which the org is for people to read; there is one.
struct SalesforceResources: Sendable {
  let salesforce: SalesforceContext
  /// Told who reads.
  var followers: PeopleFeeds?

  func recordURI(_ object: String, _ id: String) -> String { "salesforce://\(salesforce.org)/record/\(object)/\(id)" }

  func add(to server: Server) throws(URITemplate.ParseError) {
    server.add(
      try template("salesforce://{org}/sobjects", "objects", "Objects", "The org's objects, as CSV.", "text/csv") { read, subject throws(VendorError) in
        let rows: [JSONValue] = try await OrgTools(salesforce: salesforce).objects(as: subject).compactMap { object in
          guard let name = object["name"]?.string, salesforce.access.admits(object: name), object["queryable"]?.bool != false else { return nil }
          return ["name": .string(name), "label": .string(object["label"]?.string ?? name)]
        }
        return CompactTable(rows, columns: ["name", "label"]).text
      })
    server.add(
      try template("salesforce://{org}/sobjects/{object}/describe", "describe", "Description of an object", "The fields of an object.", "text/markdown") {
        read, subject throws(VendorError) in
        let object = read["object"] ?? ""
        let json = try await OrgTools(salesforce: salesforce).description(of: object, as: subject)
        let fields = SalesforceContext.elements(json, "fields").filter { salesforce.access.admits(field: $0["name"]?.string ?? "", of: object) }
        let rows = try await OrgTools(salesforce: salesforce).fields(fields, of: object, for: read, as: subject)
        return "# \(json["label"]?.string ?? object) (\(object))\n\n" + OrgTools.table(rows).text
      })
    server.add(
      try template("salesforce://{org}/record/{object}/{id}", "record", "Record", "A record with its usual fields.", "text/markdown") {
        read, subject throws(VendorError) in
        let object = try SOQLName.object(read["object"] ?? "")
        let id = read["id"] ?? ""
        let record = try await RecordTools(salesforce: salesforce).record(object, id, as: subject, for: read)
        return "# \(object) \(id)\n\n" + UntrustedText.framed(RecordTools.text(record), source: "\(object) \(id)")
      })
    server.add(
      try template("salesforce://{org}/report/{id}", "report", "Report", "A report's rows and totals.", "text/markdown") { read, subject throws(VendorError) in
        let id = try SOQLName.id(read["id"] ?? "")
        let report = try await ReportTools(salesforce: salesforce).report(id, details: true, limit: 500, as: subject, for: read)
        return UntrustedText.framed(report.text, source: "report \(id)")
      })
    for uri in ["salesforce://{org}/sobjects/{object}/describe", "salesforce://{org}/record/{object}/{id}"] {
      server.addCompletion(for: .resourceTemplate(uri, argument: "object")) { request in await completeObject(request) }
      server.addCompletion(for: .resourceTemplate(uri, argument: "org")) { _ in [salesforce.org] }
    }
  }

  private func template(
    _ uri: String, _ name: String, _ title: String, _ description: String, _ mimeType: String,
    _ text: @escaping @Sendable (ResourceRead, Subject) async throws(VendorError) -> String
  ) throws(URITemplate.ParseError) -> ResourceTemplate {
    try ResourceTemplate(uriTemplate: uri, name: name, title: title, description: description, mimeType: mimeType) { read in
      try await read.reading {
        let subject = try salesforce.subject(read)
        let text = try await text(read, subject)
        followers?.note(subject)
        return .text(text, mimeType: mimeType)
      }
    }
  }

  /// Objects whose name or label starts as typed.
  func completeObject(_ request: CompletionRequest) async -> Completion {
    guard let subject = try? salesforce.subject(request), let objects = try? await OrgTools(salesforce: salesforce).objects(as: subject) else { return [] }
    let typed = request.value.lowercased()
    let found = objects.filter { object in
      guard let name = object["name"]?.string, salesforce.access.admits(object: name), object["queryable"]?.bool != false else { return false }
      return name.lowercased().hasPrefix(typed) || object["label"]?.string?.lowercased().hasPrefix(typed) == true
    }
    return Completion(found.compactMap { $0["name"]?.string }.sorted { $0.count < $1.count })
  }

  /// Accounts whose name starts as typed.
  func completeAccount(_ request: CompletionRequest) async -> Completion {
    guard let subject = try? salesforce.subject(request), request.value.count >= 2 else { return [] }
    var query = SOQLQuery(fields: ["Name"], from: "Account")
    let escaped = SOQLLiteral.escaped(request.value).replacing("%", with: "\\%").replacing("_", with: "\\_")
    query.condition = .field("Name", .like, .quoted("\(escaped)%"))
    query.order = [SOQLQuery.Order(term: SOQLQuery.Term(field: "Name"))]
    query.limit = 20
    let queries = SalesforceQueries(salesforce: salesforce)
    guard let prepared = try? await queries.prepare(query, for: request, as: subject), let json = try? await queries.run(prepared, as: subject),
      let records = try? await queries.records(of: SalesforceContext.elements(json, "records"), "Account", for: request, as: subject)
    else { return [] }
    return Completion(records.compactMap { $0.json["name"]?.string })
  }
}
