internal import JSON
internal import MCP

/// A request whose target is known: the proof of the catalog.
struct Call: Sendable {
  enum Target: Sendable {
    case tool(ToolEntry)
    case prompt(PromptEntry)
    case resource(ResourceEntry, uri: String)
    /// Completion of an argument of a prompt or template.
    case promptCompletion(PromptEntry)
    case resourceCompletion(ResourceEntry)
    /// A legacy session's interest in a resource; the transport keeps it.
    case subscription(ResourceEntry, uri: String)
    case list(ListKind)
    /// `find_tools`: a search among the tools that are not listed.
    case search(query: String, limit: Int)
    /// A request that concerns the session alone: a legacy log level.
    case acknowledged
  }

  let exchange: Exchange
  let target: Target
  let snapshot: Catalog.Snapshot
  /// Whether the tool was called by way of `call_tool`.
  var isByName = false

  /// The arguments of the tool or prompt.
  var arguments: RawJSON? {
    let arguments = exchange.request["arguments"]
    return isByName ? (try? ToolDiscovery.target(arguments))?.arguments : arguments
  }

  var upstream: Upstream? {
    switch target {
    case .tool(let entry): entry.upstream
    case .prompt(let entry), .promptCompletion(let entry): entry.upstream
    case .resource(let entry, _), .resourceCompletion(let entry): entry.upstream
    case .subscription, .list, .search, .acknowledged: nil
    }
  }

  /// The name of the target as clients and policy know it.
  var name: String? {
    switch target {
    case .tool(let entry): entry.name
    case .prompt(let entry), .promptCompletion(let entry): entry.name
    case .resource(_, let uri), .subscription(_, let uri): uri
    case .resourceCompletion(let entry): entry.uri
    case .search: ToolDiscovery.findName
    case .list, .acknowledged: nil
    }
  }
}

/// The lists that the gateway keeps itself.
enum ListKind: Sendable, Hashable { case tools, prompts, resources, templates }

extension Catalog {
  /// Finds what a request is about. Whether the caller may see it is the next stage's question, and its answer looks like this one's.
  func resolve(_ exchange: Exchange) throws(Refusal) -> Call {
    let snapshot = snapshot
    if exchange.request.method == .toolsCall { return try tool(of: exchange, in: snapshot) }
    return Call(exchange: exchange, target: try target(of: exchange, in: snapshot), snapshot: snapshot)
  }

  private func tool(of exchange: Exchange, in snapshot: Snapshot) throws(Refusal) -> Call {
    let request = exchange.request
    let name = try string("name", of: request)
    let arguments = request["arguments"]
    if let arguments, arguments.kind != .object {
      throw Refusal(.invalidParams, .client, "Invalid params: \"arguments\" must be an object")
    }
    if let entry = snapshot.tools[name] { return Call(exchange: exchange, target: .tool(entry), snapshot: snapshot) }
    guard !snapshot.searchedTools.isEmpty else { throw .unknown("tool", name) }
    do throws(RPCError) {
      switch name {
      case ToolDiscovery.findName:
        let query = try ToolDiscovery.query(arguments)
        return Call(exchange: exchange, target: .search(query: query.text, limit: query.limit), snapshot: snapshot)
      case ToolDiscovery.callName:
        let name = try ToolDiscovery.target(arguments).name
        guard let entry = snapshot.tools[name] else { break }
        return Call(exchange: exchange, target: .tool(entry), snapshot: snapshot, isByName: true)
      default: break
      }
    } catch {
      throw Refusal(.invalidParams, .client, "Invalid params: \(error.message)")
    }
    throw .unknown("tool", name)
  }

  private func target(of exchange: Exchange, in snapshot: Snapshot) throws(Refusal) -> Call.Target {
    let request = exchange.request
    switch request.method {
    case .promptsGet:
      let name = try string("name", of: request)
      guard let entry = snapshot.prompts[name] else { throw .unknown("prompt", name) }
      return .prompt(entry)
    case .resourcesRead, .resourcesSubscribe, .resourcesUnsubscribe:
      let uri = try string("uri", of: request)
      guard let entry = snapshot.resource(uri) else { throw .unknownResource(uri) }
      if request.method == .resourcesRead { return .resource(entry, uri: uri) }
      guard entry.upstream.canSubscribe else {
        // The same answer as for what is hidden: it tells nobody that there is such a resource.
        throw .unknownResource(uri)
      }
      return .subscription(entry, uri: uri)
    case .complete:
      guard let reference = request["ref"], let type = reference["type"]?.string else {
        throw Refusal(.invalidParams, .client, "Invalid params: \"ref\" must name a prompt or a resource template")
      }
      if type == "ref/prompt", let name = reference["name"]?.string {
        guard let entry = snapshot.prompts[name] else { throw .unknown("prompt", name) }
        return .promptCompletion(entry)
      }
      guard type == "ref/resource", let uri = reference["uri"]?.string, uri.utf8.count <= 2048 else {
        throw Refusal(.invalidParams, .client, "Invalid params: \"ref\" must be a ref/prompt with a name or a ref/resource with a uri")
      }
      guard let entry = snapshot.templateList.first(where: { $0.uri == uri }) ?? snapshot.resources[uri] else { throw .unknownResource(uri) }
      return .resourceCompletion(entry)
    case .toolsList: return .list(.tools)
    case .promptsList: return .list(.prompts)
    case .resourcesList: return .list(.resources)
    case .resourceTemplatesList: return .list(.templates)
    case .setLogLevel: return .acknowledged
    default:
      throw Refusal(.methodNotFound, .client, "Method not found: \(request.methodName?.string ?? "")")
    }
  }

  private func string(_ parameter: String, of request: Envelope) throws(Refusal) -> String {
    let limit = parameter == "uri" ? 2048 : 256
    guard let raw = request[parameter], raw.range.count <= 2 * limit, let value = raw.string, value.utf8.count <= limit else {
      throw Refusal(.invalidParams, .client, "Invalid params: \"\(parameter)\" must be a string of at most \(limit) bytes")
    }
    return value
  }
}

extension Refusal {
  /// What is hidden by policy and what does not exist are answered alike.
  static func unknown(_ kind: String, _ name: String) -> Refusal {
    Refusal(.notFound, .client, "Unknown \(kind): \(name.prefix(128)). List the \(kind)s for what is available to you.")
  }

  static func unknownResource(_ uri: String) -> Refusal {
    Refusal(.notFound, .client, "Resource not found", data: ["uri": .string(uri)])
  }
}
