internal import JSON

/// The methods and notifications of all revisions.
public enum Method: String, Sendable, CaseIterable {
  case discover = "server/discover"
  case initialize = "initialize"
  case ping = "ping"
  case toolsList = "tools/list"
  case toolsCall = "tools/call"
  case resourcesList = "resources/list"
  case resourceTemplatesList = "resources/templates/list"
  case resourcesRead = "resources/read"
  case resourcesSubscribe = "resources/subscribe"
  case resourcesUnsubscribe = "resources/unsubscribe"
  case promptsList = "prompts/list"
  case promptsGet = "prompts/get"
  case complete = "completion/complete"
  case setLogLevel = "logging/setLevel"
  case subscriptionsListen = "subscriptions/listen"
  case createMessage = "sampling/createMessage"
  case elicit = "elicitation/create"
  case rootsList = "roots/list"
  // The extension io.modelcontextprotocol/tasks.
  case tasksGet = "tasks/get"
  case tasksUpdate = "tasks/update"
  case tasksCancel = "tasks/cancel"

  case initialized = "notifications/initialized"
  case cancelled = "notifications/cancelled"
  case progress = "notifications/progress"
  case message = "notifications/message"
  case toolsListChanged = "notifications/tools/list_changed"
  case resourcesListChanged = "notifications/resources/list_changed"
  case promptsListChanged = "notifications/prompts/list_changed"
  case resourceUpdated = "notifications/resources/updated"
  case rootsListChanged = "notifications/roots/list_changed"
  case elicitationComplete = "notifications/elicitation/complete"
  case subscriptionsAcknowledged = "notifications/subscriptions/acknowledged"
  case taskStatus = "notifications/tasks"

  /// The methods in the order in which traffic has them, for a lookup without decoding.
  init?(_ raw: RawJSON) {
    if raw.equals("tools/call") { self = .toolsCall; return }
    if raw.equals("tools/list") { self = .toolsList; return }
    guard let text = raw.string, let known = Method(rawValue: text) else { return nil }
    self = known
  }

  /// Where the `Mcp-Name` header of a request with this method comes from (2026-07-28, streamable-http, "Standard Request Headers").
  public var nameParameter: String? {
    switch self {
    case .toolsCall, .promptsGet: "name"
    case .resourcesRead: "uri"
    case .tasksGet, .tasksUpdate, .tasksCancel: "taskId"
    default: nil
    }
  }

  /// Whether clients of `era` may send this as a request.
  public func isRequest(in era: Era) -> Bool {
    switch self {
    case .toolsList, .toolsCall, .resourcesList, .resourceTemplatesList, .resourcesRead, .promptsList, .promptsGet, .complete: true
    case .discover, .subscriptionsListen, .tasksGet, .tasksUpdate, .tasksCancel: era == .modern
    case .initialize, .ping, .resourcesSubscribe, .resourcesUnsubscribe, .setLogLevel: era == .legacy
    default: false
    }
  }
}
