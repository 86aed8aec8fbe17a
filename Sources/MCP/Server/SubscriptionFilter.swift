public import JSON
public import NIOCore

/// Which changes a client wants to hear of (2026-07-28, basic/patterns/subscriptions), as far as the server tells of them.
public struct SubscriptionFilter: Sendable, Hashable {
  /// The most resources that one subscription may name, and the most tasks. It bounds what can wait for a slow client.
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
    if filter["taskIds"] != nil, capabilities["extensions"]?[TaskSupport.identifier] != nil {
      guard client?.knowsTasks == true else { throw .tasksNeeded }
      tasks = try SubscriptionFilter.names("taskIds", of: filter, "ids", "tasks")
    }
    let uris = try SubscriptionFilter.names("resourceSubscriptions", of: filter, "URIs", "resources")
    if let uris, offers("resources", "subscribe") { (resources, resourceSet) = (uris, Set(uris)) }
  }

  /// The different strings of a member, in order; nil where there is none.
  private static func names(_ member: String, of filter: RawJSON, _ names: String, _ things: String) throws(RPCError) -> [String]? {
    guard let value = filter[member] else { return nil }
    let wrongType = RPCError(.invalidParams, "\"notifications.\(member)\" must be an array of \(names)")
    guard value.kind == .array else { throw wrongType }
    var all: [String] = []
    var known: Set<String> = []
    for element in value.elements {
      guard let name = element.string else { throw wrongType }
      guard all.count < resourceLimit else { throw RPCError(.invalidParams, "A subscription may name at most \(resourceLimit) \(things)") }
      if known.insert(name).inserted { all.append(name) }
    }
    return all
  }

  /// Begins to tell of the changes: reduces the filter to what `handler` tells the caller of, and adds that to `queue` as it happens.
  ///
  /// - Returns: what ends with the subscription.
  public mutating func observe(_ handler: any RequestHandler, for caller: (any Caller)?, into queue: ChangeQueue) -> [Observation] {
    let followed = follow(handler, for: caller)
    let granted = self
    return followed + [handler.observe(for: caller) { change in if granted.admits(change) { queue.add(change) } }]
  }

  /// Takes out the resources that `handler` does not tell the caller of, and follows the others.
  ///
  /// - Returns: what ends with the subscription.
  mutating func follow(_ handler: any RequestHandler, for caller: (any Caller)?) -> [Observation] {
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
