internal import JSON
public import Ledger
public import Logging
public import MCP
internal import NIOCore

/// The gateway: one straight pipeline from a request to its answer.
///
/// Each stage takes the proof of the one before and returns its own, so that what was not authorized cannot be sent and what
/// was not written down has no effect. The transport in front has authenticated the caller and read the request
/// (docs/adr/0002-authentication-before-parsing.md); the stages behind are Limits, Catalog, Policy, Audit, Upstreams, Screening.
public final class Gateway: RequestHandler {
  let catalog: Catalog
  let policy: PolicyStage
  let limits: LimitStage
  let audit: AuditLog
  let upstreams: Dispatcher
  let screening: ScreeningStage
  private let description: ServerDescription

  /// What a gateway is made of.
  public struct Parts: Sendable {
    /// The name that clients show.
    public var name: String
    public var upstreams: [Upstream]
    /// Cedar policies.
    public var policies: String
    public var bounds: ResultBounds
    public var maskStyle: MaskStyle
    public var limiter: Limiter
    public var log: LogWriter
    /// 32 bytes each, kept over restarts: for sealing upstreams' state, and for the salts of the audit log.
    public var sealKey: [UInt8]
    public var saltKey: [UInt8]
    public var logger: Logger
    /// Remembers which definitions of tools were seen; nil forgets them with the process.
    public var store: (any Store)?

    public init(
      name: String, upstreams: [Upstream], policies: String, bounds: ResultBounds = ResultBounds(), maskStyle: MaskStyle = .placeholder,
      limiter: Limiter, log: LogWriter, sealKey: [UInt8], saltKey: [UInt8], logger: Logger,
      store: (any Store)? = nil
    ) {
      self.name = name
      self.upstreams = upstreams
      self.policies = policies
      self.bounds = bounds
      self.maskStyle = maskStyle
      self.limiter = limiter
      self.log = log
      self.sealKey = sealKey
      self.saltKey = saltKey
      self.logger = logger
      self.store = store
    }
  }

  /// - Throws: `CedarError` where the policies cannot be read, `LedgerError` where the system has no room for the audit log's part.
  public init(_ parts: Parts) throws {
    let engine = try PolicyEngine(policies: parts.policies, bounds: parts.bounds)
    let audit = try AuditLog(log: parts.log, saltKey: parts.saltKey, policyVersion: engine.version, logger: parts.logger)
    self.audit = audit
    let pins = ToolPins(store: parts.store, logger: parts.logger) { audit.note($0, of: $1, before: $2) }
    catalog = Catalog(upstreams: parts.upstreams, pins: pins, logger: parts.logger)
    policy = PolicyStage(engine: engine)
    limits = LimitStage(limiter: parts.limiter)
    let screening = Screening(.init(style: parts.maskStyle))
    upstreams = Dispatcher(
      policy: policy, seal: RequestStateSeal(key: parts.sealKey), lists: Lists(policy: policy), screening: screening,
      suspended: SuspendedCalls(lifetime: .seconds(RequestStateSeal.lifetimeSeconds)))
    self.screening = ScreeningStage(screening: screening)
    description = ServerDescription(
      name: "sluice", title: parts.name, version: SluiceVersion.current,
      instructions: "Tools and prompts are named upstream\(ToolEntry.separator)name. Results hold only what the caller may see; \"[masked]\" marks what was withheld.",
      capabilities: [
        "tools": ["listChanged": true], "prompts": ["listChanged": true],
        "resources": ["listChanged": true], "completions": [:],
      ])
  }

  public func handle(_ request: Envelope, _ context: RequestContext) async -> Answer {
    guard let principal = context.caller as? Principal else {
      return audit.refuse(.unauthenticated, request, context, nil)
    }
    let exchange = Exchange(request, context, principal)
    do throws(Refusal) {
      let slot = try await limits.admit(exchange)  // rate, quota, concurrency
      let call = try catalog.resolve(exchange)  // hidden or unknown: not found
      let permit = try policy.authorize(call)  // Cedar; carries obligations and row rules
      return try await audit.record(AdmittedCall(permit, slot)) { (entry: borrowing RecordedIntent) async throws(Refusal) in  // on disk before the effect
        try screening.screen(try await upstreams.send(entry), for: entry)  // rows, fields, detectors, bounds
      }
    } catch {
      return audit.refuse(error, request, context, exchange)
    }
  }

  /// Keeps the upstreams connected and listed until the task is cancelled. Each has a task of its own: none waits for another.
  public func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [audit] in await audit.run() }
      group.addTask { [catalog] in
        while !Task.isCancelled {
          try? await Task.sleep(for: .seconds(1))
          await catalog.showAccepted()
        }
      }
      for upstream in catalog.upstreams {
        group.addTask { [catalog] in
          await upstream.run(publish: { await catalog.publish($0, of: upstream) }, changed: { catalog.announce($0.published(by: upstream.name)) })
        }
      }
    }
    upstreams.suspended.cancelAll()
  }

  /// Writes to the audit log that a credential was refused, within bounds. Where it cannot be written it is refused all the same.
  ///
  /// - Parameter reason: the stable code of the refusal; nothing of the credential.
  public func noteRefusedCredential(_ reason: String, address: String?) { audit.noteRefusedCredential(reason, address: address) }

  /// The upstreams and how they are.
  public var upstreamStatus: [(name: String, status: Upstream.Status)] { catalog.upstreams.map { ($0.name, $0.status) } }

  /// Whether each upstream has been listed, or was found to be down.
  public var isReady: Bool {
    catalog.upstreams.allSatisfy { if case .connecting = $0.status { false } else { true } }
  }

  /// Waits until ``isReady``, but not longer than `bound`: one slow upstream does not keep the others from being used.
  public func waitUntilListed(atMost bound: Duration) async {
    let clock = ContinuousClock()
    let end = clock.now + bound
    while !isReady, clock.now < end, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(20)) }
  }

  /// Clients' notifications concern no upstream: list changes of roots are not passed on.
  public func receive(_ notification: Envelope, _ context: RequestContext) async {}

  public func describe(_ context: RequestContext) async -> ServerDescription {
    var description = description
    if catalog.upstreams.contains(where: \.canSubscribe) { description.capabilities["resources"]?["subscribe"] = true }
    return description
  }

  public func follow(_ uri: String, for caller: (any Caller)?) -> Observation? {
    let snapshot = catalog.snapshot
    guard let principal = caller as? Principal, let entry = snapshot.resource(uri), entry.upstream.canSubscribe,
      policy.maySee(entry, uri: uri, principal, in: snapshot)
    else { return nil }
    return entry.upstream.subscriptions.follow(uri)
  }

  public func observe(for caller: (any Caller)?, _ observer: @escaping @Sendable (ServerChange) -> Void) -> Observation {
    catalog.observe { [policy, catalog] change in
      if case .resourceUpdated(let uri) = change {
        let snapshot = catalog.snapshot
        guard let principal = caller as? Principal, let entry = snapshot.resource(uri), policy.maySee(entry, uri: uri, principal, in: snapshot) else { return }
      }
      observer(change)
    }
  }
}

extension Principal: Caller {}

extension Refusal {
  static let unauthenticated = Refusal(.unauthenticated, .client, "Authentication is required: send a bearer token.")
}

/// Times as the gateway writes them.
public enum GatewayTime {
  /// RFC 3339 in UTC with milliseconds.
  public static func text(milliseconds: Int64) -> String {
    var buffer = ByteBuffer()
    WallTime.write(milliseconds, to: &buffer)
    return String(buffer: buffer)
  }
}
