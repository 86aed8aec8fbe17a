public import Crypto
public import JSON
public import Logging
internal import NIOCore
internal import Synchronization

/// An MCP server: a set of tools, resources and prompts, served over any transport in both eras.
///
/// What it offers may change while it runs; whoever observes it is told. ``handle(_:_:)`` can be called without any transport.
public final class Server: RequestHandler {
  public struct Settings: Sendable {
    /// The most items in one page of a list.
    public var pageSize: Int
    /// How long lists and the server's description may be kept, and by whom.
    public var cache: CacheHint
    /// How long what was read may be kept, unless the resource says otherwise.
    public var readCache: CacheHint
    /// Capabilities beyond those that follow from what was added, for example `extensions`.
    public var capabilities: JSONObject
    /// What the schemas of tools may refer to besides themselves, by absolute URI. References are never fetched.
    public var schemaResources: [String: JSONValue]
    /// How schemas of tools are read, and the bounds of checking arguments and results against them.
    public var schemaOptions: JSONSchema.Options
    /// Seals what calls learn in one round for the next (`requestState`). Replicas of one server share it.
    public var stateKey: SymmetricKey
    /// For how many seconds an `input_required` result may be answered.
    public var stateLifetime: Int
    /// The time in milliseconds since 1970.
    public var now: @Sendable () -> Int

    public init(
      pageSize: Int = 100, cache: CacheHint = CacheHint(milliseconds: 60_000, scope: .public),
      readCache: CacheHint = CacheHint(milliseconds: 0, scope: .private), capabilities: JSONObject = JSONObject(),
      schemaResources: [String: JSONValue] = [:], schemaOptions: JSONSchema.Options = JSONSchema.Options(),
      stateKey: SymmetricKey = SymmetricKey(size: .bits256), stateLifetime: Int = 1800, now: (@Sendable () -> Int)? = nil
    ) {
      self.pageSize = pageSize
      self.cache = cache
      self.readCache = readCache
      self.capabilities = capabilities
      self.schemaResources = schemaResources
      self.schemaOptions = schemaOptions
      self.stateKey = stateKey
      self.stateLifetime = stateLifetime
      self.now = now ?? WallClock.now
    }
  }

  public let name: String
  public let title: String?
  public let version: String
  public let instructions: String?
  private let settings: Settings
  private let seal: CallStateSeal
  private let logger: Logger
  /// The text of the server's `Implementation`, which every modern result carries.
  private let implementation: ByteBuffer

  private struct State {
    var tools = Registry<(tool: Tool, schemas: ToolSchemas)>()
    var prompts = Registry<Prompt>()
    var resources = Registry<Resource>()
    var templates = Registry<ResourceTemplate>()
    var completions: [CompletionTarget: @Sendable (CompletionRequest) async throws -> Completion] = [:]
    var observers: [Int: @Sendable (ServerChange) -> Void] = [:]
    var nextObserver = 0
  }
  /// What is offered and who observes it. Never held while anything of those runs.
  private let state = Mutex(State())

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
    let description = ServerDescription(name: name, title: title, version: version, capabilities: [:])
    implementation = ByteBuffer(description.implementation)
  }

  // MARK: What is offered

  /// Adds a tool, or replaces the one of that name.
  ///
  /// A tool whose schemas do not compile is offered all the same, so that the fault shows where it is looked for: it is
  /// logged, and every call is answered with it instead of running the tool.
  public func add(_ tool: Tool) {
    let schemas = ToolSchemas(of: tool, resources: settings.schemaResources, options: settings.schemaOptions)
    if let fault = schemas.fault { logger.error("A tool cannot be called", metadata: ["tool": "\(tool.name)", "reason": "\(fault)"]) }
    state.withLock {
      $0.tools.set(tool.name, (tool, schemas), modern: tool.definition(.modern), legacy: tool.definition(.legacy))
    }
    notify(.toolsListChanged)
  }

  /// Adds a resource, or replaces the one of that URI.
  public func add(_ resource: Resource) {
    let definition = resource.definition
    state.withLock { $0.resources.set(resource.link.uri, resource, modern: definition, legacy: definition) }
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

  public func removeTool(_ name: String) {
    if state.withLock({ $0.tools.remove(name) }) { notify(.toolsListChanged) }
  }

  public func removePrompt(_ name: String) {
    if state.withLock({ $0.prompts.remove(name) }) { notify(.promptsListChanged) }
  }

  public func removeResource(_ uri: String) {
    if state.withLock({ $0.resources.remove(uri) }) { notify(.resourcesListChanged) }
  }

  public func removeResourceTemplate(_ uriTemplate: String) {
    if state.withLock({ $0.templates.remove(uriTemplate) }) { notify(.resourcesListChanged) }
  }

  /// Tells those who subscribed to the resource that it has changed.
  public func notifyResourceUpdated(_ uri: String) { notify(.resourceUpdated(uri: uri)) }

  private func notify(_ change: ServerChange) {
    let observers = state.withLock { Array($0.observers.values) }
    for observer in observers { observer(change) }
  }

  public func observe(for caller: (any Caller)?, _ observer: @escaping @Sendable (ServerChange) -> Void) -> Observation {
    let key = state.withLock { state in
      defer { state.nextObserver += 1 }
      state.observers[state.nextObserver] = observer
      return state.nextObserver
    }
    return Observation { [weak self] in self?.state.withLock { $0.observers[key] = nil } }
  }

  public func describe(_ context: RequestContext) async -> ServerDescription { description }

  private var description: ServerDescription {
    var capabilities: JSONObject = ["logging": [:]]
    state.withLock {
      if !$0.completions.isEmpty { capabilities["completions"] = [:] }
      if $0.prompts.isOffered { capabilities["prompts"] = ["listChanged": true] }
      if $0.resources.isOffered || $0.templates.isOffered { capabilities["resources"] = ["subscribe": true, "listChanged": true] }
      if $0.tools.isOffered { capabilities["tools"] = ["listChanged": true] }
    }
    for (name, value) in settings.capabilities { capabilities[name] = value }
    return ServerDescription(
      name: name, title: title, version: version, instructions: instructions, capabilities: .object(capabilities), cache: settings.cache)
  }

  // MARK: Requests

  public func receive(_ notification: Envelope, _ context: RequestContext) async {}

  public func handle(_ request: Envelope, _ context: RequestContext) async -> Answer {
    do {
      return .result(try await result(of: request, context))
    } catch let error as RPCError {
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
    switch method {
    case .toolsCall: return try await callTool(request, context)
    case .toolsList: return try list(state.withLock(\.tools), "tools", request, context.era)
    case .resourcesList:
      let (resources, isOffered) = state.withLock { ($0.resources, $0.resources.isOffered || $0.templates.isOffered) }
      return try list(resources, "resources", request, context.era, isOffered: isOffered)
    case .resourceTemplatesList:
      let (templates, isOffered) = state.withLock { ($0.templates, $0.resources.isOffered || $0.templates.isOffered) }
      return try list(templates, "resourceTemplates", request, context.era, isOffered: isOffered)
    case .resourcesRead: return try await readResource(request, context)
    case .promptsList: return try list(state.withLock(\.prompts), "prompts", request, context.era)
    case .promptsGet: return try await getPrompt(request, context)
    case .complete: return try await complete(request, context)
    case .setLogLevel:
      guard let level = request["level"] else { throw RPCError(.invalidParams, "Missing parameter \"level\"") }
      _ = try logLevel(level)
      return empty(context.era)
    case .resourcesSubscribe, .resourcesUnsubscribe:
      let uri = try string("uri", of: request)
      guard method == .resourcesUnsubscribe || resource(uri) != nil else { throw RPCError.resourceNotFound(uri, context.era) }
      return empty(context.era)
    // The transports answer these; here they serve whoever uses a server without one.
    case .discover: return description.discoverResult(versions: ProtocolVersion.allCases.reversed())
    case .initialize:
      let version = ProtocolVersion.negotiate(request["protocolVersion"]?.string ?? "", among: ProtocolVersion.allCases)
      return description.initializeResult(version: version ?? .latestLegacy)
    case .ping: return empty(context.era)
    default: throw RPCError.methodNotFound(method.rawValue)
    }
  }

  private func empty(_ era: Era) -> ByteBuffer { ResultText(era).finish(server: implementation) }

  private func logLevel(_ raw: RawJSON) throws(RPCError) -> LogLevel {
    guard let level = raw.string.flatMap({ LogLevel(rawValue: $0) }) else {
      throw RPCError(.invalidParams, "Unknown log level: use one of \(LogLevel.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return level
  }

  private func string(_ parameter: String, of request: Envelope) throws(RPCError) -> String {
    guard let value = request[parameter]?.string else { throw RPCError(.invalidParams, "Missing parameter \"\(parameter)\": it is a string") }
    return value
  }

  private func list<Item>(
    _ registry: Registry<Item>, _ name: StaticString, _ request: Envelope, _ era: Era, isOffered: Bool? = nil
  ) throws(RPCError) -> ByteBuffer {
    guard isOffered ?? registry.isOffered else { throw .methodNotFound(request.method?.rawValue ?? "") }
    let page = try registry.page(after: request["cursor"], size: settings.pageSize, era)
    var result = ResultText(era, capacity: 512)
    result.array(page.definitions, for: name)
    if let next = page.next { result.string(next, for: "nextCursor") }
    return result.finish(server: implementation, cache: settings.cache)
  }

  /// Runs `work` with its questions to the client; those that are left open are the result.
  private func interact(
    _ request: Envelope, _ context: RequestContext, _ work: (Interaction) async throws -> ByteBuffer
  ) async throws -> ByteBuffer {
    let interaction = try Interaction(request, context, seal: seal, now: settings.now)
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

  // MARK: Tools

  private func callTool(_ request: Envelope, _ context: RequestContext) async throws -> ByteBuffer {
    let name = try string("name", of: request)
    guard let (tool, schemas) = state.withLock({ $0.tools[name] }) else {
      throw RPCError(.invalidParams, "Unknown tool: \(name.prefix(128))")
    }
    let arguments = request["arguments"] ?? Server.noArguments
    guard arguments.kind == .object else { throw RPCError(.invalidParams, "\"arguments\" must be an object") }
    if let fault = schemas.fault {
      return text(of: .error("The tool \(name) cannot be called, whatever the arguments: \(fault)."), context.era)
    }
    if let problem = schemas.problem(with: arguments) { return text(of: .error(problem), context.era) }
    return try await interact(request, context) { interaction in
      let call = ToolCall(name: name, arguments: arguments, envelope: request, context: context, interaction: interaction)
      return checked(try await result(of: tool, call), name, schemas, context.era)
    }
  }

  /// The text of a result whose structured content fits the output schema. One that does not is the server's fault, which
  /// is for its log: the client learns no more than that.
  private func checked(_ result: ToolResult, _ name: String, _ schemas: ToolSchemas, _ era: Era) -> ByteBuffer {
    guard schemas.checksResults, !result.isError else { return text(of: result, era) }
    let structured = result.structured?.raw
    guard let problem = schemas.problem(withResult: structured) else { return text(of: result, structured: structured, era) }
    logger.error("A result does not fit the output schema of its tool", metadata: ["tool": "\(name)", "reason": "\(problem)"])
    return text(of: .error(Self.internalFailure(of: name)), era)
  }

  private static func internalFailure(of tool: String) -> String { "The tool \(tool) failed for an internal reason; it was logged." }

  /// What a tool answers; failures of its own are results that a model may read.
  private func result(of tool: Tool, _ call: ToolCall) async throws -> ToolResult {
    do {
      return try await tool.run(call)
    } catch let error as RPCError {
      // Legacy revisions have no code for this, and a model can tell its user.
      guard error.code == .missingClientCapability, call.context.era == .legacy else { throw error }
      return .error(error.message)
    } catch let failure as ClientFailure where failure != .cancelled {
      return .error(failure.description)
    } catch let error where error is CancellationError || error is Interaction.Suspension || error is ClientFailure {
      throw error
    } catch {
      logger.error("A tool failed", metadata: ["tool": "\(call.name)", "error": "\(error)"])
      return .error(Self.internalFailure(of: call.name))
    }
  }

  private static let noArguments: RawJSON = JSONValue.object(JSONObject()).raw

  /// - Parameter text: the structured content as it was checked, if it was: then it is not written again.
  private func text(of tool: ToolResult, structured text: RawJSON? = nil, _ era: Era) -> ByteBuffer {
    var result = ResultText(era, capacity: 512)
    result.value(.array(tool.content.map(\.json)), for: "content")
    if let structured = tool.structured, era == .modern || structured.object != nil {
      if let text { result.text(text.bytes, for: "structuredContent") } else { result.value(structured, for: "structuredContent") }
    }
    if tool.isError { result.value(true, for: "isError") }
    return result.finish(server: implementation, meta: tool.meta)
  }

  // MARK: Resources

  private func resource(_ uri: String) -> (mimeType: String?, variables: URITemplate.Variables, read: @Sendable (ResourceRead) async throws -> ReadResult)? {
    let (resource, templates) = state.withLock { ($0.resources[uri], $0.templates) }
    if let resource { return (resource.link.mimeType, URITemplate.Variables(), resource.read) }
    for template in templates.items {
      if let variables = template.uriTemplate.match(uri) { return (template.mimeType, variables, template.read) }
    }
    return nil
  }

  private func readResource(_ request: Envelope, _ context: RequestContext) async throws -> ByteBuffer {
    let uri = try string("uri", of: request)
    guard let resource = resource(uri) else { throw RPCError.resourceNotFound(uri, context.era) }
    return try await interact(request, context) { interaction in
      let read = try await resource.read(
        ResourceRead(uri: uri, variables: resource.variables, envelope: request, context: context, interaction: interaction))
      var result = ResultText(context.era)
      result.value(.array(read.contents.map { $0.json(uri: uri, mimeType: resource.mimeType) }), for: "contents")
      return result.finish(server: implementation, cache: read.cache ?? settings.readCache, meta: read.meta)
    }
  }

  // MARK: Prompts

  private func getPrompt(_ request: Envelope, _ context: RequestContext) async throws -> ByteBuffer {
    let name = try string("name", of: request)
    guard let prompt = state.withLock({ $0.prompts[name] }) else {
      throw RPCError(.invalidParams, "Unknown prompt: \(name.prefix(128))")
    }
    let arguments = try strings(request["arguments"], "arguments")
    let missing = prompt.arguments.filter { $0.required && arguments[$0.name] == nil }.map(\.name)
    guard missing.isEmpty else {
      throw RPCError(.invalidParams, "Missing required argument of prompt \(name): \(missing.joined(separator: ", "))")
    }
    return try await interact(request, context) { interaction in
      let got = try await prompt.get(PromptGet(name: name, arguments: arguments, envelope: request, context: context, interaction: interaction))
      var result = ResultText(context.era)
      if let description = got.description ?? prompt.description { result.string(description, for: "description") }
      let messages = got.messages.map { JSONValue.object(["role": .string($0.role.rawValue), "content": $0.content.json]) }
      result.value(.array(messages), for: "messages")
      return result.finish(server: implementation, meta: got.meta)
    }
  }

  private func strings(_ raw: RawJSON?, _ name: String) throws(RPCError) -> [String: String] {
    guard let raw else { return [:] }
    guard raw.kind == .object else { throw RPCError(.invalidParams, "\"\(name)\" must be an object") }
    var strings: [String: String] = [:]
    for (name, value) in raw.members {
      guard let name = name.string, let value = value.string else {
        throw RPCError(.invalidParams, "The argument \"\(name.string ?? "")\" must be a string")
      }
      strings[name] = value
    }
    return strings
  }

  // MARK: Completion

  private func complete(_ request: Envelope, _ context: RequestContext) async throws -> ByteBuffer {
    guard state.withLock({ !$0.completions.isEmpty }) else { throw RPCError.methodNotFound(Method.complete.rawValue) }
    guard let reference = request["ref"], let argument = request["argument"]?["name"]?.string,
      let value = request["argument"]?["value"]?.string
    else { throw RPCError(.invalidParams, "completion/complete needs \"ref\" and \"argument\" with \"name\" and \"value\"") }
    let arguments = try strings(request["context"]?["arguments"], "context.arguments")
    let target = try target(reference, argument)
    let complete = state.withLock { $0.completions[target] }
    let asked = CompletionRequest(argument: argument, value: value, arguments: arguments, envelope: request, context: context, interaction: .none(context))
    let completion = try await complete?(asked) ?? []
    let values = completion.values.prefix(Completion.limit)
    let total = max(completion.total ?? 0, completion.values.count)
    var object: JSONObject = ["values": .array(values.map { .string($0) })]
    object["total"] = .int(total)
    object["hasMore"] = .bool(total > values.count)
    var result = ResultText(context.era)
    result.value(.object(object), for: "completion")
    return result.finish(server: implementation)
  }

  private func target(_ reference: RawJSON, _ argument: String) throws(RPCError) -> CompletionTarget {
    switch reference["type"]?.string {
    case "ref/prompt":
      guard let name = reference["name"]?.string, state.withLock({ $0.prompts[name] }) != nil else {
        throw RPCError(.invalidParams, "Unknown prompt in \"ref\"")
      }
      return .prompt(name, argument: argument)
    case "ref/resource":
      guard let uri = reference["uri"]?.string else { throw RPCError(.invalidParams, "Missing \"uri\" in \"ref\"") }
      let templates = state.withLock(\.templates)
      if templates[uri] != nil { return .resourceTemplate(uri, argument: argument) }
      guard let template = templates.items.first(where: { $0.uriTemplate.match(uri) != nil }) else {
        throw RPCError(.invalidParams, "Unknown resource template in \"ref\"")
      }
      return .resourceTemplate(template.uriTemplate.text, argument: argument)
    default: throw RPCError(.invalidParams, "\"ref\" has the type \"ref/prompt\" or \"ref/resource\"")
    }
  }
}
