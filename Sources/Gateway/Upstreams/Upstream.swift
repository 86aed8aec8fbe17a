internal import JSON
public import Logging
public import MCP
public import NIOCore
internal import Synchronization

/// One server behind the gateway: connected, watched, listed, and asked on behalf of callers.
///
/// An upstream that is down or slow delays nobody else: the catalog keeps what it last offered, and calls to it are refused.
public final class Upstream: Sendable {
  public enum Status: Sendable {
    case connecting
    case ready(ProtocolVersion)
    case failed(String)
  }

  /// What a changed definition of a tool does. Both write it to the audit log.
  public enum Pin: String, Sendable {
    /// The new definition counts.
    case warn
    /// The tool is hidden until an operator accepts the new definition.
    case refuse
  }

  /// Which tools of an upstream are listed, and which are found by `find_tools`. Both can be called by name.
  public enum Discovery: String, Sendable {
    /// All are listed unless their definitions take more than 64 KB (``ToolDiscovery``).
    case auto
    /// None is listed.
    case always
    /// All are listed, however many there are.
    case never
  }

  public struct Configuration: Sendable {
    public var name: String
    /// Longest wait for the answer to one request.
    public var timeout: TimeAmount
    /// How often lists are read anew where the server does not announce changes.
    public var refreshInterval: TimeAmount
    /// Tools that count as reads (or writes) whatever the server says of them.
    public var readTools: Set<String>
    public var writeTools: Set<String>
    /// Whether what the server says of its tools counts: hints such as `readOnlyHint`, and the records that they hold. It decides
    /// against what calls are authorized, so it is the operator's to grant; see 2026-07-28, server/tools, "Tool Annotations".
    public var isTrusted: Bool
    /// Whether the server enforces ``MetaKey/rows`` and ``MetaKey/clearance``: our own connectors do.
    public var enforcesRows: Bool
    /// Whether the server is told who calls (``MetaKey/caller``): a connector of ours that has credentials for each person.
    public var learnsCaller: Bool
    public var retries: RetryPolicy
    /// What it may ask of the callers whose calls it serves, as far as their clients can answer.
    public var mayAsk: Set<QuestionKind>
    /// What becomes of a tool whose definition is not the one that was seen first, or accepted.
    public var pin: Pin
    public var discovery: Discovery

    public init(
      name: String, timeout: TimeAmount = .seconds(60), refreshInterval: TimeAmount = .seconds(300), readTools: Set<String> = [],
      writeTools: Set<String> = [], isTrusted: Bool = false, enforcesRows: Bool = false, learnsCaller: Bool = false, retries: RetryPolicy = RetryPolicy(),
      mayAsk: Set<QuestionKind> = Set(QuestionKind.allCases), pin: Pin = .warn, discovery: Discovery = .auto
    ) {
      self.name = name
      self.timeout = timeout
      self.refreshInterval = refreshInterval
      self.readTools = readTools
      self.writeTools = writeTools
      self.isTrusted = isTrusted
      self.enforcesRows = enforcesRows
      self.learnsCaller = learnsCaller
      self.retries = retries
      self.mayAsk = mayAsk
      self.pin = pin
      self.discovery = discovery
    }
  }

  public let configuration: Configuration
  public var name: String { configuration.name }
  let connection: ClientConnection
  /// Who has calls open here, where the upstream speaks a legacy revision.
  let openCalls = OpenCalls()
  /// Which of its resources are followed.
  let subscriptions = ResourceSubscriptions()
  private let wire: any ClientWire
  private let logger: Logger
  /// Guards the status; set by ``run``, read by calls and by operators.
  private let currentStatus = Mutex(Status.connecting)

  public init(_ configuration: Configuration, wire: any ClientWire, logger: Logger) {
    self.configuration = configuration
    self.wire = wire
    self.connection = ClientConnection(
      wire: wire, identity: ["name": "sluice", "version": .string(SluiceVersion.current)],
      legacyCapabilities: Self.capabilities(configuration.mayAsk))
    wire.requestsFromServer?.answer(limit: Self.questionLimit) { [openCalls] method, params throws(RPCError) in try await openCalls.answer(method, params) }
    var logger = logger
    logger[metadataKey: "upstream"] = "\(configuration.name)"
    self.logger = logger
  }

  /// Requests of one legacy upstream that may be open at once.
  private static let questionLimit = 1024

  /// What a legacy server is told once, in its handshake, for all callers. Those who cannot be asked have its questions refused.
  private static func capabilities(_ mayAsk: Set<QuestionKind>) -> JSONValue {
    var capabilities = JSONObject()
    if mayAsk.contains(.elicitation) { capabilities["elicitation"] = ["form": [:], "url": [:]] }
    if mayAsk.contains(.sampling) { capabilities["sampling"] = [:] }
    if mayAsk.contains(.roots) { capabilities["roots"] = [:] }
    return .object(capabilities)
  }

  /// Whether it tells of updates of single resources.
  var canSubscribe: Bool { connection.peer?.capabilities["resources"]?["subscribe"]?.bool == true }

  public var status: Status { currentStatus.withLock { $0 } }

  /// Connects, lists, watches for changes, and connects again when the server is lost; until the task is cancelled.
  ///
  /// - Parameter publish: takes each new listing.
  func run(publish: @escaping @Sendable (UpstreamListing) async -> Void, changed: @escaping @Sendable (ServerChange) -> Void) async {
    var failures = 0
    while !Task.isCancelled {
      do throws(ClientError) {
        let peer = try await connection.connect()
        await publish(try await UpstreamListing(from: connection, timeout: configuration.timeout))
        currentStatus.withLock { $0 = .ready(peer.version) }
        logger.info("connected", metadata: ["protocol": "\(peer.version.rawValue)"])
        failures = 0
        await watch(publish: publish, changed: changed)
        guard !Task.isCancelled else { return }
        currentStatus.withLock { $0 = .failed("the server ended") }
      } catch {
        currentStatus.withLock { $0 = .failed("\(error)") }
        logger.warning("cannot be used now", metadata: ["reason": "\(error)"])
        failures += 1
      }
      let wait = configuration.retries.reconnectDelay(after: failures)
      try? await Task.sleep(for: .nanoseconds(wait.nanoseconds))
    }
  }

  /// Follows changes until the server is lost.
  private func watch(publish: @escaping @Sendable (UpstreamListing) async -> Void, changed: @escaping @Sendable (ServerChange) -> Void) async {
    let (wishes, wish) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        await self.wire.lost(); return true
      }
      group.addTask {
        await self.listen(relist: { wish.yield() }, changed: changed); return false
      }
      group.addTask { [configuration] in
        while (try? await Task.sleep(for: .nanoseconds(configuration.refreshInterval.nanoseconds))) != nil { wish.yield() }
        return false
      }
      group.addTask {
        await self.relist(at: wishes, publish: publish); return true
      }
      if canSubscribe {
        group.addTask { [connection, subscriptions, logger] in
          await subscriptions.run(connection, logger: logger, changed: changed)
          return false
        }
      }
      for await isOver in group where isOver { break }
      group.cancelAll()
    }
  }

  /// - Parameter relist: called when the lists may have changed.
  private func listen(relist: @escaping @Sendable () -> Void, changed: @escaping @Sendable (ServerChange) -> Void) async {
    let filter: JSONValue = ["toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true]
    // What changed between a listing and the stream was told to nobody; a server that ends its streams at once is not listed at each.
    let lastOpening = Mutex<NIODeadline?>(nil)
    let opened: @Sendable () -> Void = {
      let isDue = lastOpening.withLock { last in
        let now = NIODeadline.now()
        if let last, now - last < .seconds(60) { return false }
        last = now
        return true
      }
      if isDue { relist() }
    }
    while !Task.isCancelled {
      // With a session its subscriptions are lost.
      subscriptions.renew()
      do throws(ClientError) {
        try await connection.listen(filter: filter, opened: opened) { notification in
          guard let change = ServerChange(notification) else { return }
          if case .resourceUpdated = change { return changed(change) }
          if case .taskUpdated = change { return }
          relist()
        }
        // The wire brings changes elsewhere, or the server closed the stream gracefully.
      } catch {
        // Many servers have no such stream; periodic refresh covers them.
        if case .wire(let wire) = error, case .status = wire.code { return }
        if case .server = error { return }
      }
      try? await Task.sleep(for: .seconds(5))
    }
  }

  /// Lists at each wish, one listing after the other, so that no older one takes the place of a newer one. Ends when the server cannot be listed.
  private func relist(at wishes: AsyncStream<Void>, publish: @Sendable (UpstreamListing) async -> Void) async {
    for await _ in wishes {
      if await !refresh(publish: publish) {
        do { try await Task.sleep(for: .seconds(1)) } catch { return }
        guard await refresh(publish: publish) else { return }
      }
      // However often a server announces changes, it is not listed all the time.
      try? await Task.sleep(for: .milliseconds(300))
    }
  }

  /// Reads the lists anew. A failure keeps the old ones: half a listing is never published.
  private func refresh(publish: @Sendable (UpstreamListing) async -> Void) async -> Bool {
    do throws(ClientError) {
      await publish(try await UpstreamListing(from: connection, timeout: configuration.timeout))
      return true
    } catch {
      if !Task.isCancelled { logger.warning("lists could not be read again", metadata: ["reason": "\(error)"]) }
      return false
    }
  }
}

/// The version of this build.
public enum SluiceVersion {
  public static let current = "0.1.0"
}
