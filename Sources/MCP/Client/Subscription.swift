internal import JSON
internal import Logging
internal import NIOCore
internal import Synchronization

/// What a subscription is about.
public struct ChangeFilter: Sendable, Hashable {
  /// Whether to hear of changes of the list of tools.
  public var toolsList: Bool
  /// Whether to hear of changes of the list of prompts.
  public var promptsList: Bool
  /// Whether to hear of changes of the list of resources.
  public var resourcesList: Bool
  /// URIs of resources.
  public var resources: [String]
  /// Ids of tasks (extension `io.modelcontextprotocol/tasks`). No legacy server tells of them.
  public var tasks: [String]

  /// A filter of these; without any it is about nothing.
  public init(
    toolsList: Bool = false, promptsList: Bool = false, resourcesList: Bool = false, resources: [String] = [], tasks: [String] = []
  ) {
    self.toolsList = toolsList
    self.promptsList = promptsList
    self.resourcesList = resourcesList
    self.resources = resources
    self.tasks = tasks
  }

  /// The three lists.
  public static let lists = ChangeFilter(toolsList: true, promptsList: true, resourcesList: true)

  /// The resources with these URIs.
  public static func resources(_ uris: String...) -> ChangeFilter { ChangeFilter(resources: uris) }

  /// The tasks with these ids.
  public static func tasks(_ ids: String...) -> ChangeFilter { ChangeFilter(tasks: ids) }

  func admits(_ change: ServerChange) -> Bool {
    switch change {
    case .toolsListChanged: toolsList
    case .promptsListChanged: promptsList
    case .resourcesListChanged: resourcesList
    // "A sub-resource of one that was subscribed to" may be named (server/resources).
    case .resourceUpdated(let uri): resources.contains { uri == $0 || uri.hasPrefix($0) }
    case .taskUpdated(let record): tasks.contains(record.id)
    }
  }

  /// Everything that may have changed unnoticed, but for tasks: those are looked at.
  var all: [ServerChange] {
    var changes: [ServerChange] = resources.map { .resourceUpdated(uri: $0) }
    if toolsList { changes.append(.toolsListChanged) }
    if promptsList { changes.append(.promptsListChanged) }
    if resourcesList { changes.append(.resourcesListChanged) }
    return changes
  }

  /// Whether it is about nothing.
  public var isEmpty: Bool { !toolsList && !promptsList && !resourcesList && resources.isEmpty && tasks.isEmpty }

  /// What of this the server leaves out of the filter that it acknowledges.
  func missing(from acknowledged: RawJSON?) -> ChangeFilter {
    func agrees(_ name: String) -> Bool { acknowledged?[name]?.bool == true }
    func honoured(_ name: String) -> Set<String> { Set(acknowledged?[name]?.elements.compactMap(\.string) ?? []) }
    let (resources, tasks) = (honoured("resourceSubscriptions"), honoured("taskIds"))
    return ChangeFilter(
      toolsList: toolsList && !agrees("toolsListChanged"), promptsList: promptsList && !agrees("promptsListChanged"),
      resourcesList: resourcesList && !agrees("resourcesListChanged"), resources: self.resources.filter { !resources.contains($0) },
      tasks: self.tasks.filter { !tasks.contains($0) })
  }

  /// What of this a legacy server with these capabilities does not tell of.
  func missing(fromCapabilities capabilities: RawJSON?) -> ChangeFilter {
    func tells(_ feature: String) -> Bool { capabilities?[feature]?["listChanged"]?.bool == true }
    return ChangeFilter(
      toolsList: toolsList && !tells("tools"), promptsList: promptsList && !tells("prompts"), resourcesList: resourcesList && !tells("resources"),
      tasks: tasks)
  }

  var json: JSONValue {
    var filter = JSONObject()
    if toolsList { filter["toolsListChanged"] = true }
    if promptsList { filter["promptsListChanged"] = true }
    if resourcesList { filter["resourcesListChanged"] = true }
    if !resources.isEmpty { filter["resourceSubscriptions"] = .array(resources.map { .string($0) }) }
    if !tasks.isEmpty { filter["taskIds"] = .array(tasks.map { .string($0) }) }
    return .object(filter)
  }
}

/// Changes that a server tells of: `subscriptions/listen` with modern servers, `resources/subscribe` and notifications with legacy ones.
///
/// The same change is not queued twice, so a slow reader misses none and holds up nobody. One task reads. A connection that is lost is
/// made again; since something may have happened in between, everything subscribed to is then reported as changed. Of tasks it tells the
/// state that they have when the server agrees, and each later one; a slow reader gets the newest. Ends when it is cancelled or released,
/// when the client is closed, or when the server ends it.
public final class Subscription: AsyncSequence, Sendable {
  public typealias Element = ServerChange

  private let queue: ChangeQueue
  private let task: Task<Void, Never>
  private let agreement: SubscriptionAgreement

  fileprivate init(_ queue: ChangeQueue, _ task: Task<Void, Never>, _ agreement: SubscriptionAgreement) {
    self.queue = queue
    self.task = task
    self.agreement = agreement
  }

  /// What was asked for and the server will not tell of, as it said when it agreed last; empty where it tells of everything.
  ///
  /// Ask for such things again from time to time, for no change of theirs will come.
  public var refused: ChangeFilter { agreement.refused }

  deinit { cancel() }

  /// Ends the subscription, and the sequence with it.
  public func cancel() {
    task.cancel()
    queue.close()
  }

  public func makeAsyncIterator() -> Iterator { Iterator(subscription: self) }

  /// The iterator of the sequence. One task uses it.
  public struct Iterator: AsyncIteratorProtocol {
    let subscription: Subscription

    public mutating func next() async -> ServerChange? {
      while true {
        switch await subscription.queue.next() {
        case .change(let change): return change
        case .idle: continue
        case .closed: return nil
        }
      }
    }
  }
}

/// What a server agreed to, compared with what it was asked for.
private final class SubscriptionAgreement: Sendable {
  /// Guards the comparison of the last agreement.
  private let state = Mutex(ChangeFilter())
  private let logger: Logger

  init(_ logger: Logger) { self.logger = logger }

  var refused: ChangeFilter { state.withLock { $0 } }

  func note(_ refused: ChangeFilter) {
    state.withLock { $0 = refused }
    guard !refused.isEmpty else { return }
    logger.warning("the server does not tell of all that was subscribed to", metadata: ["left out": "\(refused.json.text.prefix(512))"])
  }
}

extension Client {
  /// Subscribes to changes. Returns when the server has agreed; to what it did not, ``Subscription/refused`` tells.
  ///
  /// - Throws: ``ClientError`` where the server refuses, or knows of no subscriptions.
  public func subscribe(to filter: ChangeFilter) async throws(ClientError) -> Subscription {
    try await ensureConnected()
    return connection.version?.era == .modern ? try await listen(filter) : try await observe(filter)
  }

  // MARK: Modern

  private func listen(_ filter: ChangeFilter) async throws(ClientError) -> Subscription {
    let queue = ChangeQueue()
    let (agreed, signal) = AsyncStream.makeStream(of: Result<Void, ClientError>.self)
    let agreement = SubscriptionAgreement(logger)
    let listening = Listening(connection: connection, filter: filter, queue: queue, agreement: agreement, publish: forward)
    let task = beginListening { await listening.run { signal.yield($0) } }
    let subscription = Subscription(queue, task, agreement)
    let timeout = settings.timeout
    let patience = Task {
      try await Task.sleep(for: timeout)
      signal.yield(.failure(ClientError(WireError(.timeout, "the server did not agree to the subscription in time", mayHaveHadEffect: false))))
    }
    defer { patience.cancel() }
    for await result in agreed {
      try result.get()
      return subscription
    }
    throw Self.cancelled
  }

  /// Runs `listen` until it ends by itself, is cancelled, or the client is closed.
  private func beginListening(_ listen: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
    state.withLock { state in
      let key = state.nextListening
      state.nextListening += 1
      let task = Task { [weak self] in
        await listen()
        self?.state.withLock { _ = $0.listening.removeValue(forKey: key) }
      }
      if state.isClosed { task.cancel() } else { state.listening[key] = task }
      return task
    }
  }

  /// Listens, and listens again when the connection is lost.
  private struct Listening: Sendable {
    let connection: ClientConnection
    let filter: ChangeFilter
    let queue: ChangeQueue
    let agreement: SubscriptionAgreement
    let publish: @Sendable (Envelope) async -> Void

    func run(agreed: @escaping @Sendable (Result<Void, ClientError>) -> Void) async {
      let looks = InitialTaskStates(connection, queue)
      defer {
        looks.end()
        queue.close()
      }
      let wasAgreed = Atomic<Bool>(false)
      var failures = 0
      while !Task.isCancelled {
        let isResumed = wasAgreed.load(ordering: .relaxed)
        let started = NIODeadline.now()
        do throws(ClientError) {
          try await connection.listen(filter: filter.json) { notification in
            if notification.method == .subscriptionsAcknowledged {
              wasAgreed.store(true, ordering: .relaxed)
              let missing = filter.missing(from: notification["notifications"])
              agreement.note(missing)
              agreed(.success(()))
              looks.begin(filter.tasks.filter { !missing.tasks.contains($0) })
              if isResumed { for change in filter.all { queue.add(change) } }
              return
            }
            await publish(notification)
            guard let change = ServerChange(notification), filter.admits(change) else { return }
            if case .taskUpdated(let record) = change { looks.heard(record) } else { queue.add(change) }
          }
          // The server ended it gracefully, or never meant it.
          return agreed(.success(()))
        } catch {
          // Another attempt may fare better, unless the server refuses: then it would refuse for ever.
          guard wasAgreed.load(ordering: .relaxed), case .wire(let wire) = error, wire.isPassing || wire.code == .invalidAnswer else {
            return agreed(.failure(error))
          }
        }
        failures = NIODeadline.now() - started > .seconds(10) ? 0 : failures + 1
        try? await Task.sleep(for: .milliseconds(50 << min(failures, 9)))
      }
    }
  }

  // MARK: Legacy

  private func observe(_ filter: ChangeFilter) async throws(ClientError) -> Subscription {
    let queue = ChangeQueue()
    // Listen first: what happens right after the agreement counts.
    let events = hub.listen(buffering: 1024)
    let (connection, subscriptions) = (connection, subscriptions)
    let release: @Sendable (ArraySlice<String>) -> Void = { uris in
      let unwanted = uris.filter { subscriptions.remove($0) }
      // A task of its own: the caller's may be cancelled.
      Task {
        for uri in unwanted {
          _ = try? await connection.request(.resourcesUnsubscribe, .init(uri: uri), deadline: .now() + .seconds(10))
          // Somebody who wanted it meanwhile may have been overtaken.
          if subscriptions.uris.contains(uri) { _ = try? await connection.request(.resourcesSubscribe, .init(uri: uri), deadline: .now() + .seconds(10)) }
        }
      }
    }
    for (index, uri) in filter.resources.enumerated() where subscriptions.add(uri) {
      do throws(ClientError) { _ = try await perform(.resourcesSubscribe, ClientConnection.RequestBody(uri: uri), RequestOptions()) } catch {
        release(filter.resources[...index])
        throw error
      }
    }
    // Lines are read in order: a server that answers this has read that we are initialized, and tells of every change from then on.
    if wire.isSharedChannel, filter.toolsList || filter.promptsList || filter.resourcesList {
      _ = try? await connection.request(.ping, ClientConnection.RequestBody(), deadline: .now() + .seconds(10))
    }
    let task = Task {
      for await event in events {
        switch event {
        case .changed(let change): if filter.admits(change) { queue.add(change) }
        case .reconnected: for change in filter.all { queue.add(change) }
        default: continue
        }
      }
      queue.close()
      release(filter.resources[...])
    }
    let agreement = SubscriptionAgreement(logger)
    agreement.note(filter.missing(fromCapabilities: connection.peer?.capabilities))
    return Subscription(queue, task, agreement)
  }
}
