public import JSON
public import NIOCore

/// Which changes a client wants to hear of (2026-07-28, basic/patterns/subscriptions), as far as the server tells of them.
public struct SubscriptionFilter: Sendable, Hashable {
  /// The most resources that one subscription may name. It bounds what can wait for a slow client.
  public static let resourceLimit = 1000

  /// Whether changes of the list of tools are told.
  public var toolsListChanged = false
  /// Whether changes of the list of prompts are told.
  public var promptsListChanged = false
  /// Whether changes of the list of resources are told.
  public var resourcesListChanged = false
  /// URIs of resources whose updates are wanted, in the order of the request; nil when none were asked for or none are offered.
  public private(set) var resources: [String]?
  private var resourceSet: Set<String> = []
  /// Tasks whose status is wanted (extension `io.modelcontextprotocol/tasks`); nil when none were asked for or none are offered.
  public private(set) var tasks: [String]?

  /// Reads the filter of a `subscriptions/listen` request and reduces it to what the server supports.
  ///
  /// - Parameters:
  ///   - capabilities: the `ServerCapabilities` of the server.
  ///   - client: who asks.
  /// - Throws: ``RPCError`` `-32602` when the filter is missing, of the wrong type or too long; `-32021` when it asks for tasks and the
  ///   client did not declare them.
  public init(of request: Envelope, capabilities: JSONValue, client: ClientDescription? = nil) throws(RPCError) {
    guard let filter = request["notifications"], filter.kind == .object else {
      throw RPCError(.invalidParams, "subscriptions/listen needs \"notifications\", an object that says which changes are wanted")
    }
    func wants(_ name: String) throws(RPCError) -> Bool {
      guard let value = filter[name] else { return false }
      guard let isWanted = value.bool else { throw RPCError(.invalidParams, "\"notifications.\(name)\" must be a boolean") }
      return isWanted
    }
    func offers(_ feature: String, _ capability: String = "listChanged") -> Bool { capabilities[feature]?[capability]?.bool == true }
    toolsListChanged = try wants("toolsListChanged") && offers("tools")
    promptsListChanged = try wants("promptsListChanged") && offers("prompts")
    resourcesListChanged = try wants("resourcesListChanged") && offers("resources")
    if let ids = filter["taskIds"], capabilities["extensions"]?[TaskSupport.identifier] != nil {
      guard client?.knowsTasks == true else { throw .tasksNeeded }
      tasks = Array(ids.elements.compactMap(\.string).prefix(SubscriptionFilter.resourceLimit))
    }
    guard let asked = filter["resourceSubscriptions"] else { return }
    var uris: [String] = []
    for element in asked.elements {
      guard let uri = element.string else { throw RPCError(.invalidParams, "\"notifications.resourceSubscriptions\" must be an array of URIs") }
      guard uris.count < SubscriptionFilter.resourceLimit else {
        throw RPCError(.invalidParams, "A subscription may name at most \(SubscriptionFilter.resourceLimit) resources")
      }
      if resourceSet.insert(uri).inserted { uris.append(uri) }
    }
    guard asked.kind == .array else { throw RPCError(.invalidParams, "\"notifications.resourceSubscriptions\" must be an array of URIs") }
    if offers("resources", "subscribe") { resources = uris } else { resourceSet = [] }
  }

  /// Takes out the resources that `handler` does not tell the caller of, and follows the others.
  ///
  /// - Returns: what ends with the subscription.
  public mutating func follow(_ handler: any RequestHandler, for caller: (any Caller)?) -> [Observation] {
    guard let asked = resources else { return [] }
    var observations: [Observation] = []
    var followed: [String] = []
    for uri in asked {
      guard let observation = handler.follow(uri, for: caller) else { continue }
      observations.append(observation)
      followed.append(uri)
    }
    resources = followed
    resourceSet = Set(followed)
    return observations
  }

  /// Whether the subscriber is told of `change`.
  public func admits(_ change: ServerChange) -> Bool {
    switch change {
    case .toolsListChanged: toolsListChanged
    case .promptsListChanged: promptsListChanged
    case .resourcesListChanged: resourcesListChanged
    case .resourceUpdated(let uri): resourceSet.contains(uri)
    case .taskUpdated(let record): tasks?.contains(record.id) == true
    }
  }

  /// The first message of the subscription that the request with this id opened.
  public func acknowledgement(id: RawJSON) -> ByteBuffer {
    var honoured = JSONObject()
    if toolsListChanged { honoured["toolsListChanged"] = true }
    if promptsListChanged { honoured["promptsListChanged"] = true }
    if resourcesListChanged { honoured["resourcesListChanged"] = true }
    if let resources { honoured["resourceSubscriptions"] = .array(resources.map { .string($0) }) }
    if let tasks { honoured["taskIds"] = .array(tasks.map { .string($0) }) }
    let params: JSONValue = ["_meta": [MetaKey.subscriptionID: JSONValue(id)], "notifications": .object(honoured)]
    return Message.notification(.subscriptionsAcknowledged, params: ByteBuffer(params))
  }

  /// The notification that a server over stdio takes the subscription down. Servers send it for nothing else.
  public static func takenDown(id: RawJSON) -> ByteBuffer {
    Message.notification(.cancelled, params: ByteBuffer(["requestId": JSONValue(id), "reason": "The server ends the subscription"]))
  }

  /// The response that ends the subscription gracefully.
  public static func ended(id: RawJSON) -> ByteBuffer {
    let result: JSONValue = ["resultType": "complete", "_meta": [MetaKey.subscriptionID: JSONValue(id)]]
    return Message.response(id: id, result: ByteBuffer(result))
  }
}

extension ServerChange {
  /// The notification of this change.
  ///
  /// - Parameter subscription: the id of the `subscriptions/listen` request that it is sent for; nil for legacy clients.
  public func notification(subscription: RawJSON? = nil) -> ByteBuffer {
    var params = JSONObject()
    if let subscription { params["_meta"] = [MetaKey.subscriptionID: JSONValue(subscription)] }
    let method: Method
    switch self {
    case .toolsListChanged: method = .toolsListChanged
    case .promptsListChanged: method = .promptsListChanged
    case .resourcesListChanged: method = .resourcesListChanged
    case .resourceUpdated(let uri):
      method = .resourceUpdated
      params["uri"] = .string(uri)
    case .taskUpdated(let record):
      method = .taskStatus
      for (name, value) in record.members { params[name] = value }
    }
    return Message.notification(method, params: params.isEmpty ? nil : ByteBuffer(.object(params)))
  }
}
