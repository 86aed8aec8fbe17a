internal import ConnectorKit
internal import JSON
internal import MCP

/// Sees, before records are changed or what hangs on them is read, that policy lets the caller see them.
struct RecordGuard: Sendable {
  let salesforce: SalesforceContext

  /// - Throws: ``VendorError`` `notFound` where one of them may not be seen: whether it is there is not told.
  func check(_ ids: [String], of object: String, for request: some IncomingRequest, as subject: Subject) async throws(VendorError) {
    try salesforce.access.check(object: object)
    for id in ids { _ = try SOQLName.id(id) }
    // What is of an object that all may see could be said of a record of another.
    guard salesforce.isFiltered(request) else { return }
    let filter = salesforce.filter(request, object)
    guard filter != .constant(false) else { throw Self.unseen }
    let type = salesforce.types.type(of: object) ?? salesforce.types.other
    let query = SOQLQuery(fields: type.policyFields, from: object).selecting(type.fields(of: filter)).restricted(to: .field("Id", in: ids.map { .quoted($0) }))
    let json = try await SalesforceQueries(salesforce: salesforce).run(query, as: subject)
    // Ids of 15 and of 18 letters name the same record.
    let admitted = SalesforceContext.elements(json, "records").compactMap { SalesforceRecord($0, of: object, salesforce.types)?.json }
      .filter { filter?.admits($0) ?? true }.compactMap { $0["id"]?.string?.prefix(15) }
    guard Set(ids.map { $0.prefix(15) }).isSubset(of: Set(admitted)) else { throw Self.unseen }
  }

  /// Sees that what is about to be created may be, as far as it is known: what is not known fulfils no rule.
  ///
  /// - Parameter fields: under Salesforce's names.
  /// - Throws: ``VendorError`` `refused`.
  func check(new fields: JSONObject, of object: String, for request: some IncomingRequest, as subject: Subject) async throws(VendorError) {
    guard let filter = salesforce.filter(request, object) else { return }
    guard var record = SalesforceRecord(JSONValue.object(fields).raw, of: object, salesforce.types)?.json else { throw Self.notCreated }
    if filter.attributes.contains("owner"), record["owner"] == nil, !fields.contains(where: { $0.name.lowercased() == "ownerid" }) {
      record["owner"] = try await owner(subject)
    }
    guard filter.admits(record) else { throw Self.notCreated }
  }

  /// As policy knows them, whose a record is that names no owner: who creates it.
  private func owner(_ subject: Subject) async throws(VendorError) -> JSONValue? {
    let member: String
    switch salesforce.types.owner.lowercased() {
    case "ownerid": member = "user_id"
    case let field where field.hasSuffix(".username"): member = "preferred_username"
    default: return nil
    }
    return try await salesforce.api.get(outside: ["services", "oauth2", "userinfo"], as: subject)[member]?.string.map { .string($0) }
  }

  /// As ``check(new:of:for:as:)`` for a file.
  func check(newFile record: JSONObject, for request: some IncomingRequest, as subject: Subject) async throws(VendorError) {
    guard let filter = salesforce.fileFilter(request) else { return }
    var record = record
    if filter.attributes.contains("owner") {
      record["owner"] = try await salesforce.api.get(outside: ["services", "oauth2", "userinfo"], as: subject)["user_id"]?.string.map { .string($0) }
    }
    guard filter.admits(.object(record)) else { throw Self.notCreated }
  }

  /// For what cannot be tied to a record that policy could look at.
  func refuseIfFiltered(_ request: some IncomingRequest, _ what: String) throws(VendorError) {
    guard salesforce.isFiltered(request) else { return }
    throw VendorError(.forbidden, "Policy lets only some records be seen here, and \(what) cannot be narrowed to them. Use soql_query.")
  }

  private static let notCreated = VendorError(.refused, "You are not permitted to create this, or too little is known of it before. Nothing was changed.")
  static let unseen = VendorError(.notFound, "Salesforce does not find it, or it may not be seen.")
}
