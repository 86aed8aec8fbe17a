#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif
internal import JSON

/// One connection, used by one thread at a time. Its calls block that thread, never longer than until their deadline.
///
/// Everything goes by the asynchronous calls of libpq (PostgreSQL, "Asynchronous Command Processing") and poll(2): so each wait
/// has an end, whatever the server or the network does.
final class PostgresSession {
  private let pq: LibPQ
  private var handle: OpaquePointer?
  private let watch: PostgresWatch
  /// Array type -> type of its elements, of types that are not built in.
  var arrays: [UInt32: UInt32] = [:]

  /// - Parameters:
  ///   - string: the connection string. Not kept.
  ///   - settings: statements that make the session what it must be.
  init(_ pq: LibPQ, connecting string: String, settings: String, watch: PostgresWatch, until deadline: ContinuousClock.Instant) throws(PostgresFailure) {
    self.pq = pq
    self.watch = watch
    let login = try PostgresLogin(string, pq)
    // What stands before the string is overruled by it, what stands behind it overrules it. Without an encoding of our own, texts
    // could be anything.
    let names = ["sslmode", "dbname", "client_encoding", "fallback_application_name"], values = [login.isLocal ? "prefer" : "require", string, "UTF8", "sluice"]
    handle = Self.withTexts(names + [nil]) { names in Self.withTexts(values + [nil]) { pq.connectStart(names, $0, 1) } }
    do throws(PostgresFailure) {
      try finishConnecting(deadline)
      _ = pq.setNonblocking(handle, 1)
      _ = pq.setNoticeReceiver(handle, { _, _ in }, nil)
      _ = try simple(settings, until: deadline)
      // A database without an encoding holds any bytes, and would fail on those that are none of ours.
      if text(pq.parameterStatus(handle, "server_encoding")) == "SQL_ASCII" { try simple("SET client_encoding = 'SQL_ASCII'", until: deadline) }
    } catch {
      close()
      throw error
    }
  }

  deinit { close() }

  func close() {
    watch.setCancel(0, pq)
    if let handle { pq.finish(handle) }
    handle = nil
  }

  var isAlive: Bool { handle != nil && pq.status(handle) == LibPQ.Status.ok }
  /// Whether the next piece of work can use it: no transaction is left open.
  var isClean: Bool { isAlive && pq.transactionStatus(handle) == LibPQ.Status.transactionIdle }

  private func finishConnecting(_ deadline: ContinuousClock.Instant) throws(PostgresFailure) {
    var state = LibPQ.Status.pollingWriting
    while state != LibPQ.Status.pollingOK {
      guard handle != nil, pq.socket(handle) >= 0, state != LibPQ.Status.pollingFailed else { throw loginFailure() }
      guard wait(for: state == LibPQ.Status.pollingReading ? POLLIN : POLLOUT, until: deadline) else { throw PostgresFailure(kind: .connection) }
      state = pq.connectPoll(handle)
      if state == LibPQ.Status.pollingFailed { throw loginFailure() }
    }
    watch.setCancel(pq.getCancel(handle).map { Int(bitPattern: $0) } ?? 0, pq)
  }

  /// libpq's message names host, user and database, so that only what kind of failure it is goes on.
  private func loginFailure() -> PostgresFailure {
    let message = pq.errorMessage(handle).map { String(cString: $0) } ?? ""
    let refusals = [
      "password", "authentication", "role \"", "database \"", "pg_hba", "no PostgreSQL user name", "invalid connection option", "missing \"=\"", "certificate", "SSL",
    ]
    let isRefused = refusals.contains { message.contains($0) } && !message.contains("Connection refused")
    return isRefused ? PostgresFailure(kind: .statement, state: "28000") : PostgresFailure(kind: .connection)
  }

  /// - Returns: false at the deadline.
  private func wait(for events: Int32, until deadline: ContinuousClock.Instant) -> Bool {
    while true {
      let left = ContinuousClock.now.duration(to: deadline).milliseconds
      guard left > 0 else { return false }
      var descriptor = pollfd(fd: pq.socket(handle), events: Int16(events), revents: 0)
      let ready = poll(&descriptor, 1, CInt(min(left, 60_000)))
      if ready > 0 { return true }
      if ready < 0, errno != EINTR { return false }
    }
  }

  // MARK: Statements

  /// Runs statements without parameters.
  @discardableResult func simple(_ sql: String, until deadline: ContinuousClock.Instant) throws(PostgresFailure) -> SQLRows {
    try send { pq.sendQuery(handle, sql) }
    return try results(ResultBound(), until: deadline)
  }

  /// Runs one statement. Rows come one by one, so that what is beyond the bound is never held.
  func run(_ sql: String, _ parameters: [SQLValue] = [], bound: ResultBound = ResultBound(), until deadline: ContinuousClock.Instant) throws(PostgresFailure) -> SQLRows {
    let texts = parameters.map(\.parameter)
    guard !sql.utf8.contains(0), !texts.contains(where: { $0?.utf8.contains(0) == true }) else {
      throw PostgresFailure(kind: .statement, state: "22021", message: "a text holds a null character")
    }
    try send { Self.withTexts(texts) { pq.sendQueryParams(handle, sql, CInt(texts.count), nil, $0, nil, nil, 0) } }
    _ = pq.setSingleRowMode(handle)
    return try results(bound, until: deadline)
  }

  /// Names and types of the columns that a statement would give.
  func describe(_ sql: String, until deadline: ContinuousClock.Instant) throws(PostgresFailure) -> [(name: String, type: UInt32)] {
    try send { pq.sendPrepare(handle, "", sql, 0, nil) }
    _ = try results(ResultBound(), until: deadline)
    try send { pq.sendDescribePrepared(handle, "") }
    var columns: [(name: String, type: UInt32)] = []
    _ = try results(ResultBound(), until: deadline) { columns = $0 }
    return columns
  }

  private func send(_ body: () -> CInt) throws(PostgresFailure) {
    guard isAlive, body() == 1 else { throw PostgresFailure(kind: .connection) }
  }

  private func results(
    _ bound: ResultBound, until deadline: ContinuousClock.Instant, describing: (([(name: String, type: UInt32)]) -> Void)? = nil
  ) throws(PostgresFailure) -> SQLRows {
    var found = SQLRows()
    var bytes = 0
    var types: [UInt32] = []
    var failure: PostgresFailure?
    try flush(deadline)
    while let result = try next(deadline) {
      defer { pq.clear(result) }
      switch pq.resultStatus(result) {
      case LibPQ.Status.singleTuple, LibPQ.Status.tuplesOK, LibPQ.Status.commandOK:
        if types.isEmpty {
          let columns = (0..<pq.fieldCount(result)).map { (name: text(pq.fieldName(result, $0)), type: pq.fieldType(result, $0)) }
          found.columns = columns.map(\.name)
          types = columns.map(\.type)
          describing?(columns)
        }
        for row in 0..<pq.rowCount(result) where !found.isTruncated {
          let values = types.indices.map { value(result, row, CInt($0), types[$0], &bytes) }
          if found.rows.count >= bound.rows || (bytes > bound.bytes && !found.rows.isEmpty) {
            found.isTruncated = true
            // What remains is not wanted; it is read and dropped until the server has heard of it.
            watch.cancelStatement(pq)
          } else {
            found.rows.append(values)
          }
        }
      case LibPQ.Status.emptyQuery: failure = PostgresFailure(kind: .statement, state: "42601", message: "there is no statement")
      default: failure = problem(result)
      }
    }
    if watch.isStopped { throw PostgresFailure(kind: .cancelled) }
    if let failure, !(found.isTruncated && failure.state == "57014") { throw failure }
    return found
  }

  private func flush(_ deadline: ContinuousClock.Instant) throws(PostgresFailure) {
    while true {
      let status = pq.flush(handle)
      if status == 0 { return }
      guard status == 1, wait(for: POLLOUT | POLLIN, until: deadline), pq.consumeInput(handle) == 1 else {
        throw PostgresFailure(kind: .connection, mayHaveHadEffect: true)
      }
    }
  }

  private func next(_ deadline: ContinuousClock.Instant) throws(PostgresFailure) -> OpaquePointer? {
    while pq.isBusy(handle) == 1 {
      // The server stops by itself before; if it does not, the connection is of no more use.
      guard wait(for: POLLIN, until: deadline) else {
        watch.cancelStatement(pq)
        close()
        throw PostgresFailure(kind: .time, mayHaveHadEffect: true)
      }
      guard pq.consumeInput(handle) == 1 else { throw PostgresFailure(kind: .connection, mayHaveHadEffect: true) }
    }
    return pq.getResult(handle)
  }

  private func problem(_ result: OpaquePointer) -> PostgresFailure {
    guard let state = pq.resultErrorField(result, LibPQ.Field.sqlState).map({ String(cString: $0) }), state != "57P01", state != "57P02" else {
      return PostgresFailure(kind: .connection, mayHaveHadEffect: true)
    }
    return PostgresFailure(kind: .statement, state: state, message: text(pq.resultErrorField(result, LibPQ.Field.message)))
  }

  // MARK: Values

  private func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }

  private func value(_ result: OpaquePointer, _ row: CInt, _ column: CInt, _ type: UInt32, _ bytes: inout Int) -> SQLValue {
    guard pq.isNull(result, row, column) == 0, let start = pq.value(result, row, column) else { return .null }
    let count = Int(pq.length(result, row, column))
    bytes += count
    // A database without an encoding sends what it has: what is no UTF-8 is shown as such.
    return PostgresType.value(String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self), type, arrays)
  }

  private static func withTexts<R>(_ texts: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> R) -> R {
    let copies = texts.map { $0.flatMap { strdup($0) } }
    defer { for copy in copies { free(copy) } }
    return copies.map { $0.map { UnsafePointer<CChar>($0) } }.withUnsafeBufferPointer { body($0.baseAddress) }
  }

  // MARK: Notifications

  /// Waits for what the database tells, at most until the deadline.
  ///
  /// - Returns: the payloads.
  func notifications(until deadline: ContinuousClock.Instant) throws(PostgresFailure) -> [String] {
    var payloads: [String] = []
    if wait(for: POLLIN, until: deadline), pq.consumeInput(handle) != 1 { throw PostgresFailure(kind: .connection) }
    while let notification = pq.notifies(handle) {
      payloads.append(notification.assumingMemoryBound(to: LibPQ.Notification.self).pointee.payload.map { String(cString: $0) } ?? "")
      pq.freeMemory(notification)
    }
    guard isAlive else { throw PostgresFailure(kind: .connection) }
    return payloads
  }
}

extension SQLValue {
  /// The value as libpq sends it.
  fileprivate var parameter: String? {
    switch self {
    case .null: nil
    case .integer(let value): String(value)
    case .real(let value): String(value)
    case .text(let value): value
    case .boolean(let value): value ? "t" : "f"
    case .json(let value): value.text
    }
  }
}

extension Duration {
  var milliseconds: Int { Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000) }
}
