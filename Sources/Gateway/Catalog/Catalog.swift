internal import JSON
internal import Logging
internal import MCP
internal import Synchronization

/// What all upstreams offer together, under names that cannot clash.
///
/// Readers take a whole snapshot; a change makes a new one. Whether a caller may see an entry is policy's to say, not the catalog's.
final class Catalog: Sendable {
  /// What there is at one moment. A class: every call carries it.
  final class Snapshot: Sendable {
    /// Grows with each change; part of the key of everything that is cached about entries.
    let generation: UInt64
    let tools: [String: ToolEntry]
    /// In the order of configuration and of the upstreams' own lists.
    let toolList: [ToolEntry]
    let prompts: [String: PromptEntry]
    let promptList: [PromptEntry]
    let resources: [String: ResourceEntry]
    let resourceList: [ResourceEntry]
    let templateList: [ResourceEntry]

    /// Of entries with one name, or one URI, the first has it.
    init(generation: UInt64 = 0, tools: [ToolEntry] = [], prompts: [PromptEntry] = [], resources: [ResourceEntry] = [], templates: [ResourceEntry] = []) {
      self.generation = generation
      (self.tools, toolList) = Self.unique(tools) { $0.name }
      (self.prompts, promptList) = Self.unique(prompts) { $0.name }
      (self.resources, resourceList) = Self.unique(resources) { $0.uri }
      templateList = templates
    }

    private static func unique<Entry>(_ entries: [Entry], _ name: (Entry) -> String) -> ([String: Entry], [Entry]) {
      var byName: [String: Entry] = [:]
      var list: [Entry] = []
      for entry in entries where byName[name(entry)] == nil {
        byName[name(entry)] = entry
        list.append(entry)
      }
      return (byName, list)
    }
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
    let offers = upstreams.compactMap { upstream in listings[upstream.name].map { (upstream, $0) } }
    func entries<Entry>(_ list: KeyPath<UpstreamListing, [RawJSON]>, _ make: (RawJSON, Upstream) -> Entry?) -> [Entry] {
      offers.flatMap { upstream, listing in
        listing[keyPath: list].compactMap { definition in
          let entry = make(definition, upstream)
          if entry == nil {
            logger.warning("an entry is left out: its definition is not valid", metadata: ["upstream": "\(upstream.name)", "name": "\((definition["name"]?.string ?? "").prefix(80))"])
          }
          return entry
        }
      }
    }
    return Snapshot(
      generation: generation, tools: entries(\.tools) { ToolEntry($0, of: $1) }, prompts: entries(\.prompts) { PromptEntry($0, of: $1) },
      resources: entries(\.resources) { ResourceEntry($0, of: $1, isTemplate: false) },
      templates: entries(\.templates) { ResourceEntry($0, of: $1, isTemplate: true) })
  }
}

extension Catalog.Snapshot {
  /// The upstream that serves `uri`: the one that listed it, else the first with a template that fits.
  func resource(_ uri: String) -> ResourceEntry? { resources[uri] ?? templateList.first { $0.matches(uri) } }
}
