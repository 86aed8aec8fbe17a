internal import JSON

/// How a tool uses tasks (extension `io.modelcontextprotocol/tasks`): its calls are answered at once with a handle, and their result is
/// asked for later.
public struct TaskSupport: Sendable, Hashable {
  /// The identifier of the extension.
  public static let identifier = "io.modelcontextprotocol/tasks"

  /// Whether clients that do not know tasks are refused; else they wait for the result.
  public var isRequired: Bool
  /// Whether the task begins with the call. If not, it begins when the handler says so with ``ToolCall/continueAsTask(_:)``; what the
  /// handler asks before that is asked of the client in rounds of the call itself.
  public var startsAtOnce: Bool
  /// For how many milliseconds after its creation a task is kept, and may run: then it is cancelled. Nil for as long as the store keeps it.
  public var lifetime: Int?
  /// How many milliseconds clients should wait between two looks.
  public var pollInterval: Int

  public init(isRequired: Bool, startsAtOnce: Bool = true, lifetime: Int? = 3_600_000, pollInterval: Int = 1000) {
    self.isRequired = isRequired
    self.startsAtOnce = startsAtOnce
    self.lifetime = lifetime
    self.pollInterval = pollInterval
  }

  public static let optional = TaskSupport(isRequired: false)
  public static let required = TaskSupport(isRequired: true)
}

extension ClientDescription {
  /// Whether the client declared the extension with this request.
  public var knowsTasks: Bool { version.era == .modern && capabilities["extensions"]?[TaskSupport.identifier] != nil }
}

extension RPCError {
  static let tasksNeeded = RPCError.missingCapability(["extensions": [TaskSupport.identifier: [:]]])
  static let taskNotFound = RPCError(.invalidParams, "Task not found: it is not known, has expired, or is someone else's")
}
