internal import ConnectorKit
internal import JSON
internal import Logging

/// Changes of records by polling: what has a newer `SystemModstamp` than the last that was seen, and what was deleted since, which no query finds.
struct SalesforceChanges: Sendable {
  let salesforce: SalesforceContext
  let resources: SalesforceResources
  /// Whose changes: what that account does not see is not told.
  let subject: Subject

  /// Records of one question, and questions of one turn.
  private static let rows = 200
  private static let pages = 10
  /// Transactions that take long are seen late, with the time at which they began to write: the newest seconds are left for later.
  private static let delay: Int64 = 5
  /// Salesforce tells deletions by whole minutes, one at least, and for 30 days.
  private static let minute: Int64 = 60
  private static let deletionsKept: Int64 = 29 * 86_400

  /// The feed of one object. Its cursor is the time and id of the last record seen, and up to when deletions were: `2026-07-28T12:00:00Z 006... 2026-07-28T12:00:00Z`.
  func feed(of object: String, every interval: Int64) -> ChangeFeed {
    ChangeFeed(subject == .service ? object : "\(object) \(subject.key)", every: interval) { cursor throws(VendorError) in
      let now = salesforce.environment.time.seconds() - Self.delay
      let horizon = Timestamp.text(seconds: now)
      let start = "\(horizon)  \(Timestamp.text(seconds: now - now % Self.minute))"
      guard let cursor else { return ChangeFeed.Batch(cursor: start) }
      var parts = cursor.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
      guard parts.count >= 2, SOQLLiteral.isDate(parts[0]), parts[1].isEmpty || SOQLName.isID(parts[1]),
        let told = Timestamp.seconds(parts.count == 3 ? parts[2] : parts[0])
      else { return .anew(start) }
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
      let deleted = await deletions(of: object, since: told - told % Self.minute, until: now - now % Self.minute)
      updated += deleted.ids.map { resources.recordURI(object, $0) }
      return ChangeFeed.Batch(updated: updated, cursor: "\(parts[0]) \(parts[1]) \(Timestamp.text(seconds: deleted.until))")
    }
  }

  /// What was deleted. Where Salesforce does not tell at the moment, the same time is asked for again with the next turn.
  private func deletions(of object: String, since start: Int64, until end: Int64) async -> (ids: [String], until: Int64) {
    let start = max(start, end - Self.deletionsKept)
    guard end - start >= Self.minute else { return ([], start) }
    do throws(VendorError) {
      let json = try await salesforce.api.get(
        ["sobjects", object, "deleted"], [("start", Timestamp.text(seconds: start)), ("end", Timestamp.text(seconds: end))], as: subject,
        maximumBytes: salesforce.maximumBytes)
      let ids = SalesforceContext.elements(json, "deletedRecords").compactMap { $0["id"]?.string }.filter { SOQLName.isID($0) }
      // Of long transactions Salesforce says that it does not know all yet.
      let covered = json["latestDateCovered"]?.string.flatMap { Timestamp.seconds($0) }.map { $0 - $0 % Self.minute } ?? end
      return (ids, min(max(covered, start), end))
    } catch {
      // Objects that are not replicated have none, and never will; nor will a time that is refused get better.
      let isFinal = [.invalid, .notFound, .forbidden, .tooLarge].contains(error.code)
      salesforce.environment.logger.log(
        level: isFinal ? .info : .warning, "deletions are not told", metadata: ["object": "\(object)", "error": "\(error)"])
      return ([], isFinal ? end : start)
    }
  }

  private func changes(of object: String, after time: String, id: String, until horizon: String) async throws(VendorError) -> [RawJSON] {
    let newer = SOQLQuery.Condition.field("SystemModstamp", .greater, .bare(time))
    let sameTime = SOQLQuery.Condition.all([.field("SystemModstamp", .equal, .bare(time)), .field("Id", .greater, .quoted(id))])
    var query = SOQLQuery(fields: ["Id", "SystemModstamp"], from: object)
    query.condition = .all([id.isEmpty ? newer : .any([newer, sameTime]), .field("SystemModstamp", .lessOrEqual, .bare(horizon))])
    query.order = [SOQLQuery.Order(term: SOQLQuery.Term(field: "SystemModstamp")), SOQLQuery.Order(term: SOQLQuery.Term(field: "Id"))]
    query.limit = Self.rows
    return SalesforceContext.elements(try await SalesforceQueries(salesforce: salesforce).run(query, as: subject), "records")
  }
}
