public import JSON
public import Logging
public import NIOCore
internal import Synchronization

/// Serves a request handler over lines of standard input and output, for clients of both eras (2026-07-28, basic/transports/stdio).
///
/// A request whose `_meta` names a protocol version is modern and stands for itself; `initialize` opens the legacy era for the rest.
/// Both may interleave. Requests run at the same time and are answered as they finish.
public final class StdioResponder: Sendable {
  /// Settings and bounds.
  public struct Configuration: Sendable {
    /// The revisions that are spoken, the preferred one first.
    public var versions: [ProtocolVersion]
    /// Bounds of a line.
    public var limits: JSONLimits
    /// How many requests may be answered at a time; more wait in the pipe. Subscriptions do not count.
    public var maximumInFlight: Int
    /// How many subscriptions may be open at a time; more are refused.
    public var maximumSubscriptions: Int
    /// The most messages in a batch of revision 2025-03-26.
    public var batchLimit: Int
    /// The longest that a legacy client may take to answer a request of ours.
    public var answerBound: Duration
    /// Where it logs.
    public var logger: Logger

    public init(
      versions: [ProtocolVersion] = ProtocolVersion.newestFirst, limits: JSONLimits = JSONLimits(),
      maximumInFlight: Int = 256, maximumSubscriptions: Int = 256, batchLimit: Int = 100, answerBound: Duration = .seconds(600),
      logger: Logger = Logger(label: "mcp.stdio")
    ) {
      self.versions = versions
      self.limits = limits
      self.maximumInFlight = maximumInFlight
      self.maximumSubscriptions = maximumSubscriptions
      self.batchLimit = batchLimit
      self.answerBound = answerBound
      self.logger = logger
    }
  }

  struct State {
    /// What `initialize` agreed on.
    var client: ClientDescription?
    var logLevel: LogLevel?
    /// The resources that the legacy client subscribed to, and what follows them.
    var subscriptions: [String: Observation] = [:]
    /// Changes for the legacy client, from its `notifications/initialized` on.
    var changes: ChangeQueue?
    var exchanges: [ObjectIdentifier: StdioExchange] = [:]
    /// The exchange that answers the request with this id.
    var ids: [String: StdioExchange] = [:]
    /// How many exchanges wait for an answer of the client, which comes in over the same pipe.
    var waiting = 0
    /// How many exchanges are subscriptions, which the client ends over the same pipe. The changes that a legacy client hears of are one more.
    var listening = 0
    var isPaused = false
    var isEnding = false
    var ended: CheckedContinuation<Void, Never>?
  }
  /// The legacy era of this process and the requests being answered. Never held while anything of those runs.
  let state = Mutex(State())

  private let handler: any RequestHandler
  let configuration: Configuration
  private let requests: RequestsToClient
  private let caller: (any Caller)?
  let send: @Sendable (ByteBuffer) async -> Void
  private let resume: @Sendable () -> Void

  /// - Parameters:
  ///   - caller: whom the process on the other side acts for.
  ///   - send: writes a message as one line, waits while the client is slow to read, and keeps the order of calls.
  ///   - resume: asks for more lines after ``receive(_:)`` answered `.pause`.
  public init(
    _ handler: any RequestHandler, configuration: Configuration = Configuration(), caller: (any Caller)? = nil,
    send: @escaping @Sendable (ByteBuffer) async -> Void, resume: @escaping @Sendable () -> Void = {}
  ) {
    self.handler = handler
    self.configuration = configuration
    requests = RequestsToClient(bound: configuration.answerBound)
    self.caller = caller
    self.send = send
    self.resume = resume
  }

  // MARK: Lines

  /// Takes one line.
  public func receive(_ line: ByteBuffer) -> LineFlow {
    let raw: RawJSON
    do { raw = try RawJSON(scanning: line, limits: configuration.limits) } catch {
      refuse(RPCError(.parseError, "Parse error: \(error)"), id: nil)
      return flow
    }
    if raw.kind == .array {
      receive(batch: raw)
      return flow
    }
    do {
      let message = try Envelope(raw)
      receive(message)
    } catch {
      refuse(error, id: raw["id"].flatMap { $0.kind == .string || $0.kind == .number ? $0 : nil })
    }
    return flow
  }

  /// Tells the client that a line was too long to be read.
  public func receiveTooLongLine(_ limit: Int) {
    refuse(RPCError(.invalidRequest, "Invalid request: a line has at most \(limit) bytes"), id: nil)
  }

  /// Ends subscriptions, waits for the requests being answered, and cancels those that are left after `bound`.
  public func finish(within bound: Duration) async {
    let changes = state.withLock { state in
      state.isEnding = true
      return state.changes
    }
    changes?.close()
    for exchange in state.withLock({ Array($0.exchanges.values) }) { exchange.endSubscription() }
    let timeout = Task {
      try await Task.sleep(for: bound)
      for exchange in state.withLock({ Array($0.exchanges.values) }) { exchange.cancel() }
    }
    await withCheckedContinuation { continuation in
      let isDone = state.withLock { state in
        if !state.exchanges.isEmpty { state.ended = continuation }
        return state.exchanges.isEmpty
      }
      if isDone { continuation.resume() }
    }
    timeout.cancel()
  }

  private var flow: LineFlow {
    state.withLock { state in
      state.isPaused = isFull(state)
      return state.isPaused ? .pause : .more
    }
  }

  /// What waits for the client does not count, or its answers could not come in; within bounds. Subscriptions have a bound of their own.
  private func isFull(_ state: State) -> Bool {
    state.exchanges.count - state.listening - min(state.waiting, 3 * configuration.maximumInFlight) >= configuration.maximumInFlight
  }

  /// An exchange begins (1) or ends (-1) to wait for the client.
  private func waits(_ change: Int) { recount { $0.waiting += change } }

  /// Changes what counts as in flight, and asks for more lines where there is room again.
  private func recount(_ change: (inout State) -> Void) {
    let isResumed = state.withLock { state in
      change(&state)
      let isResumed = state.isPaused && !isFull(state)
      if isResumed { state.isPaused = false }
      return isResumed
    }
    if isResumed { resume() }
  }

  func refuse(_ error: RPCError, id: RawJSON?) {
    // Legacy revisions follow JSON-RPC 2.0, where an id that could not be read is null; 2026-07-28 leaves it out.
    let nullID = state.withLock { $0.client != nil }
    start(id: nil) { [send] _ in await send(Message.error(error, id: id, nullID: nullID)) }
  }

  // MARK: Messages

  private func receive(_ message: Envelope) {
    switch message.kind {
    case .request:
      guard let id = message.id else { return }
      // The era changes before the next line is looked at.
      let handshake = message.method == .initialize && message.meta?[MetaKey.protocolVersion] == nil ? agree(on: message) : nil
      start(id: id.text) { [self] exchange in
        if let handshake {
          let answer = await answer(handshake)
          return await exchange.finish { await send(Message.answer(answer, id: id)) }
        }
        guard let answer = await answer(message, exchange) else { return }
        await exchange.finish { await send(Message.answer(answer, id: id)) }
      }
    case .notification, .response: receive(oneWay: message)
    }
  }

  func receive(oneWay message: Envelope) {
    switch message.method {
    case .cancelled:
      CancellationReason.log(message, to: configuration.logger)
      guard let id = message["requestId"]?.text else { return }
      state.withLock { $0.ids[id] }?.cancel()
    case .initialized: openChanges()
    default:
      if message.kind == .response, requests.resolve(message, scope: "") { return }
      let client = (try? ClientDescription(modern: message)) ?? state.withLock(\.client) ?? ClientDescription(version: .latest)
      start(id: nil) { [self] _ in await handler.receive(message, context(client, nil)) }
    }
  }

  /// Runs `work` as an exchange that the client can cancel by `id`.
  func start(id: String?, _ work: @escaping @Sendable (StdioExchange) async -> Void) {
    let exchange = StdioExchange()
    state.withLock { state in
      state.exchanges[ObjectIdentifier(exchange)] = exchange
      if let id { state.ids[id] = exchange }
    }
    exchange.run {
      await work(exchange)
      self.finished(exchange, id: id)
    }
  }

  private func finished(_ exchange: StdioExchange, id: String?) {
    var ended: CheckedContinuation<Void, Never>?
    recount { state in
      state.exchanges[ObjectIdentifier(exchange)] = nil
      if let id, state.ids[id] === exchange { state.ids[id] = nil }
      if state.exchanges.isEmpty { (ended, state.ended) = (state.ended, nil) }
    }
    ended?.resume()
  }

  private func context(_ client: ClientDescription, _ exchange: StdioExchange?) -> RequestContext {
    let send = send
    let channel: (any ClientChannel)? =
      client.version.era == .legacy && exchange != nil
      ? StdioChannel(requests, send: { message in await exchange?.say { await send(message) } }, waits: { [weak self] in self?.waits($0) }) : nil
    return RequestContext(
      client: client, caller: caller, transport: .stdio, logLevel: state.withLock(\.logLevel), channel: channel,
      notify: { message in await exchange?.say { await send(message) } })
  }

  // MARK: Requests

  /// The answer to a request; nil when it has answered by other means.
  private func answer(_ message: Envelope, _ exchange: StdioExchange) async -> Answer? {
    if message.meta?[MetaKey.protocolVersion] != nil { return await modernAnswer(message, exchange) }
    if let client = state.withLock(\.client) { return await legacyAnswer(message, client, exchange) }
    // A client may ping before the handshake (2025-11-25, basic/lifecycle).
    if message.method == .ping { return .result(ByteBuffer(staticString: "{}")) }
    return .failure(
      RPCError(
        .invalidParams,
        "Missing \(MetaKey.protocolVersion) in params._meta: send it with every request, or initialize first to speak an earlier revision"))
  }

  private func modernAnswer(_ message: Envelope, _ exchange: StdioExchange) async -> Answer? {
    let client: ClientDescription
    do throws(RPCError) {
      client = try ClientDescription(modern: message, supported: configuration.versions)
      guard configuration.versions.contains(client.version) else {
        throw .unsupported(version: client.version.rawValue, supported: configuration.versions)
      }
      if let method = message.method, !method.isRequest(in: .modern) { throw .methodNotFound(method.rawValue) }
    } catch {
      return .failure(error)
    }
    let context = context(client, exchange)
    switch message.method {
    case .discover: return .result(await handler.describe(context).discoverResult(versions: configuration.versions))
    case .subscriptionsListen: return await listen(message, context, exchange)
    default: return await handler.handle(message, context)
    }
  }

  private func listen(_ message: Envelope, _ context: RequestContext, _ exchange: StdioExchange) async -> Answer? {
    guard let id = message.id else { return nil }
    var filter: SubscriptionFilter
    do { filter = try SubscriptionFilter(of: message, capabilities: await handler.describe(context).capabilities, client: context.client) } catch {
      return .failure(error)
    }
    var isAdmitted = false
    recount { state in
      isAdmitted = state.listening < configuration.maximumSubscriptions
      if isAdmitted { state.listening += 1 }
    }
    guard isAdmitted else {
      return .failure(RPCError(.internalError, "At most \(configuration.maximumSubscriptions) subscriptions may be open at a time: end one first"))
    }
    defer { recount { $0.listening -= 1 } }
    let queue = ChangeQueue()
    let observations = filter.observe(handler, for: caller, into: queue)
    defer { for one in observations { one.cancel() } }
    exchange.subscribes(with: queue)
    if state.withLock(\.isEnding) { queue.close() }
    await exchange.say { [filter] in await send(filter.acknowledgement(id: id)) }
    while case .change(let change) = await queue.next() {
      await exchange.say { await send(change.notification(subscription: id)) }
    }
    await exchange.finish {
      // On a pipe that others share, a stream ends by being taken down and then by its result (patterns/cancellation, "Graceful Closure").
      await send(SubscriptionFilter.takenDown(id: id))
      await send(SubscriptionFilter.ended(id: id))
    }
    return nil
  }

  /// Opens the legacy era, if client and server agree on a version.
  private func agree(on message: Envelope) -> Result<ClientDescription, RPCError> {
    do throws(RPCError) {
      guard let requested = message["protocolVersion"]?.string else {
        throw RPCError(.invalidParams, "initialize needs \"protocolVersion\", a string")
      }
      guard let version = ProtocolVersion.negotiate(requested, among: configuration.versions) else {
        throw .unsupported(version: requested, supported: configuration.versions)
      }
      let client = try ClientDescription(initializing: message, version: version)
      state.withLock { $0.client = client }
      return .success(client)
    } catch {
      return .failure(error)
    }
  }

  private func answer(_ handshake: Result<ClientDescription, RPCError>) async -> Answer {
    switch handshake {
    case .success(let client):
      .result(await handler.describe(context(client, nil)).initializeResult(version: client.version))
    case .failure(let error): .failure(error)
    }
  }

  func legacyAnswer(_ message: Envelope, _ client: ClientDescription, _ exchange: StdioExchange) async -> Answer {
    if let method = message.method, !method.isRequest(in: .legacy) { return .failure(.methodNotFound(method.rawValue)) }
    if message.method == .ping { return .result(ByteBuffer(staticString: "{}")) }
    let answer = await handler.handle(message, context(client, exchange))
    guard case .result = answer else { return answer }
    // The handler says whether the level or resource is one, the session keeps it.
    switch message.method {
    case .setLogLevel:
      let level = message["level"]?.string.flatMap { LogLevel(rawValue: $0) }
      state.withLock { $0.logLevel = level }
    case .resourcesUnsubscribe:
      let uri = message["uri"]?.string ?? ""
      state.withLock { $0.subscriptions.removeValue(forKey: uri) }?.cancel()
    case .resourcesSubscribe:
      let uri = message["uri"]?.string ?? ""
      let followed = handler.follow(uri, for: caller) ?? Observation {}
      let (isFull, unwanted): (Bool, Observation?) = state.withLock { state in
        guard state.subscriptions.count < SubscriptionFilter.resourceLimit || state.subscriptions[uri] != nil else { return (true, followed) }
        return (false, state.subscriptions.updateValue(followed, forKey: uri))
      }
      unwanted?.cancel()
      if isFull { return .failure(RPCError(.invalidParams, "At most \(SubscriptionFilter.resourceLimit) resources may be subscribed to")) }
    default: break
    }
    return answer
  }

  /// Starts to tell the legacy client of changes.
  private func openChanges() {
    let queue = ChangeQueue()
    let isOpened = state.withLock { state in
      guard state.client != nil, state.changes == nil, !state.isEnding else { return false }
      state.changes = queue
      state.listening += 1
      return true
    }
    guard isOpened else { return }
    let observation = handler.observe(for: caller) { [weak self] change in
      guard let self else { return }
      if case .resourceUpdated(let uri) = change, state.withLock({ $0.subscriptions[uri] == nil }) { return }
      queue.add(change)
    }
    start(id: nil) { [self] _ in
      while case .change(let change) = await queue.next() { await send(change.notification()) }
      observation.cancel()
      recount { $0.listening -= 1 }
    }
  }
}
