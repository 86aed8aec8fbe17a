internal import ConnectorKit
internal import JSON

/// Changes of records by polling: what has a newer `SystemModstamp` than the last that was seen.
struct SalesforceChanges: Sendable {
  let salesforce: SalesforceContext
  let resources: SalesforceResources

  /// Records of one question, and questions of one turn.
  private static let rows = 200
  private static let pages = 10
  /// Transactions that take long are seen late, with the time at which they began to write: the newest seconds are left for later.
  private static let delay: Int64 = 5

  /// The feed of one object. Its cursor is the time and id of the last record seen: `2026-07-28T12:00:00Z 006...`.
  func feed(of object: String, every interval: Int64) -> ChangeFeed {
    ChangeFeed(object, every: interval) { cursor throws(VendorError) in
      let horizon = Timestamp.text(seconds: salesforce.environment.time.seconds() - Self.delay)
      guard let cursor else { return ChangeFeed.Batch(cursor: horizon + " ") }
      var parts = cursor.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, SOQLLiteral.isDate(parts[0]), parts[1].isEmpty || SOQLName.isID(parts[1]) else {
        throw VendorError(.invalid, "The place up to which changes of \(object) were followed cannot be read.")
      }
      var updated: [String] = []
      for _ in 0..<Self.pages {
        let found = try await changes(of: object, after: parts[0], id: parts[1], until: horizon)
        for record in found {
          guard let id = record["Id"]?.string, let time = record["SystemModstamp"]?.string else { continue }
          updated.append(resources.recordURI(object, id))
          parts = [SalesforceRecord.time(time), id]
        }
        if found.count < Self.rows { break }
      }
      return ChangeFeed.Batch(updated: updated, cursor: parts.joined(separator: " "))
    }
  }

  private func changes(of object: String, after time: String, id: String, until horizon: String) async throws(VendorError) -> [RawJSON] {
    let newer = SOQLQuery.Condition.field("SystemModstamp", .greater, .bare(time))
    let sameTime = SOQLQuery.Condition.all([.field("SystemModstamp", .equal, .bare(time)), .field("Id", .greater, .quoted(id))])
    var query = SOQLQuery(fields: ["Id", "SystemModstamp"], from: object)
    query.condition = .all([id.isEmpty ? newer : .any([newer, sameTime]), .field("SystemModstamp", .lessOrEqual, .bare(horizon))])
    query.order = [SOQLQuery.Order(term: SOQLQuery.Term(field: "SystemModstamp")), SOQLQuery.Order(term: SOQLQuery.Term(field: "Id"))]
    query.limit = Self.rows
    return SalesforceContext.elements(try await SalesforceQueries(salesforce: salesforce).run(query, as: .service), "records")
  }
}
