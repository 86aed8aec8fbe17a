/// The changes of a declared statement, made in one transaction or not at all.
struct DeclaredWrite: Sendable {
  /// How the rows that were changed are found, by their keys, for a caller who does not see all of them.
  struct Sight: Sendable {
    /// `SELECT`s of the keys that are there, and of those that the caller sees.
    let present: @Sendable ([[SQLValue]]) -> SQLFragment
    let visible: @Sendable ([[SQLValue]]) -> SQLFragment
  }

  let kind: TableRules.Write
  /// Ends with `RETURNING` and the columns of the key.
  let statement: SQLFragment
  /// The most rows.
  let rows: Int
  /// Nil where every row may be changed.
  let sight: Sight?

  static let refusal = SQLToolError("Nothing was changed: no row fits, or you are not permitted to change it so.")

  /// Runs the statement. Whoever sees some rows only changes none but those: it is done, looked at and taken back before it is done for good,
  /// and what it leaves must be in sight, too.
  ///
  /// - Parameters:
  ///   - run: runs a statement in a transaction in which nobody else changes anything.
  ///   - execute: the same without values and result.
  /// - Returns: the keys of the rows.
  /// - Throws: for whatever means that the transaction is to be taken back.
  func perform(_ run: (SQLFragment) throws -> [[SQLValue]], _ execute: (String) throws -> Void) throws -> [[SQLValue]] {
    guard let sight else { return try changed(run) }
    var expected: Set<[SQLValue]>?
    if kind != .insert {
      try execute("SAVEPOINT sluice_declared")
      // Whatever goes wrong here may be about rows that the caller does not see.
      let keys: [[SQLValue]]
      do { keys = try changed(run) } catch let failure as PostgresFailure where failure.isOfServer { throw failure } catch { throw Self.refusal }
      try execute("ROLLBACK TO SAVEPOINT sluice_declared")
      guard try Set(run(sight.present(keys))) == Set(keys), try Set(run(sight.visible(keys))) == Set(keys) else { throw Self.refusal }
      expected = Set(keys)
    }
    let keys = try changed(run)
    guard expected == nil || expected == Set(keys) else { throw Self.refusal }
    if kind != .delete { guard try Set(run(sight.visible(keys))) == Set(keys) else { throw Self.refusal } }
    return keys
  }

  private func changed(_ run: (SQLFragment) throws -> [[SQLValue]]) throws -> [[SQLValue]] {
    let keys = try run(statement)
    guard !keys.isEmpty else { throw Self.refusal }
    // What is no text in the database's encoding is shown as another.
    guard sight == nil || !keys.joined().contains(where: { if case .text(let text) = $0 { text.unicodeScalars.contains("\u{FFFD}") } else { false } }) else {
      throw Self.refusal
    }
    guard keys.count <= rows else { throw SQLToolError("Nothing was changed: more than \(rows) rows would be. Narrow the call.") }
    return keys
  }
}
