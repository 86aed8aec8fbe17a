internal import Dispatch
internal import GRDBSQLite
internal import Synchronization

/// Runs one `SELECT` that a caller wrote, on a private connection on which nothing else can be reached.
///
/// The connection is read-only and made for the one statement. Each served table is shadowed by a temporary view of the same
/// name, which holds the caller's rows and masks; an authorizer refuses to compile whatever reads past those views
/// (see ``QueryAuthorizer``). Bounds on time, memory, rows, bytes and the size of values end what would not end.
final class QuerySandbox: Sendable {
  /// What is wanted of a statement.
  enum Purpose: Sendable { case rows, plan, columns }

  private let path: String
  private let limits: QueryLimits
  /// Queries block, so they have threads of their own; as many may run at once.
  private let threads: [DispatchQueue]
  private let next = Atomic<Int>(0)

  init(path: String, limits: QueryLimits) {
    self.path = path
    self.limits = limits
    threads = (0..<4).map { DispatchQueue(label: "sql.query.\($0)") }
  }

  /// - Parameters:
  ///   - values: what stands for the `?` of the statement.
  ///   - rows: how many rows are wanted, within the limits.
  ///   - purpose: for the plan or the columns the statement is not run.
  /// - Throws: ``SQLToolError`` when the statement is refused, fails or takes too long.
  func run(_ sql: String, _ values: [SQLValue] = [], tables: [VisibleTable], rows: Int, _ purpose: Purpose = .rows) async throws -> SQLRows {
    let watch = QueryWatch(limits)
    let thread = threads[next.wrappingAdd(1, ordering: .relaxed).oldValue & 3]
    let result: Result<SQLRows, SQLToolError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        thread.async { [path, limits] in
          continuation.resume(
            returning: Result { () throws(SQLToolError) in
              // The time spent waiting for the thread is not the query's.
              watch.start()
              let connection = try QueryConnection(path: path, limits: limits, watch: watch)
              try connection.shadow(tables, parameters: values.count)
              return switch purpose {
              case .rows: try connection.rows(of: sql, values, limit: min(rows, limits.rows))
              case .plan: try connection.plan(of: sql)
              case .columns: SQLRows(columns: try connection.columns(of: sql))
              }
            })
        }
      }
    } onCancel: {
      watch.cancel()
    }
    try Task.checkCancellation()
    return try result.get()
  }
}

/// Says when a query has to stop. SQLite asks every few steps.
final class QueryWatch: Sendable {
  enum Reason: Sendable { case time, memory, cancelled }

  private struct State {
    var deadline: ContinuousClock.Instant?
    var memory = 0
    var reason: Reason?
  }
  private let limits: QueryLimits
  /// Guards when the query began, what memory was in use then, and why it was stopped.
  private let state = Mutex(State())

  init(_ limits: QueryLimits) { self.limits = limits }

  var reason: Reason? { state.withLock(\.reason) }

  func start() {
    let memory = Int(sqlite3_memory_used())
    state.withLock {
      $0.deadline = .now.advanced(by: limits.time)
      $0.memory = memory
    }
  }

  func cancel() { state.withLock { $0.reason = .cancelled } }

  func mustStop() -> Bool {
    let (memory, now) = (Int(sqlite3_memory_used()), ContinuousClock.now)
    return state.withLock { state in
      guard state.reason == nil else { return true }
      if let deadline = state.deadline, now > deadline { state.reason = .time }
      if memory - state.memory > limits.memory { state.reason = .memory }
      return state.reason != nil
    }
  }
}
