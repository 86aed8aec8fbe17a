internal import GRDBSQLite

/// Decides, while SQLite compiles a statement, what it may touch (SQLite C interface, `sqlite3_set_authorizer`).
///
/// SQLite names the innermost view that an access comes from, but it names subqueries and common table expressions the
/// same way: `WITH accounts AS (SELECT * FROM main.accounts) ...` looks like a view called `accounts`. So the views that may
/// read real tables have names that no caller can guess, and the views that callers know read only those.
final class QueryAuthorizer {
  /// Unguessable name of a view -> the one table that it reads.
  private var sources: [String: String] = [:]
  /// Names of the views that callers know, in lower case.
  private var views: Set<String> = []
  /// Names, in lower case, that stand for something else than a view, subquery or common table expression.
  private var reserved: Set<String> = []
  private(set) var isSealed = false

  func addSource(_ name: String, table: String) {
    sources[name] = table
    views.insert(table.lowercased())
  }

  /// From here on only the caller's statement is compiled.
  ///
  /// - Parameter reserved: names of all real tables and views, and of all table-valued functions.
  func seal(reserved names: [String]) {
    reserved = Set(names.map { $0.lowercased() }).subtracting(views)
    isSealed = true
  }

  func permits(_ action: Int32, _ first: String?, _ second: String?, database: String?, context: String?) -> Bool {
    guard isSealed else { return true }
    switch action {
    case SQLITE_SELECT, SQLITE_RECURSIVE: return true
    case SQLITE_FUNCTION: return Self.functions.contains((second ?? "").lowercased())
    case SQLITE_READ: return permitsRead(first ?? "", column: second ?? "", database: database?.lowercased(), context: context)
    default: return false
    }
  }

  private func permitsRead(_ name: String, column: String, database: String?, context: String?) -> Bool {
    if database == "main" {
      guard let context, let table = sources[context] else { return false }
      return table == name
    }
    guard database == nil || database == "temp" else { return false }
    if sources[name] != nil || views.contains(name.lowercased()) { return true }
    // A term of FROM that no column is taken from is reported by the name that the caller wrote: that of a subquery or common
    // table expression, unless it is one of those that mean something in the database.
    let lowercased = name.lowercased()
    return database == nil && column.isEmpty && !reserved.contains(lowercased) && !lowercased.hasPrefix("sqlite_") && !lowercased.hasPrefix("pragma_")
  }

  /// Functions that compute from their arguments alone (SQLite: core, aggregate, window, date, JSON and math functions).
  private static let functions: Set<String> = [
    "abs", "char", "coalesce", "format", "glob", "hex", "ifnull", "iif", "if", "instr", "length", "like", "lower", "ltrim", "max", "min", "nullif",
    "octet_length", "printf", "quote", "random", "replace", "round", "rtrim", "sign", "substr", "substring", "trim", "typeof", "unhex", "unicode", "upper",
    "avg", "count", "group_concat", "string_agg", "sum", "total", "median",
    "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "first_value", "last_value", "nth_value",
    "date", "time", "datetime", "julianday", "unixepoch", "strftime", "timediff", "current_date", "current_time", "current_timestamp",
    "json", "json_array", "json_array_length", "json_extract", "json_object", "json_type", "json_valid", "json_quote", "json_group_array", "json_group_object",
    "->", "->>",
    "ceil", "ceiling", "floor", "trunc", "ln", "log", "log10", "log2", "exp", "pow", "power", "sqrt", "mod", "pi", "sin", "cos", "tan",
  ]
}
