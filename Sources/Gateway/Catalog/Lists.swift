internal import JSON
internal import MCP
internal import NIOCore

/// The lists that clients get: of all there is, what the caller may use. The same decisions answer here and at the call.
struct Lists: Sendable {
  let policy: PolicyStage
  var pageSize = 1000
  /// How long clients may keep a list; changes are announced as well.
  var timeToLive = 30_000

  func text(of list: ListKind, _ call: Call) throws(Refusal) -> ByteBuffer {
    let exchange = call.exchange
    let snapshot = call.snapshot
    guard let cursor = exchange.request["cursor"], !cursor.isNull else {
      return policy.engine.list(list, exchange.principal, exchange.era, generation: snapshot.generation) {
        page(list, from: 0, exchange, snapshot)
      }
    }
    return page(list, from: try offset(cursor, list, snapshot), exchange, snapshot)
  }

  private func page(_ list: ListKind, from start: Int, _ exchange: Exchange, _ snapshot: Catalog.Snapshot) -> ByteBuffer {
    var text = ByteBuffer()
    text.reserveCapacity(256 * min(pageSize, snapshot.toolList.count) + 128)
    text.writeStaticString(exchange.era == .modern ? "{\"resultType\":\"complete\",\"" : "{\"")
    text.writeString(list.member)
    text.writeStaticString("\":[")
    let principal = exchange.principal
    let next: Int? =
      switch list {
      case .tools:
        write(snapshot.listedTools, from: start, after: start == 0 ? searchTools(exchange, snapshot) : [], to: &text) { tool, text in
          write(tool, principal, snapshot, to: &text)
        }
      case .prompts:
        write(snapshot.promptList, from: start, to: &text) { prompt, text in
          guard policy.maySee(prompt, principal, in: snapshot) else { return false }
          prompt.write(to: &text)
          return true
        }
      case .resources, .templates:
        write(list == .resources ? snapshot.resourceList : snapshot.templateList, from: start, to: &text) { resource, text in
          guard policy.maySee(resource, uri: resource.uri, principal, in: snapshot) else { return false }
          resource.write(to: &text)
          return true
        }
      }
    text.writeStaticString("]")
    if let next {
      text.writeStaticString(",\"nextCursor\":\"")
      text.writeString(Base64.encode(Array("\(snapshot.generation):\(list.member):\(next)".utf8), urlSafe: true))
      text.writeStaticString("\"")
    }
    if exchange.era == .modern {
      text.writeStaticString(",\"ttlMs\":")
      text.writeString(String(timeToLive))
      text.writeStaticString(",\"cacheScope\":\"private\"")
    }
    text.writeStaticString("}")
    return text
  }

  private func write(_ tool: ToolEntry, _ principal: Principal, _ snapshot: Catalog.Snapshot, to text: inout ByteBuffer) -> Bool {
    guard let decision = policy.maySee(tool, principal, generation: snapshot.generation) else { return false }
    // Our own connectors mask by themselves, with schemas that allow for it.
    tool.write(to: &text, purpose: decision.purpose, isMasked: decision.plan.masksFields && !tool.upstream.configuration.enforcesRows)
    return true
  }

  /// Writes a page of what `write` takes; returns where the next one starts.
  ///
  /// - Parameter first: definitions that come before the entries and count in no page.
  private func write<Entry>(
    _ entries: [Entry], from start: Int, after first: [JSONValue] = [], to text: inout ByteBuffer, _ write: (Entry, inout ByteBuffer) -> Bool
  ) -> Int? {
    for definition in first {
      text.write(definition)
      text.writeStaticString(",")
    }
    if !first.isEmpty { text.moveWriterIndex(to: text.writerIndex - 1) }
    var written = 0
    for index in entries.indices.dropFirst(start) {
      if written == pageSize { return index }
      let mark = text.writerIndex
      if written > 0 || !first.isEmpty { text.writeStaticString(",") }
      if write(entries[index], &text) { written += 1 } else { text.moveWriterIndex(to: mark) }
    }
    return nil
  }

  // MARK: Search

  /// The tools by which the caller finds and calls those that are not listed; none where there are none.
  private func searchTools(_ exchange: Exchange, _ snapshot: Catalog.Snapshot) -> [JSONValue] {
    let found = snapshot.searchedTools.filter { policy.maySee($0, exchange.principal, generation: snapshot.generation) != nil }
    guard !found.isEmpty else { return [] }
    var upstreams: [String] = []
    for tool in found where upstreams.last != tool.upstream.name { upstreams.append(tool.upstream.name) }
    return [ToolDiscovery.find(count: found.count, of: upstreams), ToolDiscovery.call].map { $0.definition(exchange.era) }
  }

  /// The result of `find_tools`: definitions as the list would show them, of what the caller may use.
  func found(_ query: String, limit: Int, _ call: Call) -> ByteBuffer {
    let (principal, snapshot) = (call.exchange.principal, call.snapshot)
    let tools = snapshot.search(query, limit: limit) { policy.maySee($0, principal, generation: snapshot.generation) != nil }
    let definitions = tools.compactMap { tool in
      var text = ByteBuffer()
      return write(tool, principal, snapshot, to: &text) ? try? RawJSON(scanning: text) : nil
    }
    return ToolDiscovery.result(definitions).text(for: call.exchange.context.client.version)
  }

  private func offset(_ cursor: RawJSON, _ list: ListKind, _ snapshot: Catalog.Snapshot) throws(Refusal) -> Int {
    guard let sealed = cursor.string, let bytes = Base64.decode(sealed, urlSafe: true) else { throw .invalidCursor }
    let parts = String(decoding: bytes, as: UTF8.self).split(separator: ":")
    guard parts.count == 3, parts[0] == String(snapshot.generation), parts[1] == list.member, let offset = Int(parts[2]), offset >= 0 else {
      throw .invalidCursor
    }
    return offset
  }
}

extension ListKind {
  /// The member of the result that holds the list.
  var member: String {
    switch self {
    case .tools: "tools"
    case .prompts: "prompts"
    case .resources: "resources"
    case .templates: "resourceTemplates"
    }
  }
}

extension Refusal {
  static let invalidCursor = Refusal(
    .invalidParams, .client, "Invalid cursor: the list has changed since, or the cursor is not one of this list. Start again without a cursor.")
}
