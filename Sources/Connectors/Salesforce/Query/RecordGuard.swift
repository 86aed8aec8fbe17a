internal import ConnectorKit
internal import JSON
internal import MCP

/// Sees, before records are changed or what hangs on them is read, that policy lets the caller see them.
struct RecordGuard: Sendable {
  let salesforce: SalesforceContext

  /// - Throws: ``VendorError`` `notFound` where one of them may not be seen: whether it is there is not told.
  func check(_ ids: [String], of object: String, for request: some ServerRequest, as subject: Subject) async throws(VendorError) {
    try salesforce.access.check(object: object)
    for id in ids { _ = try SOQLName.id(id) }
    guard let filter = salesforce.filter(request, object) else { return }
    guard filter != .constant(false) else { throw Self.unseen }
    guard let type = salesforce.types.type(of: object) else {
      throw VendorError(.forbidden, "Policy lets only some records of \(object) be seen, by a rule that this connector cannot apply before a change.")
    }
    let query = SOQLQuery(fields: type.policyFields, from: object).restricted(to: .field("Id", in: ids.map { .quoted($0) }))
    let json = try await SalesforceQueries(salesforce: salesforce).run(query, as: subject)
    // Ids of 15 and of 18 letters name the same record.
    let admitted = SalesforceContext.elements(json, "records").compactMap { SalesforceRecord($0, of: object, salesforce.types)?.json }
      .filter { filter.admits($0) }.compactMap { $0["id"]?.string?.prefix(15) }
    guard Set(ids.map { $0.prefix(15) }).isSubset(of: Set(admitted)) else { throw Self.unseen }
  }

  /// For what cannot be tied to a record that policy could look at.
  func refuseIfFiltered(_ request: some ServerRequest, _ what: String) throws(VendorError) {
    guard salesforce.isFiltered(request) else { return }
    throw VendorError(.forbidden, "Policy lets only some records be seen here, and \(what) cannot be narrowed to them. Use soql_query.")
  }

  private static let unseen = VendorError(.notFound, "Salesforce does not find it, or it may not be seen.")
}
