internal import JSON
internal import NIOCore
internal import Synchronization

/// The tools of a server as `find_tools` searches them, for one state of its list.
struct DiscoveredTools: Sendable {
  let generation: Int
  private let definitions: [RawJSON]
  private let index: ToolIndex
  /// The two tools that are shown in place of all.
  let pair: Registry<RegisteredTool>

  init(_ tools: Registry<RegisteredTool>) {
    generation = tools.generation
    definitions = tools.definitions.compactMap { try? RawJSON(scanning: $0) }
    index = ToolIndex(definitions.map { ToolDiscovery.entry($0, name: $0["name"]?.string ?? "") })
    var pair = Registry<RegisteredTool>()
    for tool in [ToolDiscovery.find(count: definitions.count), ToolDiscovery.call] {
      let registered = RegisteredTool(tool: tool, schemas: ToolSchemas(of: tool, resources: [:], options: JSONSchema.Options()), headers: [], hasUI: false)
      pair.set(tool.name, registered, modern: tool.definition(.modern), legacy: tool.definition(.legacy))
    }
    self.pair = pair
  }

  func find(_ arguments: RawJSON) throws(RPCError) -> ToolResult {
    let query = try ToolDiscovery.query(arguments)
    return ToolDiscovery.result(index.search(query.text, limit: query.limit).map { definitions[$0] })
  }
}

extension Server {
  /// The search over this server's tools; nil where they are listed.
  func discovered() -> DiscoveredTools? {
    guard let discovery = settings.discovery else { return nil }
    let (tools, known) = state.withLock { ($0.tools, $0.discovered) }
    guard tools.definitionBytes > discovery.listBytes else { return nil }
    if let known, known.generation == tools.generation { return known }
    let made = DiscoveredTools(tools)
    state.withLock { $0.discovered = made }
    return made
  }

  /// What is listed in place of all tools; nil where those are.
  func discoveryPair() -> Registry<RegisteredTool>? { discovered()?.pair }
}
