internal import JSON
internal import Logging
internal import NIOCore

/// The items of a list, fetched page by page (2026-07-28, server/utilities/pagination). Iteration throws ``ClientError``.
public struct ListSequence<Element: Sendable>: AsyncSequence, Sendable {
  /// No honest server comes near these; another one is cut off.
  private static var maximumPages: Int { 1000 }
  private static var maximumItems: Int { 100_000 }

  let client: Client
  let method: Method
  let member: String
  let options: RequestOptions
  let read: @Sendable (RawJSON) -> Element?

  public func makeAsyncIterator() -> Iterator { Iterator(list: self) }

  /// The iterator of the sequence. One task uses it.
  public struct Iterator: AsyncIteratorProtocol {
    private let list: ListSequence
    private var page: ArraySlice<Element> = []
    private var cursor: String?
    private var isOver = false
    private var pages = 0

    init(list: ListSequence) { self.list = list }

    public mutating func next() async throws(ClientError) -> Element? {
      while page.isEmpty {
        guard !isOver else { return nil }
        let next: String?
        let items: [Element]
        (items, next) = try await list.page(cursor)
        page = items[...]
        pages += 1
        isOver = next == nil || next == cursor || pages >= ListSequence.maximumPages
        cursor = next
      }
      return page.removeFirst()
    }
  }

  /// All items. Where the list changes between two pages, it is read from the start once more.
  func all() async throws(ClientError) -> [Element] {
    var items: [Element] = []
    var cursor: String?
    var mayStartOver = true
    for _ in 0..<Self.maximumPages {
      let (page, next): ([Element], String?)
      do throws(ClientError) { (page, next) = try await self.page(cursor) } catch {
        guard mayStartOver, isRefused(cursor, error) else { throw error }
        (items, cursor, mayStartOver) = ([], nil, false)
        continue
      }
      if items.isEmpty { items = page } else { items += page }
      guard let next, next != cursor, items.count < Self.maximumItems else { break }
      cursor = next
    }
    return items
  }

  /// Whether an error says that a cursor is not, or no longer, one of the list's (2026-07-28, server/utilities/pagination, "Error Handling").
  private func isRefused(_ cursor: String?, _ error: ClientError) -> Bool {
    guard cursor != nil, case .server(let refusal) = error else { return false }
    return refusal.code == .invalidParams
  }

  private func page(_ cursor: String?) async throws(ClientError) -> ([Element], next: String?) {
    var members = ByteBuffer()
    if let cursor {
      members.writeStaticString("\"cursor\":")
      JSONText.write(cursor, to: &members)
    }
    let result: RawJSON
    do throws(ClientError) {
      result = try await client.perform(
        method, ClientConnection.RequestBody(members: members), options, cacheKey: ResultCache.Key(method: method, parameter: cursor))
    } catch {
      // The pages before it are of a list that is no more.
      if isRefused(cursor, error) { client.cache.forget(method) }
      throw error
    }
    guard let array = result[member], array.kind == .array else { throw client.invalid("\(method.rawValue): the result has no list of \(member)") }
    let rejected = method == .toolsList ? client.rememberTools(result) : []
    var items: [Element] = []
    items.reserveCapacity(array.range.count / 256)
    for item in array.elements where rejected.isEmpty || !rejected.contains(item["name"]?.string ?? "") {
      if let element = read(item) { items.append(element) }
    }
    return (items, result["nextCursor"]?.string)
  }
}

extension Client {
  /// Remembers which arguments go into headers.
  ///
  /// - Returns: the names of tools that must not be used (2026-07-28, streamable-http, "Schema Extension").
  fileprivate func rememberTools(_ result: RawJSON) -> Set<String> {
    if settings.checksResults { outputs.remember(result) }
    guard wire.carriesHeaders, connection.version?.era == .modern else { return [] }
    var rejected: Set<String> = []
    headers.remember(result) { tool, reason in
      rejected.insert(tool)
      logger.warning("a tool is left out: its x-mcp-header annotations are not valid", metadata: ["tool": "\(tool.prefix(128))", "reason": "\(reason)"])
    }
    return rejected
  }
}
