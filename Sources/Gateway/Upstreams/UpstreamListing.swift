internal import JSON
internal import MCP
internal import NIOCore

/// Everything that one upstream offers, as it described it.
struct UpstreamListing: Sendable {
  var tools: [RawJSON] = []
  var prompts: [RawJSON] = []
  var resources: [RawJSON] = []
  var templates: [RawJSON] = []

  /// No honest server comes near these; a hostile one is cut off.
  private static let maximumPages = 200
  private static let maximumItems = 20_000
  private static let maximumBytes = 32 << 20
  private static let maximumItemBytes = 256 << 10

  /// Reads all pages of all lists that the peer's capabilities announce.
  init(from connection: ClientConnection, timeout: TimeAmount) async throws(ClientError) {
    guard let peer = connection.peer else { return }
    let deadline = NIODeadline.now() + timeout
    if peer.capabilities["tools"] != nil { tools = try await Self.all(.toolsList, "tools", connection, deadline) }
    if peer.capabilities["prompts"] != nil { prompts = try await Self.all(.promptsList, "prompts", connection, deadline) }
    if peer.capabilities["resources"] != nil {
      resources = try await Self.all(.resourcesList, "resources", connection, deadline)
      templates = try await Self.all(.resourceTemplatesList, "resourceTemplates", connection, deadline)
    }
  }

  init() {}

  private static func all(_ method: MCP.Method, _ member: String, _ connection: ClientConnection, _ deadline: NIODeadline) async throws(ClientError) -> [RawJSON] {
    var items: [RawJSON] = []
    var bytes = 0
    var cursor: RawJSON?
    for _ in 0..<maximumPages {
      var members = ByteBuffer()
      if let cursor {
        members.writeStaticString("\"cursor\":")
        members.write(cursor)
      }
      let answer = try await connection.request(method, .init(members: members), deadline: deadline)
      guard let result = answer.result else {
        // A server may announce resources and yet know no templates.
        if answer.error?["code"]?.int == RPCError.Code.methodNotFound.rawValue { return items }
        throw ClientError.server(answer.error.map { RPCError($0) } ?? RPCError(.internalError, "no result"))
      }
      if let page = result[member]?.elements.prefix(maximumItems - items.count) { items += page.filter { $0.range.count <= maximumItemBytes } }
      bytes += result.range.count
      guard let next = result["nextCursor"], next.kind == .string, items.count < maximumItems, bytes < maximumBytes else { return items }
      cursor = next
    }
    return items
  }

  /// The lists that are not what they were.
  func changes(since before: UpstreamListing?) -> [ServerChange] {
    func differ(_ list: KeyPath<UpstreamListing, [RawJSON]>) -> Bool {
      let (old, new) = (before?[keyPath: list] ?? [], self[keyPath: list])
      return old.count != new.count || !zip(old, new).allSatisfy { $0.bytes == $1.bytes }
    }
    var changes: [ServerChange] = []
    if differ(\.tools) { changes.append(.toolsListChanged) }
    if differ(\.prompts) { changes.append(.promptsListChanged) }
    if differ(\.resources) || differ(\.templates) { changes.append(.resourcesListChanged) }
    return changes
  }
}
