internal import GRDB

/// The sample company that `sluice demo` serves.
public enum Demo {
  /// The version of the sample's schema and data, kept in `PRAGMA user_version`.
  public static let version = 1

  /// Makes the sample database at `path`, unless it is there already. What callers have changed in it stays.
  ///
  /// All is written in one transaction: a start that is killed leaves no half company.
  /// - Returns: whether it was made now.
  /// - Throws: ``DemoError`` when the file holds something else.
  @discardableResult
  public static func seed(_ path: String) throws -> Bool {
    let queue = try DatabaseQueue(path: path)
    defer { try? queue.close() }
    let found = try queue.read { try Int.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }
    if found == version { return false }
    let isEmpty = try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_schema") == 0 }
    guard found == 0, isEmpty else {
      throw DemoError(description: "\(path) holds another database or a sample of another version (\(found)). Move it away, or give the demo another state directory.")
    }
    try queue.inTransaction(.immediate) { database in
      try SampleCompany.write(to: database)
      // Statistics for the planner: without them it follows the rules of rows by the wrong index at times.
      try database.execute(sql: "ANALYZE; PRAGMA user_version = \(version)")
      return .commit
    }
    return true
  }
}

/// Why the sample cannot be made.
public struct DemoError: Error, Sendable, CustomStringConvertible {
  public let description: String
}
