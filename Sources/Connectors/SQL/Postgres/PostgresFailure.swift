/// Why PostgreSQL did not do what it was asked. Holds what the server said of the statement, never the connection string.
struct PostgresFailure: Error {
  enum Kind: Equatable {
    /// The server cannot be reached, or went away.
    case connection
    case statement
    case time
    case cancelled
  }
  var kind: Kind
  /// SQLSTATE (PostgreSQL, "PostgreSQL Error Codes").
  var state = ""
  var message = ""
  var hint: String?
  /// Whether the statement may have been done, for all that is known.
  var mayHaveHadEffect = false

  /// Whether it comes of server, network or time, and not of what the statement met.
  var isOfServer: Bool { kind != .statement || state == "57014" }

  /// What to tell a caller.
  ///
  /// - Parameter limits: within which the statement ran.
  func told(_ limits: QueryLimits) -> SQLToolError {
    let time = limits.time
    let effect = mayHaveHadEffect ? " Whether the change was made is not known: look before you repeat it." : ""
    switch kind {
    case .connection:
      return SQLToolError("The database cannot be reached at the moment. Try again in a few seconds.\(effect)")
    case .time where mayHaveHadEffect: return SQLToolError("The statement ran longer than \(time).\(effect)")
    case .time: return SQLToolError("The query ran longer than \(time) and was stopped. Select fewer rows: add conditions, join on ids, or aggregate.")
    case .cancelled: return SQLToolError("The query was cancelled.")
    case .statement: break
    }
    switch state {
    case "57014":
      return SQLToolError("The query ran longer than \(time) and was stopped. Select fewer rows: add conditions, join on ids, or aggregate.")
    case "55P03": return SQLToolError("The row or table is locked by somebody else. Try again in a second.")
    case "40001", "40P01": return SQLToolError("Somebody else changed the same rows at the same time. Nothing was changed; try again.")
    case "42501":
      return SQLToolError("The database does not permit this to the role that the connector uses (SQLSTATE 42501). Its administrator can grant SELECT on the table.")
    case "25006": return SQLToolError("The database is read-only here (SQLSTATE 25006). Nothing was changed.")
    case "53300", "57P03": return SQLToolError("The database has no connection free at the moment. Try again in a few seconds.")
    case "53200", "53100", "53400", "54000", "54001", "54011", "54023":
      return SQLToolError("The statement needs more than the database gives it (SQLSTATE \(state)). Write a simpler one.")
    default: break
    }
    if state == "22P02", message.contains(GrowthBound.setting) {
      return SQLToolError(
        "string_agg, array_agg and the like would gather more than \(limits.gatheredBytes >> 10) KB in the database's memory. Filter first, take what they gather from a subquery with LIMIT, or count and sum instead."
      )
    }
    switch state.prefix(2) {
    case "23": return SQLToolError("The database refuses the change: \(message). Nothing was changed.")
    case "22": return SQLToolError("PostgreSQL: \(message) (SQLSTATE \(state)).")
    case "42", "0A": return SQLToolError("PostgreSQL: \(message). list_tables and describe_table tell what there is.", tellsOfNewSchema: true)
    case "28", "3D": return SQLToolError("The database refuses the connector's login (SQLSTATE \(state)). Whoever runs this server must check its connection string.")
    default: return SQLToolError("The statement failed (SQLSTATE \(state.isEmpty ? "unknown" : state)). Try a simpler one.")
    }
  }
}
