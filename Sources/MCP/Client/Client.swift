public import JSON
public import Logging
internal import NIOCore
internal import Synchronization

/// A client of one MCP server, in whichever revision the server speaks, over any transport.
///
/// ```swift
/// let client = Client(.stdio("weather-server"))
/// let forecast = try await client.callTool("forecast", ["city": "Ghent"])
/// print(forecast.text)
/// await client.close()
/// ```
///
/// The first call connects. Calls may run beside each other; cancelling the task of one tells the server. Errors are ``ClientError``.
public final class Client: Sendable {
  /// How a client introduces itself, and what it waits for and keeps.
  public struct Settings: Sendable {
    /// What the client calls itself (`Implementation`).
    public var name: String
    /// What the client is called, for people.
    public var title: String?
    /// The version of the client's own program.
    public var version: String
    /// What the client is for, for people.
    public var description: String?
    /// Pictures of the client itself.
    public var icons: [Icon]
    /// Where people can read about the client.
    public var websiteURL: String?
    /// The revisions to speak.
    public var versions: [ProtocolVersion]
    /// The longest wait for the answer to one request.
    public var timeout: Duration
    /// The longest wait for a connection, the start of a process included.
    public var connectTimeout: Duration
    /// How often one request may come back for input (`input_required`) before it is given up.
    public var maximumRounds: Int
    /// How much may be kept of results that the server says are fresh for a while.
    public var cacheBytes: Int
    /// Whether tools may be run as tasks (extension `io.modelcontextprotocol/tasks`). Calls wait for them as for any answer.
    public var acceptsTasks: Bool
    /// Capabilities beyond those that follow from the handlers, for example `extensions`.
    public var capabilities: JSONObject
    /// Whether views of MCP Apps can be shown (extension `io.modelcontextprotocol/ui`); then servers may count on it.
    public var showsUI: Bool
    /// Whether structured results must be what the listed output schema of their tool says; others fail the call.
    public var checksResults: Bool

    public init(
      name: String = "sluice-swift-client", title: String? = nil, version: String = "1.0.0", description: String? = nil,
      icons: [Icon] = [], websiteURL: String? = nil,
      versions: [ProtocolVersion] = ProtocolVersion.allCases, timeout: Duration = .seconds(60), connectTimeout: Duration = .seconds(30),
      maximumRounds: Int = 16, cacheBytes: Int = 16 << 20, acceptsTasks: Bool = true, capabilities: JSONObject = JSONObject(),
      showsUI: Bool = false, checksResults: Bool = true
    ) {
      self.name = name
      self.title = title
      self.version = version
      self.description = description
      self.icons = icons
      self.websiteURL = websiteURL
      self.versions = versions
      self.timeout = timeout
      self.connectTimeout = connectTimeout
      self.maximumRounds = maximumRounds
      self.cacheBytes = cacheBytes
      self.acceptsTasks = acceptsTasks
      self.capabilities = capabilities
      self.showsUI = showsUI
      self.checksResults = checksResults
    }
  }

  struct State {
    var isClosed = false
    /// Subscriptions to a modern server, each with the task that listens; over when the client is closed.
    var listening: [Int: Task<Void, Never>] = [:]
    var nextListening = 0
    var connecting: Task<Result<ClientConnection.Peer, ClientError>, Never>?
    var upkeep: Task<Void, Never>?
  }

  /// What the client was made with.
  public let settings: Settings
  let handlers: ClientHandlers
  let connection: ClientConnection
  let wire: any ClientWire
  let headers = ToolHeaders()
  let outputs = OutputSchemas()
  let cache: ResultCache
  let hub = ServerEvents()
  let subscriptions = LegacySubscriptions()
  let logger: Logger
  private let isConnected = Atomic<Bool>(false)
  /// Guards the tasks of the connection.
  let state = Mutex(State())
  /// Takes notifications of requests that nobody else listens to; made once.
  let forward: @Sendable (Envelope) async -> Void

  /// A client that connects at its first call.
  ///
  /// - Parameter handlers: what it does for servers that ask; it declares just these capabilities.
  public init(
    _ transport: ClientTransport, handlers: ClientHandlers = ClientHandlers(), settings: Settings = Settings(),
    logger: Logger = Logger(label: "mcp.client")
  ) {
    self.settings = settings
    self.handlers = handlers
    self.logger = logger
    let wire = transport.open(logger)
    self.wire = wire
    let cache = ResultCache(maximumBytes: settings.cacheBytes)
    self.cache = cache
    var identity: JSONValue = ["name": .string(settings.name), "version": .string(settings.version)]
    if let title = settings.title { identity["title"] = .string(title) }
    if let description = settings.description { identity["description"] = .string(description) }
    if !settings.icons.isEmpty { identity["icons"] = .array(settings.icons.map(\.json)) }
    if let websiteURL = settings.websiteURL { identity["websiteUrl"] = .string(websiteURL) }
    connection = ClientConnection(
      wire: wire, identity: identity, capabilities: Self.capabilities(.modern, handlers, settings, wire.extensions),
      legacyCapabilities: Self.capabilities(.legacy, handlers, settings, wire.extensions), versions: settings.versions)
    wire.requestsFromServer?.answer { method, params throws(RPCError) in try await handlers.answer(method, params) }
    let hub = hub
    forward = { notification in Client.publish(notification, hub, cache) }
  }

  deinit {
    let (upkeep, listening) = state.withLock { ($0.upkeep, $0.listening.values) }
    upkeep?.cancel()
    for task in listening { task.cancel() }
    hub.close()
    // A process must not outlive its client, nor a session. After `close()` this does nothing.
    let wire = wire
    if !state.withLock(\.isClosed) { Task { await wire.close() } }
  }

  private static func capabilities(_ era: Era, _ handlers: ClientHandlers, _ settings: Settings, _ wireExtensions: [String]) -> JSONValue {
    var capabilities = handlers.capabilities(era)
    var extensions = JSONObject()
    for name in wireExtensions { extensions[name] = [:] }
    if settings.acceptsTasks, era == .modern { extensions[TaskSupport.identifier] = [:] }
    if settings.showsUI { extensions[UIExtension.identifier] = UIExtension.clientSettings }
    if !extensions.isEmpty { capabilities["extensions"] = .object(extensions) }
    for (name, value) in settings.capabilities {
      if name == "extensions", let extensions = value.object {
        var all = capabilities["extensions"]?.object ?? JSONObject()
        for (name, value) in extensions { all[name] = value }
        capabilities["extensions"] = .object(all)
      } else {
        capabilities[name] = value
      }
    }
    return .object(capabilities)
  }

  static func publish(_ notification: Envelope, _ hub: ServerEvents, _ cache: ResultCache) {
    guard notification.method != .progress, notification.method != .subscriptionsAcknowledged else { return }
    if let change = ServerChange(notification) { cache.forget(change) }
    hub.publish(ServerEvent(notification))
  }

  // MARK: Life

  /// What is known of the server; nil before the first connection.
  public var server: ClientConnection.Peer? { connection.peer }

  /// Connects now rather than at the first call. Does nothing when connected.
  ///
  /// - Throws: ``ClientError`` that says why the server cannot be used: not reached, not let in, no common revision.
  @discardableResult
  public func connect() async throws(ClientError) -> ClientConnection.Peer {
    while true {
      if isConnected.load(ordering: .acquiring), let peer = connection.peer { return peer }
      let attempt: Task<Result<ClientConnection.Peer, ClientError>, Never>? = state.withLock { state in
        if state.isClosed { return nil }
        if let running = state.connecting { return running }
        let task = Task { await self.establish() }
        state.connecting = task
        return task
      }
      guard let attempt else { throw ClientError(WireError(.closed, "the client is closed", mayHaveHadEffect: false)) }
      let result = await withTaskCancellationHandler {
        await attempt.value
      } onCancel: {
        attempt.cancel()
      }
      state.withLock { if $0.connecting == attempt { $0.connecting = nil } }
      // Another caller's cancellation is not ours: try again.
      if case .failure(.wire(let error)) = result, error.code == .cancelled, !Task.isCancelled { continue }
      return try result.get()
    }
  }

  func ensureConnected() async throws(ClientError) {
    if !isConnected.load(ordering: .acquiring) { try await connect() }
  }

  private func establish() async -> Result<ClientConnection.Peer, ClientError> {
    do throws(ClientError) {
      let peer = try await connection.connect(timeout: TimeAmount(settings.connectTimeout))
      await keepUp(peer)
      isConnected.store(true, ordering: .releasing)
      return .success(peer)
    } catch {
      return .failure(error)
    }
  }

  /// Starts to take what the server sends of itself, where its transport can bring it.
  private func keepUp(_ peer: ClientConnection.Peer) async {
    guard peer.version.era == .legacy || wire.isSharedChannel else { return }
    let (opened, signal) = AsyncStream.makeStream(of: Void.self)
    let upkeep = ConnectionUpkeep(
      connection: connection, hub: hub, cache: cache, subscriptions: subscriptions, connectTimeout: TimeAmount(settings.connectTimeout))
    let isNew = state.withLock { state in
      guard !state.isClosed, state.upkeep == nil else { return false }
      let end = NIODeadline.now() + ConnectionUpkeep.patience
      state.upkeep = Task { await upkeep.run(patienceEnds: end) { signal.finish() } }
      return true
    }
    guard isNew else { return }
    // What a server asks before its stream is open is lost, so wait for it; but not long, for some say nothing until they have something to say.
    let patience = Task {
      try? await Task.sleep(for: .nanoseconds(ConnectionUpkeep.patience.nanoseconds))
      signal.finish()
    }
    for await _ in opened {}
    patience.cancel()
  }

  /// Ends the session and lets go of the server. Calls in flight and later ones fail.
  public func close() async {
    let (wasClosed, upkeep, connecting, listening) = state.withLock { state in
      defer {
        state.isClosed = true
        state.listening = [:]
      }
      return (state.isClosed, state.upkeep, state.connecting, state.listening.values)
    }
    guard !wasClosed else { return }
    for task in listening { task.cancel() }
    isConnected.store(false, ordering: .releasing)
    upkeep?.cancel()
    connecting?.cancel()
    hub.close()
    await wire.close()
  }

  /// Runs `body` with a client that is closed afterwards, whatever happens.
  public static func with<R>(
    _ transport: ClientTransport, handlers: ClientHandlers = ClientHandlers(), settings: Settings = Settings(), _ body: (Client) async throws -> R
  ) async throws -> R {
    let client = Client(transport, handlers: handlers, settings: settings)
    do {
      let result = try await body(client)
      await client.close()
      return result
    } catch {
      await client.close()
      throw error
    }
  }
}
