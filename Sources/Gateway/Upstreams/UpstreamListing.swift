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
      items += result[member].map { Array($0.elements) } ?? []
      guard let next = result["nextCursor"], next.kind == .string, items.count < maximumItems else { return items }
      cursor = next
    }
    return items
  }
}
