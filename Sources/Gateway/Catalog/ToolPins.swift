internal import Logging
internal import Synchronization

/// Remembers which definition of each tool was seen first, and notices when it changes: a tool that is not what it was when it was
/// reviewed should be noticed by somebody (trust on first use).
final class ToolPins: Sendable {
  /// What a listing means for one tool.
  enum Change: String, Sendable {
    /// Another definition counts from now on.
    case changed
    /// Another definition is offered, and the tool is hidden until an operator accepts it.
    case held
    /// An operator has accepted the definition that is offered.
    case accepted
  }

  private struct State {
    var pins: [String: [String: ToolPin]] = [:]
    /// The epoch of the store that the pins were read under.
    var epoch: UInt64?
  }

  private let store: (any Store)?
  private let logger: Logger
  private let note: @Sendable (Change, ToolEntry, _ before: String) -> Void
  /// Guards the pins as they were read or written last, by upstream and tool.
  private let state = Mutex(State())

  /// - Parameters:
  ///   - store: nil remembers nothing beyond this process.
  ///   - note: writes a change to the audit log.
  init(store: (any Store)?, logger: Logger, note: @escaping @Sendable (Change, ToolEntry, _ before: String) -> Void) {
    self.store = store
    self.logger = logger
    self.note = note
  }

  /// Compares tools of one upstream with what is pinned, and pins what is new.
  ///
  /// - Returns: the tools that must not be shown, by the upstream's own names.
  func review(_ tools: [ToolEntry], of upstream: Upstream) async -> Set<String> {
    let known: [String: ToolPin]
    do throws(StoreError) { known = try await pins(of: upstream.name) } catch {
      logger.error("pinned tool definitions cannot be read", metadata: ["upstream": "\(upstream.name)", "error": "\(error)"])
      // What cannot be compared is not known to be what was accepted.
      return upstream.configuration.pin == .refuse ? Set(tools.map(\.upstreamName)) : []
    }
    var written: [ToolPin] = []
    var held = Set<String>()
    for tool in tools {
      guard var pin = known[tool.upstreamName] else {
        written.append(ToolPin(upstream: upstream.name, tool: tool.upstreamName, accepted: tool.digest, offered: tool.digest, since: WallTime.milliseconds() / 1000))
        continue
      }
      if pin.offered == tool.digest, !pin.isChanged { continue }
      let isNew = pin.offered != tool.digest
      let before = pin.accepted
      if isNew { (pin.offered, pin.since) = (tool.digest, WallTime.milliseconds() / 1000) }
      switch upstream.configuration.pin {
      case .warn:
        pin.accepted = tool.digest
        written.append(pin)
        if before != tool.digest { tell(.changed, tool, before) }
      case .refuse:
        if isNew { written.append(pin) }
        guard pin.isChanged else { continue }
        held.insert(tool.upstreamName)
        if isNew { tell(.held, tool, before) }
      }
    }
    if !written.isEmpty { await write(written, of: upstream.name) }
    return held
  }

  private func tell(_ change: Change, _ tool: ToolEntry, _ before: String) {
    logger.warning(
      "the definition of a tool has changed",
      metadata: ["tool": "\(tool.name)", "was": "\(before)", "is": "\(tool.digest)", "now": "\(change == .held ? "hidden until it is accepted" : "in use")"])
    note(change, tool, before)
  }

  private func pins(of upstream: String) async throws(StoreError) -> [String: ToolPin] {
    let epoch = store?.epoch.current
    if let known = state.withLock({ $0.epoch == epoch ? $0.pins[upstream] : nil }) { return known }
    var pins: [String: ToolPin] = [:]
    for pin in try await store?.toolPins(of: upstream) ?? [] { pins[pin.tool] = pin }
    return state.withLock { state in
      if state.epoch != epoch {
        state = State(pins: store == nil ? state.pins : [:], epoch: epoch)
      }
      if store != nil || state.pins[upstream] == nil { state.pins[upstream] = pins }
      return state.pins[upstream] ?? pins
    }
  }

  private func write(_ pins: [ToolPin], of upstream: String) async {
    state.withLock { state in for pin in pins { state.pins[upstream, default: [:]][pin.tool] = pin } }
    do throws(StoreError) { try await store?.write(pins) } catch {
      logger.error("tool definitions cannot be pinned", metadata: ["upstream": "\(upstream)", "error": "\(error)"])
    }
  }

  // MARK: Acceptance

  /// Whether the store may hold an acceptance that was not seen yet.
  var isStale: Bool { store.map { store in state.withLock { $0.epoch != store.epoch.current } } ?? false }

  /// Notes what an operator has accepted since.
  func noteAccepted(_ tools: [ToolEntry], held: Set<String>, stillHeld: Set<String>) {
    for tool in tools where held.contains(tool.upstreamName) && !stillHeld.contains(tool.upstreamName) {
      logger.notice("the definition of a tool was accepted", metadata: ["tool": "\(tool.name)", "is": "\(tool.digest)"])
      note(.accepted, tool, tool.digest)
    }
  }
}
