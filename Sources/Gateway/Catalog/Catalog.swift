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
    /// The tools that lists show.
    let listedTools: [ToolEntry]
    /// The tools that `find_tools` finds.
    let searchedTools: [ToolEntry]
    let prompts: [String: PromptEntry]
    let promptList: [PromptEntry]
    let resources: [String: ResourceEntry]
    let resourceList: [ResourceEntry]
    let templateList: [ResourceEntry]
    /// Made when it is first asked.
    private let index = Mutex<ToolIndex?>(nil)
    /// The records that the tools of each upstream declare, each once.
    let records: [String: [RecordDeclaration]]

    /// Of entries with one name, or one URI, the first has it.
    ///
    /// - Parameter views: those that tools name; servers need not list them.
    init(
      generation: UInt64 = 0, tools: [ToolEntry] = [], prompts: [PromptEntry] = [], resources: [ResourceEntry] = [], templates: [ResourceEntry] = [],
      views: [ResourceEntry] = []
    ) {
      self.generation = generation
      (self.tools, toolList) = Self.unique(tools) { $0.name }
      listedTools = toolList.filter { !$0.isSearched }
      searchedTools = toolList.filter(\.isSearched)
      records = Self.records(toolList)
      (self.prompts, promptList) = Self.unique(prompts) { $0.name }
      let (listed, list) = Self.unique(resources) { $0.uri }
      resourceList = list
      self.resources = listed.merging(views.map { ($0.uri, $0) }) { listed, _ in listed }
      templateList = templates
    }

    /// The tools of ``searchedTools`` that hold some word of the query, best first.
    func search(_ query: String, limit: Int, where admits: (ToolEntry) -> Bool) -> [ToolEntry] {
      let index = index.withLock { index in
        if let index { return index }
        let made = ToolIndex(searchedTools.map(\.indexEntry))
        index = made
        return made
      }
      return index.search(query, limit: limit) { admits(searchedTools[$0]) }.map { searchedTools[$0] }
    }

    private static func records(_ tools: [ToolEntry]) -> [String: [RecordDeclaration]] {
      var records: [String: [RecordDeclaration]] = [:]
      for tool in tools {
        for declaration in tool.records {
          let record = RecordDeclaration(type: declaration.type, rows: nil, entities: declaration.entities, category: declaration.category)
          if records[tool.upstream.name]?.contains(record) != true { records[tool.upstream.name, default: []].append(record) }
        }
      }
      return records
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
    var offers: [String: Offer] = [:]
    var observers: [UInt64: @Sendable (ServerChange) -> Void] = [:]
    var nextObserver: UInt64 = 0
  }

  let upstreams: [Upstream]
  private let pins: ToolPins
  private let logger: Logger
  /// Guards the snapshot, the offers it is made of, and the observers.
  private let state = Mutex(State())

  init(upstreams: [Upstream], pins: ToolPins, logger: Logger) {
    self.upstreams = upstreams
    self.pins = pins
    self.logger = logger
  }

  var snapshot: Snapshot { state.withLock { $0.snapshot } }

  /// Takes what `upstream` offers now, and tells observers of the lists that changed. Where nothing did, nothing happens.
  func publish(_ listing: UpstreamListing, of upstream: Upstream) async {
    let before = state.withLock { $0.offers[upstream.name] }
    let changes = listing.changes(since: before?.listing)
    guard before == nil || !changes.isEmpty else { return }
    var offer = Offer(listing, of: upstream, logger: logger)
    offer.held = await pins.review(offer.tools, of: upstream)
    put(offer, of: upstream, changes)
  }

  /// Shows the tools whose definitions an operator has accepted since.
  func showAccepted() async {
    guard pins.isStale else { return }
    for upstream in upstreams {
      guard var offer = state.withLock({ $0.offers[upstream.name] }), !offer.held.isEmpty else { continue }
      let held = await pins.review(offer.tools, of: upstream)
      guard held != offer.held else { continue }
      pins.noteAccepted(offer.tools, held: offer.held, stillHeld: held)
      offer.held = held
      put(offer, of: upstream, [.toolsListChanged])
    }
  }

  private func put(_ offer: Offer, of upstream: Upstream, _ changes: [ServerChange]) {
    let observers = state.withLock { state in
      state.offers[upstream.name] = offer
      let offers = upstreams.compactMap { state.offers[$0.name] }
      state.snapshot = Snapshot(
        generation: state.snapshot.generation + 1, tools: offers.flatMap(\.visibleTools), prompts: offers.flatMap(\.prompts),
        resources: offers.flatMap(\.resources), templates: offers.flatMap(\.templates), views: offers.flatMap(\.views))
      return Array(state.observers.values)
    }
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
}

/// What one upstream offers, read once.
private struct Offer: Sendable {
  let listing: UpstreamListing
  let tools: [ToolEntry]
  let prompts: [PromptEntry]
  let resources: [ResourceEntry]
  let templates: [ResourceEntry]
  /// The views that tools name.
  let views: [ResourceEntry]
  /// Tools whose definitions wait for being accepted, by the upstream's own names.
  var held: Set<String> = []

  var visibleTools: [ToolEntry] { held.isEmpty ? tools : tools.filter { !held.contains($0.upstreamName) } }

  init(_ listing: UpstreamListing, of upstream: Upstream, logger: Logger) {
    self.listing = listing
    let isSearched =
      switch upstream.configuration.discovery {
      case .always: true
      case .never: false
      case .auto: listing.tools.reduce(0) { $0 + $1.range.count } > ToolDiscovery().listBytes
      }
    tools = listing.tools.compactMap { ToolEntry($0, of: upstream, isSearched: isSearched) }
    prompts = listing.prompts.compactMap { PromptEntry($0, of: upstream) }
    resources = listing.resources.compactMap { ResourceEntry($0, of: upstream, isTemplate: false) }
    templates = listing.templates.compactMap { ResourceEntry($0, of: upstream, isTemplate: true) }
    let named = Set(listing.tools.compactMap { ViewURI.named(by: $0["_meta"]) }).sorted()
    views = named.compactMap { uri in
      ResourceEntry((["uri": .string(uri), "name": .string(uri), "mimeType": .string(UIExtension.mimeType)] as JSONValue).raw, of: upstream, isTemplate: false)
    }
    let invalid =
      listing.tools.count - tools.count + listing.prompts.count - prompts.count + listing.resources.count - resources.count
      + listing.templates.count - templates.count
    if invalid > 0 {
      logger.warning("entries with invalid definitions are left out", metadata: ["upstream": "\(upstream.name)", "entries": "\(invalid)"])
    }
  }
}

extension Catalog.Snapshot {
  /// The upstream that serves `uri`: the one that listed it, else the first with a template that fits.
  ///
  /// A URI that nobody listed must be in normal form: policy decides by its text, and an upstream may take another text for the same.
  func resource(_ uri: String) -> ResourceEntry? {
    if let listed = resources[uri], listed.uri.utf8.elementsEqual(uri.utf8) { return listed }
    return ResourceURI.isNormal(uri) ? templateList.first { $0.matches(uri) } : nil
  }
}
