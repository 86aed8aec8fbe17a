public import Crypto
public import JSON
public import Logging
internal import NIOCore
internal import Synchronization

/// An MCP server: a set of tools, resources and prompts, served over any transport in both eras.
///
/// What it offers may change while it runs; whoever observes it is told. ``handle(_:_:)`` can be called without any transport.
public final class Server: RequestHandler {
  /// Bounds, cache hints and keys of a server.
  public struct Settings: Sendable {
    /// The most items in one page of a list.
    public var pageSize: Int
    /// How long lists and the server's description may be kept, and by whom.
    public var cache: CacheHint
    /// How long what was read may be kept, unless the resource says otherwise.
    public var readCache: CacheHint
    /// Capabilities beyond those that follow from what was added, for example `extensions`. A server that starts empty declares here what it
    /// will have, as in `["tools": ["listChanged": true]]`: then its lists are empty until something is added, and clients can wait for that.
    public var capabilities: JSONObject
    /// What the schemas of tools may refer to besides themselves, by absolute URI. References are never fetched.
    public var schemaResources: [String: JSONValue]
    /// How schemas of tools are read, and the bounds of checking arguments and results against them.
    public var schemaOptions: JSONSchema.Options
    /// Shows a long list of tools as `find_tools` and `call_tool`; nil always lists all.
    public var discovery: ToolDiscovery?
    /// Pictures of the server itself.
    public var icons: [Icon]
    /// Where people can read about the server.
    public var websiteURL: String?
    /// What the server does, for people.
    public var description: String?
    /// Seals what calls learn in one round for the next (`requestState`). Replicas of one server share it.
    public var stateKey: SymmetricKey
    /// For how many seconds an `input_required` result may be answered.
    public var stateLifetime: Int
    /// The time in milliseconds since 1970.
    public var now: @Sendable () -> Int
    /// Keeps the calls that became tasks.
    public var taskStore: any TaskStore
    /// How many notifications one request may send, progress and log messages each counted by themselves.
    public var notificationRate: NotificationRate

    public init(
      pageSize: Int = 100, cache: CacheHint = CacheHint(milliseconds: 60_000, scope: .public),
      readCache: CacheHint = CacheHint(milliseconds: 0, scope: .private), capabilities: JSONObject = JSONObject(),
      schemaResources: [String: JSONValue] = [:], schemaOptions: JSONSchema.Options = JSONSchema.Options(), discovery: ToolDiscovery? = nil,
      icons: [Icon] = [], websiteURL: String? = nil, description: String? = nil,
      stateKey: SymmetricKey = SymmetricKey(size: .bits256), stateLifetime: Int = 1800, now: (@Sendable () -> Int)? = nil,
      taskStore: (any TaskStore)? = nil, notificationRate: NotificationRate = NotificationRate()
    ) {
      self.pageSize = pageSize
      self.cache = cache
      self.readCache = readCache
      self.capabilities = capabilities
      self.schemaResources = schemaResources
      self.schemaOptions = schemaOptions
      self.discovery = discovery
      self.icons = icons
      self.websiteURL = websiteURL
      self.description = description
      self.stateKey = stateKey
      self.stateLifetime = stateLifetime
      self.now = now ?? WallClock.now
      self.taskStore = taskStore ?? InMemoryTaskStore(now: now)
      self.notificationRate = notificationRate
    }
  }

  /// What the server is called, for programs.
  public let name: String
  /// What it is called, for people.
  public let title: String?
  /// The version of the server's own program.
  public let version: String
  /// How to use the server, for the model.
  public let instructions: String?
  let settings: Settings
  let seal: CallStateSeal
  let logger: Logger
  /// The text of the server's `Implementation`, which every modern result carries.
  let implementation: ByteBuffer

  struct State {
    var tools = Registry<RegisteredTool>()
    var prompts = Registry<Prompt>()
    var resources = Registry<Resource>()
    var templates = Registry<ResourceTemplate>()
    var completions: [CompletionTarget: @Sendable (CompletionRequest) async throws -> Completion] = [:]
    /// Whether any argument has suggestions.
    var offersCompletions: Bool { !completions.isEmpty || prompts.items.contains { !$0.completions.isEmpty } }
    /// Is told that a client has other roots than before.
    var rootsChanged: (@Sendable (RequestContext) async -> Void)?
    /// Calls that go on as tasks here, by the id of the task.
    var tasks: [String: TaskRun] = [:]
    var observers: [Int: @Sendable (ServerChange) -> Void] = [:]
    var nextObserver = 0
    /// Whether there ever was a tool with tasks: then the server speaks the extension.
    var hasTasks = false
    /// Made when it is first asked, for one state of the list.
    var discovered: DiscoveredTools?
    /// Whether there ever was a view, or a tool that names one.
    var hasUI = false

    /// What suggests values for an argument: what the server was given for it, else what the prompt has of its own.
    func completion(for target: CompletionTarget) -> (@Sendable (CompletionRequest) async throws -> Completion)? {
      if let completion = completions[target] { return completion }
      guard case .prompt(let name, let argument) = target else { return nil }
      return prompts[name]?.completions[argument]
    }
  }
  /// What is offered and who observes it. Never held while anything of those runs.
  let state = Mutex(State())

  /// A server that offers nothing yet.
  public init(
    name: String, title: String? = nil, version: String, instructions: String? = nil, settings: Settings = Settings(),
    logger: Logger = Logger(label: "mcp.server")
  ) {
    self.name = name
    self.title = title
    self.version = version
    self.instructions = instructions
    self.settings = settings
    self.logger = logger
    seal = CallStateSeal(key: settings.stateKey, lifetime: settings.stateLifetime * 1000, server: name)
    let description = ServerDescription(
      name: name, title: title, version: version, capabilities: [:], icons: settings.icons, websiteURL: settings.websiteURL,
      description: settings.description)
    implementation = ByteBuffer(description.implementation)
  }

  // MARK: What is offered

  /// Adds a tool, or replaces the one of that name.
  ///
  /// A tool whose schemas do not compile is offered all the same, so that the fault shows where it is looked for: it is
  /// logged, and every call is answered with it instead of running the tool. A name that clients may not take is logged too.
  public func add(_ tool: Tool) {
    if let problem = tool.nameProblem {
      logger.warning("A tool's name will not do everywhere", metadata: ["tool": "\(tool.name.prefix(128))", "reason": "\(problem)"])
    }
    let schemas = ToolSchemas(of: tool, resources: settings.schemaResources, options: settings.schemaOptions)
    if let fault = schemas.fault { logger.error("A tool cannot be called", metadata: ["tool": "\(tool.name)", "reason": "\(fault)"]) }
    var headers: [HeaderParameter] = []
    do { headers = try HeaderParameter.all(in: tool.inputSchema.raw) } catch {
      logger.error("A tool is not valid, clients will leave it out", metadata: ["tool": "\(tool.name)", "reason": "\(error.description)"])
    }
    let registered = RegisteredTool(tool: tool, schemas: schemas, headers: headers, hasUI: tool.ui != nil)
    state.withLock {
      if tool.task != nil { $0.hasTasks = true }
      if registered.hasUI { $0.hasUI = true }
      $0.tools.set(tool.name, registered, modern: tool.definition(.modern), legacy: tool.definition(.legacy))
    }
    notify(.toolsListChanged)
  }

  /// Adds a resource, or replaces the one of that URI.
  public func add(_ resource: Resource) {
    let definition = resource.definition
    state.withLock {
      if resource.link.uri.hasPrefix(UIExtension.scheme) { $0.hasUI = true }
      $0.resources.set(resource.link.uri, resource, modern: definition, legacy: definition)
    }
    notify(.resourcesListChanged)
  }

  /// Adds a resource template, or replaces the one of that text. Templates are tried in the order in which they were added.
  public func add(_ template: ResourceTemplate) {
    let definition = template.definition
    state.withLock { $0.templates.set(template.uriTemplate.text, template, modern: definition, legacy: definition) }
    notify(.resourcesListChanged)
  }

  /// Adds a prompt, or replaces the one of that name.
  public func add(_ prompt: Prompt) {
    let definition = prompt.definition
    state.withLock { $0.prompts.set(prompt.name, prompt, modern: definition, legacy: definition) }
    notify(.promptsListChanged)
  }

  /// Sets what suggests values for an argument.
  public func addCompletion(
    for target: CompletionTarget, _ complete: @escaping @Sendable (CompletionRequest) async throws -> Completion
  ) {
    state.withLock { $0.completions[target] = complete }
  }

  /// Removes a tool, if there is one of this name. Whoever subscribed is told.
  public func removeTool(_ name: String) {
    if state.withLock({ $0.tools.remove(name) }) { notify(.toolsListChanged) }
  }

  /// Removes a prompt, if there is one of this name. Whoever subscribed is told.
  public func removePrompt(_ name: String) {
    if state.withLock({ $0.prompts.remove(name) }) { notify(.promptsListChanged) }
  }

  /// Removes a resource, if there is one with this URI. Whoever subscribed is told.
  public func removeResource(_ uri: String) {
    if state.withLock({ $0.resources.remove(uri) }) { notify(.resourcesListChanged) }
  }

  /// Removes a template, if there is one of this text. Whoever subscribed is told.
  public func removeResourceTemplate(_ uriTemplate: String) {
    if state.withLock({ $0.templates.remove(uriTemplate) }) { notify(.resourcesListChanged) }
  }

  /// Tells those who subscribed to the resource that it has changed.
  public func notifyResourceUpdated(_ uri: String) { notify(.resourceUpdated(uri: uri)) }

  /// Tells those who asked to know that other resources can be read than before: for resources of a template, which come and go without
  /// the server. What is added to the server or removed from it is told without this.
  public func notifyResourcesListChanged() { notify(.resourcesListChanged) }

  func notify(_ change: ServerChange) {
    let observers = state.withLock { Array($0.observers.values) }
    for observer in observers { observer(change) }
  }

  public func observe(for caller: (any Caller)?, _ observer: @escaping @Sendable (ServerChange) -> Void) -> Observation {
    let key = state.withLock { state in
      defer { state.nextObserver += 1 }
      state.observers[state.nextObserver] = { change in
        if case .taskUpdated(let record) = change, !record.belongs(to: caller) { return }
        observer(change)
      }
      return state.nextObserver
    }
    return Observation { [weak self] in self?.state.withLock { $0.observers[key] = nil } }
  }

  public func describe(_ context: RequestContext) async -> ServerDescription { description(context.era) }

  private func description(_ era: Era) -> ServerDescription {
    var capabilities: JSONObject = ["logging": [:]]
    state.withLock {
      if $0.offersCompletions { capabilities["completions"] = [:] }
      if $0.prompts.isOffered { capabilities["prompts"] = ["listChanged": true] }
      if $0.resources.isOffered || $0.templates.isOffered { capabilities["resources"] = ["subscribe": true, "listChanged": true] }
      if $0.tools.isOffered { capabilities["tools"] = ["listChanged": true] }
      var extensions = JSONObject()
      if $0.hasTasks, era == .modern { extensions[TaskSupport.identifier] = [:] }
      if $0.hasUI { extensions[UIExtension.identifier] = [:] }
      if !extensions.isEmpty { capabilities["extensions"] = .object(extensions) }
    }
    for (name, value) in settings.capabilities {
      var value = value
      if name == "extensions" { for (id, own) in capabilities[name]?.object ?? JSONObject() { value[id] = own } }
      capabilities[name] = value
    }
    return ServerDescription(
      name: name, title: title, version: version, instructions: instructions, capabilities: .object(capabilities),
      icons: settings.icons, websiteURL: settings.websiteURL, description: settings.description, cache: settings.cache)
  }

  /// Sets what is told that a legacy client has other roots than before, and who that is. Modern clients are asked anew when it matters.
  ///
  /// The roots themselves are asked for in the client's next request, by ``IncomingRequest/roots(key:)``.
  public func onRootsChanged(_ told: @escaping @Sendable (RequestContext) async -> Void) { state.withLock { $0.rootsChanged = told } }

  // MARK: Requests

  public func receive(_ notification: Envelope, _ context: RequestContext) async {
    guard notification.method == .rootsListChanged, context.era == .legacy, let told = state.withLock({ $0.rootsChanged }) else { return }
    await told(context)
  }

  public func handle(_ request: Envelope, _ context: RequestContext) async -> Answer {
    do {
      return .result(try await result(of: request, context))
    } catch let error as RPCError {
      // The modern era has no such code (2026-07-28, basic, "Error Codes").
      if error.code == .urlElicitationRequired, context.era == .modern { return .failure(RPCError(.internalError, error.message)) }
      return .failure(error)
    } catch is CancellationError {
      return .failure(RPCError(.internalError, "The request was cancelled"))
    } catch {
      logger.error("A request failed", metadata: ["method": "\(request.method?.rawValue ?? "")", "error": "\(error)"])
      return .failure(RPCError(.internalError, "Internal error"))
    }
  }

  private func result(of request: Envelope, _ context: RequestContext) async throws -> ByteBuffer {
    guard let method = request.method, method.isRequest(in: context.era) else {
      throw RPCError.methodNotFound(request.methodName?.string ?? "")
    }
    if context.era == .modern, let level = request.meta?[MetaKey.logLevel] { _ = try logLevel(level) }
    if method == .toolsCall { return try await callTool(request, context) }
    return try await result(of: method, request, context)
  }

  /// The result of anything but a call of a tool: apart, since a call would carry the room of all this while it waits.
  @inline(never)
  private func result(of method: Method, _ request: Envelope, _ context: RequestContext) async throws -> ByteBuffer {
    switch method {
    case .toolsList:
      let tools = discoveryPair() ?? state.withLock(\.tools)
      return try list(tools, "tools", of: "tools", request, context.era, isOffered: tools.isOffered)
    case .resourcesList:
      let (resources, isOffered) = state.withLock { ($0.resources, $0.resources.isOffered || $0.templates.isOffered) }
      return try list(resources, "resources", of: "resources", request, context.era, isOffered: isOffered)
    case .resourceTemplatesList:
      let (templates, isOffered) = state.withLock { ($0.templates, $0.resources.isOffered || $0.templates.isOffered) }
      return try list(templates, "resourceTemplates", of: "resources", request, context.era, isOffered: isOffered)
    case .resourcesRead: return try await readResource(request, context)
    case .promptsList:
      let prompts = state.withLock(\.prompts)
      return try list(prompts, "prompts", of: "prompts", request, context.era, isOffered: prompts.isOffered)
    case .promptsGet: return try await getPrompt(request, context)
    case .complete: return try await complete(request, context)
    case .tasksGet, .tasksUpdate, .tasksCancel: return try await answerTask(method, request, context)
    case .setLogLevel:
      guard let level = request["level"] else { throw RPCError(.invalidParams, "Missing parameter \"level\"") }
      _ = try logLevel(level)
      return empty(context.era)
    case .resourcesSubscribe, .resourcesUnsubscribe:
      let uri = try string("uri", of: request)
      guard method == .resourcesUnsubscribe || resource(uri) != nil else { throw RPCError.resourceNotFound(uri, context.era) }
      return empty(context.era)
    // The transports answer these; here they serve whoever uses a server without one.
    case .discover: return description(.modern).discoverResult(versions: ProtocolVersion.newestFirst)
    case .initialize:
      let version = ProtocolVersion.negotiate(request["protocolVersion"]?.string ?? "", among: ProtocolVersion.allCases)
      return description(.legacy).initializeResult(version: version ?? .latestLegacy)
    case .ping: return empty(context.era)
    default: throw RPCError.methodNotFound(method.rawValue)
    }
  }

  func empty(_ era: Era) -> ByteBuffer { ResultText(era).finish(server: implementation) }

  private func logLevel(_ raw: RawJSON) throws(RPCError) -> LogLevel {
    guard let level = raw.string.flatMap({ LogLevel(rawValue: $0) }) else {
      throw RPCError(.invalidParams, "Unknown log level: use one of \(LogLevel.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return level
  }

  func string(_ parameter: String, of request: Envelope) throws(RPCError) -> String {
    guard let value = request[parameter]?.string else { throw RPCError(.invalidParams, "Missing parameter \"\(parameter)\": it is a string") }
    return value
  }

  /// - Parameter capability: what the list is a part of. One that the settings declare is there from the start.
  private func list<Item>(
    _ registry: Registry<Item>, _ name: StaticString, of capability: String, _ request: Envelope, _ era: Era, isOffered: Bool
  ) throws(RPCError) -> ByteBuffer {
    guard isOffered || settings.capabilities[capability] != nil else { throw .methodNotFound(request.method?.rawValue ?? "") }
    let page = try registry.page(after: request["cursor"], size: settings.pageSize, era)
    var result = ResultText(era, capacity: page.definitions.reduce(512) { $0 + $1.readableBytes + 1 })
    result.array(page.definitions, for: name)
    if let next = page.next { result.string(next, for: "nextCursor") }
    return result.finish(server: implementation, cache: settings.cache)
  }

  /// Runs `work` with its questions to the client; those that are left open are the result.
  func interact(
    _ request: Envelope, _ context: RequestContext, _ work: (Interaction) async throws -> ByteBuffer
  ) async throws -> ByteBuffer {
    let interaction = try Interaction(request, context, seal: seal, rate: settings.notificationRate, now: settings.now)
    func inputRequired() throws(RPCError) -> ByteBuffer? {
      try interaction.inputRequired(request, context, seal: seal, now: settings.now, server: implementation)
    }
    do {
      let result = try await work(interaction)
      return try inputRequired() ?? result
    } catch {
      if let result = try inputRequired() { return result }
      guard let failure = error as? ClientFailure else { throw error }
      throw failure == .cancelled ? CancellationError() : RPCError(.internalError, failure.description)
    }
  }

}
