#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif
public import Crypto
import Foundation
import GRDB

/// The embedded store: `sluice.sqlite` in the state directory, in WAL mode, and the file `epoch` beside it.
///
/// Several processes may open the same directory; it has to be on a local disk. Everything but quotas is on disk when a call
/// returns, power loss included. Quotas survive the death of the process, and a power loss may cost the last of them.
public final class SQLiteStore: Store {
  public let epoch: ChangeEpoch
  private let pool: DatabasePool

  /// Opens the store, creating the directory (mode 0700) and the database (0600) where they are missing.
  /// - Throws: `unavailable`, `corrupt`, or `newerSchema` if a newer Sluice wrote the database.
  public init(directory: String) throws(StoreError) {
    do {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw StoreError(.unavailable, "Cannot create the state directory \(directory). Check its parent and who owns it.", cause: error)
    }
    let path = directory + "/sluice.sqlite"
    // SQLite gives the -wal and -shm files the mode of the database, so the mode is set before SQLite sees the file.
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw StoreError(.unavailable, "Cannot open \(path): \(String(cString: strerror(errno))). Check who owns the state directory.")
    }
    close(file)
    epoch = try ChangeEpoch(path: directory + "/epoch")

    var configuration = Configuration()
    configuration.busyMode = .timeout(5)
    configuration.label = "sluice.store"
    configuration.prepareDatabase { db in
      if !db.configuration.readonly { try db.execute(sql: "PRAGMA synchronous = FULL") }
    }
    do {
      pool = try DatabasePool(path: path, configuration: configuration)
      guard try !pool.read(SQLiteSchema.migrator.hasBeenSuperseded) else {
        throw StoreError(.newerSchema, "\(path) was written by a newer Sluice. Start that version, or restore an older state directory.")
      }
      try SQLiteSchema.migrator.migrate(pool)
    } catch let error as StoreError {
      throw error
    } catch {
      throw Self.error(error)
    }
  }

  public func insert(_ token: APIToken, digest: CredentialDigest) async throws(StoreError) {
    try await write { db in
      try db.execute(
        sql: "INSERT INTO token (id, digest, user, name, created, expires, lastUsed, revoked) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          token.id, Data(digest.bytes), token.user, token.name, token.created, token.expires, token.lastUsed, token.revoked,
        ])
    }
  }

  public func token(digest: CredentialDigest) async throws(StoreError) -> APIToken? {
    try await read { db in
      try Row.fetchOne(db.cachedStatement(sql: "SELECT * FROM token WHERE digest = ?"), arguments: [Data(digest.bytes)])
        .map(Self.token)
    }
  }

  public func tokens(user: String?) async throws(StoreError) -> [APIToken] {
    try await read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM token WHERE ?1 IS NULL OR user = ?1 ORDER BY created, id", arguments: [user]
      ).map(Self.token)
    }
  }

  @discardableResult
  public func revokeToken(id: String, at time: Int64) async throws(StoreError) -> APIToken? {
    let token = try await write { db in
      try db.execute(sql: "UPDATE token SET revoked = ? WHERE id = ? AND revoked IS NULL", arguments: [time, id])
      return try Row.fetchOne(db, sql: "SELECT * FROM token WHERE id = ?", arguments: [id]).map(Self.token)
    }
    epoch.advance()
    return token
  }

  public func recordUse(_ times: [String: Int64]) async throws(StoreError) {
    try await write { db in
      for (id, time) in times {
        try db.execute(
          sql: "UPDATE token SET lastUsed = ?1 WHERE id = ?2 AND (lastUsed IS NULL OR lastUsed < ?1)", arguments: [time, id])
      }
    }
  }

  private static func token(_ row: Row) -> APIToken {
    APIToken(
      id: row["id"], user: row["user"], name: row["name"], created: row["created"], expires: row["expires"],
      lastUsed: row["lastUsed"], revoked: row["revoked"])
  }

  public func revokeSession(_ id: SessionID, until expiry: Int64) async throws(StoreError) {
    try await write { db in
      try db.execute(
        sql: "INSERT INTO revokedSession (id, expires) VALUES (?, ?) ON CONFLICT DO UPDATE SET expires = max(expires, excluded.expires)",
        arguments: [id.text, expiry])
    }
    epoch.advance()
  }

  public func isRevoked(anyOf sessions: [SessionID]) async throws(StoreError) -> Bool {
    if sessions.isEmpty { return false }
    return try await read { db in
      let statement = try db.cachedStatement(sql: "SELECT 1 FROM revokedSession WHERE id = ?")
      return try sessions.contains { try Int.fetchOne(statement, arguments: [$0.text]) != nil }
    }
  }

  public func dropExpiredSessions(at time: Int64) async throws(StoreError) {
    try await write { db in try db.execute(sql: "DELETE FROM revokedSession WHERE expires < ?", arguments: [time]) }
  }

  public func charge(_ charges: [QuotaCharge]) async throws(StoreError) -> [QuotaBalance] {
    do {
      return try await pool.writeWithoutTransaction { db in
        // A quota that a power loss forgets does no harm, and waiting for the disk would hold up the requests behind it.
        try db.execute(sql: "PRAGMA synchronous = NORMAL")
        defer { try? db.execute(sql: "PRAGMA synchronous = FULL") }
        var balances: [QuotaBalance] = []
        try db.inTransaction(.immediate) {
          balances = try charges.map { try Self.apply($0, db) }
          return .commit
        }
        return balances
      }
    } catch {
      throw Self.error(error)
    }
  }

  private static func apply(_ charge: QuotaCharge, _ db: Database) throws -> QuotaBalance {
    var granted = charge.amount
    if granted > 0 {
      let spent = try Int.fetchOne(
        db.cachedStatement(sql: "SELECT ifnull(sum(count), 0) FROM quota WHERE meter = ? AND user = ? AND window > ? AND window <= ?"),
        arguments: [charge.meter, charge.user, charge.window - charge.span, charge.window])
      granted = max(0, min(granted, charge.limit - (spent ?? 0)))
    }
    let total = try Int.fetchOne(
      db.cachedStatement(
        sql: """
          INSERT INTO quota (meter, user, window, count) VALUES (?1, ?2, ?3, max(?4, 0))
          ON CONFLICT DO UPDATE SET count = max(count + ?4, 0) RETURNING count
          """),
      arguments: [charge.meter, charge.user, charge.window, granted])
    return QuotaBalance(granted: granted, total: total ?? 0)
  }

  public func quotaCounts(meter: String, since window: Int64) async throws(StoreError) -> [QuotaCount] {
    try await read { db in
      try Row.fetchAll(
        db, sql: "SELECT user, window, count FROM quota WHERE meter = ? AND window >= ?", arguments: [meter, window]
      ).map { QuotaCount(user: $0["user"], window: $0["window"], count: $0["count"]) }
    }
  }

  public func dropQuotaCounts(meter: String, before window: Int64) async throws(StoreError) {
    try await write { db in
      try db.execute(sql: "DELETE FROM quota WHERE meter = ? AND window < ?", arguments: [meter, window])
    }
  }

  public func toolPins(of upstream: String?) async throws(StoreError) -> [ToolPin] {
    try await read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM toolPin WHERE ?1 IS NULL OR upstream = ?1 ORDER BY upstream, tool", arguments: [upstream]).map(Self.pin)
    }
  }

  public func write(_ pins: [ToolPin]) async throws(StoreError) {
    try await write { db in
      for pin in pins {
        try db.execute(
          sql: "INSERT OR REPLACE INTO toolPin (upstream, tool, accepted, offered, since) VALUES (?, ?, ?, ?, ?)",
          arguments: [pin.upstream, pin.tool, pin.accepted, pin.offered, pin.since])
      }
    }
  }

  public func acceptTools(of upstream: String, tool: String?) async throws(StoreError) -> [ToolPin] {
    let accepted = try await write { db in
      try Row.fetchAll(
        db, sql: "UPDATE toolPin SET accepted = offered WHERE upstream = ?1 AND (?2 IS NULL OR tool = ?2) AND accepted <> offered RETURNING *",
        arguments: [upstream, tool]
      ).map(Self.pin)
    }
    epoch.advance()
    return accepted
  }

  private static func pin(_ row: Row) -> ToolPin {
    ToolPin(upstream: row["upstream"], tool: row["tool"], accepted: row["accepted"], offered: row["offered"], since: row["since"])
  }

  public func key(named name: String) async throws(StoreError) -> SymmetricKey {
    let bytes: Data? = try await write { db in
      let fresh = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }
      try db.execute(sql: "INSERT INTO key (name, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING", arguments: [name, fresh])
      return try Data.fetchOne(db, sql: "SELECT bytes FROM key WHERE name = ?", arguments: [name])
    }
    guard let bytes else { throw StoreError(.corrupt, "The key \(name) vanished from the store while it was read.") }
    return SymmetricKey(data: bytes)
  }

  private func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws(StoreError) -> Value {
    do { return try await pool.read(body) } catch { throw Self.error(error) }
  }

  private func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws(StoreError) -> Value {
    do { return try await pool.write(body) } catch { throw Self.error(error) }
  }

  private static func error(_ error: any Error) -> StoreError {
    guard let database = error as? DatabaseError else {
      return StoreError(.unavailable, "The store did not answer. Try again.", cause: error)
    }
    return switch database.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      StoreError(.busy, "Another process keeps the store locked. Look for a hung `sluice` command or a backup.", cause: error)
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      StoreError(.corrupt, "sluice.sqlite is damaged. Restore the state directory from a backup.", cause: error)
    case .SQLITE_CONSTRAINT:
      StoreError(.conflict, "The store has such a row already.", cause: error)
    default:
      StoreError(.unavailable, "The store cannot be read or written. Check the disk and the state directory's owner.", cause: error)
    }
  }
}
