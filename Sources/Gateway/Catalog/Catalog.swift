internal import JSON
internal import Logging
internal import MCP
internal import Synchronization

/// What all upstreams offer together, under names that cannot clash.
///
/// Readers take a whole snapshot; a change makes a new one. Whether a caller may see an entry is policy's to say, not the catalog's.
final class Catalog: Sendable {
  struct Snapshot: Sendable {
    /// Grows with each change; part of the key of everything that is cached about entries.
    var generation: UInt64 = 0
    var tools: [String: ToolEntry] = [:]
    /// In the order of configuration and of the upstreams' own lists.
    var toolList: [ToolEntry] = []
    var prompts: [String: PromptEntry] = [:]
    var promptList: [PromptEntry] = []
    var resources: [String: ResourceEntry] = [:]
    var resourceList: [ResourceEntry] = []
    var templateList: [ResourceEntry] = []
  }

  private struct State {
    var snapshot = Snapshot()
    var listings: [String: UpstreamListing] = [:]
    var observers: [UInt64: @Sendable (ServerChange) -> Void] = [:]
    var nextObserver: UInt64 = 0
  }

  let upstreams: [Upstream]
  private let logger: Logger
  /// Guards the snapshot, the listings it is made of, and the observers.
  private let state = Mutex(State())

  init(upstreams: [Upstream], logger: Logger) {
    self.upstreams = upstreams
    self.logger = logger
  }

  var snapshot: Snapshot { state.withLock { $0.snapshot } }

  /// Takes what `upstream` offers now, and tells observers of the lists that changed.
  func publish(_ listing: UpstreamListing, of upstream: Upstream) {
    let (before, after, observers) = state.withLock { state in
      let before = state.listings[upstream.name]
      state.listings[upstream.name] = listing
      state.snapshot = build(state.listings, generation: state.snapshot.generation + 1)
      return (before, listing, Array(state.observers.values))
    }
    var changes: [ServerChange] = []
    func differ(_ one: [RawJSON]?, _ other: [RawJSON]) -> Bool { (one ?? []).map(\.text) != other.map(\.text) }
    if differ(before?.tools, after.tools) { changes.append(.toolsListChanged) }
    if differ(before?.prompts, after.prompts) { changes.append(.promptsListChanged) }
    if differ(before?.resources, after.resources) || differ(before?.templates, after.templates) { changes.append(.resourcesListChanged) }
    for change in changes { for observer in observers { observer(change) } }
  }

  /// Passes on that a resource changed.
  func announce(_ change: ServerChange) {
    for observer in state.withLock({ Array($0.observers.values) }) { observer(change) }
  }

  func observe(_ observer: @escaping @Sendable (ServerChange) -> Void) -> Observation {
    let key = state.withLock { state in
      state.nextObserver += 1
      state.observers[state.nextObserver] = observer
      return state.nextObserver
    }
    return Observation { [weak self] in _ = self?.state.withLock { $0.observers.removeValue(forKey: key) } }
  }

  private func build(_ listings: [String: UpstreamListing], generation: UInt64) -> Snapshot {
    var snapshot = Snapshot(generation: generation)
    for upstream in upstreams {
      guard let listing = listings[upstream.name] else { continue }
      for definition in listing.tools {
        guard let entry = ToolEntry(definition, of: upstream), snapshot.tools[entry.name] == nil else {
          logger.warning("a tool is left out: its definition is invalid or repeats a name", metadata: ["upstream": "\(upstream.name)"])
          continue
        }
        snapshot.tools[entry.name] = entry
        snapshot.toolList.append(entry)
      }
      for definition in listing.prompts {
        guard let entry = PromptEntry(definition, of: upstream), snapshot.prompts[entry.name] == nil else { continue }
        snapshot.prompts[entry.name] = entry
        snapshot.promptList.append(entry)
      }
      for definition in listing.resources {
        guard let entry = ResourceEntry(definition, of: upstream, isTemplate: false), snapshot.resources[entry.uri] == nil else { continue }
        snapshot.resources[entry.uri] = entry
        snapshot.resourceList.append(entry)
      }
      snapshot.templateList += listing.templates.compactMap { ResourceEntry($0, of: upstream, isTemplate: true) }
    }
    return snapshot
  }
}

extension Catalog.Snapshot {
  /// The upstream that serves `uri`: the one that listed it, else the first with a template that fits.
  func resource(_ uri: String) -> ResourceEntry? { resources[uri] ?? templateList.first { $0.matches(uri) } }
}
