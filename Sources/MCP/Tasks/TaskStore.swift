public import JSON
internal import Synchronization

/// What is known of a task (`Task` and `DetailedTask` of the extension).
public struct TaskRecord: Sendable, Hashable {
  /// Where a task stands.
  public enum Status: String, Sendable {
    case working
    case inputRequired = "input_required"
    case completed, failed, cancelled

    /// Whether nothing changes any more.
    public var isFinal: Bool { self == .completed || self == .failed || self == .cancelled }
  }

  /// The id of the task, which nobody can guess.
  public let id: String
  /// The caller whose task it is; nil for that of nobody in particular.
  public let ownerID: String?
  /// Where the task stands.
  public var status: Status
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
  /// The result of the call, of completed tasks.
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

  func isExpired(_ now: Int) -> Bool { lifetime.map { createdAt + $0 < now } ?? false }
}

/// Keeps tasks. What a store has returned from must be found by ``record(_:)`` of every replica that shares it.
public protocol TaskStore: Sendable {
  /// Keeps a new task.
  func insert(_ record: TaskRecord) async throws
  /// - Returns: nil when there is none, or no longer.
  func record(_ id: String) async throws -> TaskRecord?
  /// Changes a record as one step.
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
}
