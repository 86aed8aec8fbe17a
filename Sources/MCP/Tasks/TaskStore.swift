public import JSON
internal import Synchronization

/// Where a task stands (`TaskStatus` of the extension). ``inputRequired`` waits for answers; the last three are ends.
public enum TaskStatus: String, Sendable {
  case working
  case inputRequired = "input_required"
  case completed, failed, cancelled

  /// Whether nothing changes any more.
  public var isFinal: Bool { self == .completed || self == .failed || self == .cancelled }
}

/// What is known of a task (`Task` and `DetailedTask` of the extension).
public struct TaskRecord: Sendable, Hashable {
  /// The id of the task, which nobody can guess.
  public let id: String
  /// The caller whose task it is; nil for that of nobody in particular.
  public let ownerID: String?
  /// Where the task stands.
  public var status: TaskStatus
  /// How far it is, in words.
  public var message: String?
  /// In milliseconds since 1970.
  public let createdAt: Int
  /// When it last changed, in milliseconds since 1970.
  public var updatedAt: Int
  /// In milliseconds after its creation.
  public var lifetime: Int?
  /// How many milliseconds clients should wait between two looks.
  public var pollInterval: Int
  /// What the client is asked, by key.
  public var inputRequests = JSONObject()
  /// The result of the call, of completed tasks. A client that is told of an end may have to ask for it: ``ServerTask/snapshot()``.
  public var result: JSONValue?
  /// The error of the call, of failed tasks.
  public var error: JSONValue?

  public init(id: String, ownerID: String?, createdAt: Int, lifetime: Int?, pollInterval: Int) {
    self.id = id
    self.ownerID = ownerID
    self.createdAt = createdAt
    self.lifetime = lifetime
    self.pollInterval = pollInterval
    updatedAt = createdAt
    status = .working
  }

  /// The members of `Task`, with those of its status.
  public var members: JSONObject {
    var object: JSONObject = ["taskId": .string(id), "status": .string(status.rawValue)]
    if let message { object["statusMessage"] = .string(message) }
    object["createdAt"] = .string(Timestamp.text(createdAt))
    object["lastUpdatedAt"] = .string(Timestamp.text(updatedAt))
    object["ttlMs"] = lifetime.map { .int($0) } ?? .null
    object["pollIntervalMs"] = .int(pollInterval)
    switch status {
    case .inputRequired: object["inputRequests"] = .object(inputRequests)
    case .completed: object["result"] = result ?? [:]
    case .failed: object["error"] = error ?? [:]
    case .working, .cancelled: break
    }
    return object
  }

  /// Reads what ``members`` writes, or another server's `Task`; nil where `raw` is none. Whose it is, is not said.
  init?(_ raw: RawJSON) {
    guard let id = raw["taskId"]?.string, let status = raw["status"]?.string.flatMap({ TaskStatus(rawValue: $0) }) else { return nil }
    func time(_ name: String) -> Int { raw[name]?.string.flatMap { Timestamp.milliseconds($0) } ?? 0 }
    self.init(
      id: id, ownerID: nil, createdAt: time("createdAt"), lifetime: raw["ttlMs"]?.int, pollInterval: raw["pollIntervalMs"]?.int ?? 1000)
    self.status = status
    message = raw["statusMessage"]?.string
    updatedAt = time("lastUpdatedAt")
    inputRequests = raw["inputRequests"].flatMap { JSONValue($0).object } ?? JSONObject()
    result = raw["result"].map { JSONValue($0) }
    error = raw["error"].map { JSONValue($0) }
  }

  func isExpired(_ now: Int) -> Bool { lifetime.map { now - createdAt > $0 } ?? false }
}

/// Keeps tasks. What a store has returned from must be found by ``record(_:)`` of every replica that shares it.
///
/// A task runs, and takes answers, at the replica that made it. Every replica can tell its state and cancel it; the work ends when it next
/// reports, asks or is done.
public protocol TaskStore: Sendable {
  /// Keeps a new task.
  func insert(_ record: TaskRecord) async throws
  /// - Returns: nil when there is none, or no longer.
  func record(_ id: String) async throws -> TaskRecord?
  /// Changes a record as one step. `change` may be called more than once, with the record as it is then.
  ///
  /// - Returns: the changed record; nil when there is none.
  func update(_ id: String, _ change: @Sendable (inout TaskRecord) -> Void) async throws -> TaskRecord?
}

/// Keeps tasks in the memory of this process, bounded.
public final class InMemoryTaskStore: TaskStore {
  private let records = Mutex<[String: TaskRecord]>([:])
  private let capacity: Int
  private let now: @Sendable () -> Int

  /// - Parameters:
  ///   - capacity: the most tasks; beyond it calls are refused until some have expired.
  ///   - now: in milliseconds since 1970.
  public init(capacity: Int = 10_000, now: (@Sendable () -> Int)? = nil) {
    self.capacity = capacity
    self.now = now ?? WallClock.now
  }

  /// Keeps a new task.
  public func insert(_ record: TaskRecord) async throws {
    let now = now()
    let isFull = records.withLock { records in
      if records.count >= capacity { records = records.filter { !$0.value.isExpired(now) } }
      guard records.count < capacity else { return true }
      records[record.id] = record
      return false
    }
    if isFull { throw RPCError(.internalError, "Too many tasks: try again later") }
  }

  public func record(_ id: String) async throws -> TaskRecord? {
    let now = now()
    return records.withLock { records in
      guard let record = records[id] else { return nil }
      guard record.isExpired(now) else { return record }
      records[id] = nil
      return nil
    }
  }

  public func update(_ id: String, _ change: @Sendable (inout TaskRecord) -> Void) async throws -> TaskRecord? {
    records.withLock { records in
      guard var record = records[id] else { return nil }
      change(&record)
      records[id] = record
      return record
    }
  }
}

/// ISO 8601 in UTC.
enum Timestamp {
  /// - Parameter milliseconds: since 1970.
  static func text(_ milliseconds: Int) -> String {
    let (days, rest) = (milliseconds / 86_400_000, milliseconds % 86_400_000)
    // Days to a civil date: years are counted from March, so that the leap day is the last one.
    let z = days + 719_468
    let era = z / 146_097
    let dayOfEra = z % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shifted + 2) / 5 + 1
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func padded(_ value: Int, _ width: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    let time = "\(padded(rest / 3_600_000, 2)):\(padded(rest / 60_000 % 60, 2)):\(padded(rest / 1000 % 60, 2)).\(padded(rest % 1000, 3))"
    return "\(date)T\(time)Z"
  }

  /// Milliseconds since 1970 of a time in the format of RFC 3339; nil for anything else.
  static func milliseconds(_ text: String) -> Int? {
    guard JSONSchema.problem(with: text, format: "date-time") == nil else { return nil }
    let bytes = Array(text.utf8)
    func number(_ range: Range<Int>) -> Int? {
      guard range.upperBound <= bytes.count else { return nil }
      return Int(String(decoding: bytes[range], as: UTF8.self))
    }
    guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13), let minute = number(14..<16),
      let second = number(17..<19)
    else { return nil }
    var position = 19
    var fraction = 0
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      let digits = bytes[(position + 1)...].prefix { (0x30...0x39).contains($0) }
      fraction = Int((String(decoding: digits.prefix(3), as: UTF8.self) + "00").prefix(3)) ?? 0
      position = digits.endIndex
    }
    var offset = 0
    if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
      guard let hours = number(position + 1..<position + 3), let minutes = number(position + 4..<position + 6) else { return nil }
      offset = (hours * 60 + minutes) * (bytes[position] == UInt8(ascii: "+") ? 1 : -1)
    }
    let shifted = month > 2 ? year : year - 1
    let yearOfEra = shifted % 400
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let days = shifted / 400 * 146_097 + dayOfEra - 719_468
    return (((days * 24 + hour) * 60 + minute - offset) * 60 + second) * 1000 + fraction
  }
}
