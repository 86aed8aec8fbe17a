internal import ConnectorKit
internal import JSON
internal import MCP

/// What Jira's tools and resources share.
struct JiraContext: Sendable {
  let api: JiraAPI
  let projects: NameFilter
  let rule: SubjectRule
  let environment: ConnectorEnvironment
  let uploads: UploadPlace
  let office: OfficeText
  let boards = KnownBoards()

  /// Of downloads and uploads.
  var maximumBytes: Int { uploads.maximumBytes }

  func subject(_ request: some IncomingRequest) throws(VendorError) -> Subject { try rule.subject(of: request, environment) }

  /// Refuses issues and projects that the settings keep out. An issue's project is the front of its key.
  func check(_ key: String) throws(VendorError) {
    guard !key.isEmpty, key.utf8.count <= 64, key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw VendorError(.refused, "\"\(key.prefix(64))\" is no key of an issue or project.")
    }
    guard !projects.admitsAll else { return }
    // A bare number names an issue without telling its project.
    guard !key.allSatisfy(\.isNumber) else { throw VendorError(.refused, "Name issues by their key, such as ABC-1.") }
    guard projects.admits(String(key.prefix { $0 != "-" })) else { throw Self.absence }
  }

  /// A tool in whose work Jira's refusals are told to the model.
  func tool(
    _ name: String, _ title: String, _ description: String, _ fields: [Field], output: JSONValue, annotations: ToolAnnotations = .reading, meta: JSONObject? = nil,
    _ work: @escaping @Sendable (ToolCall, Subject) async throws(VendorError) -> ToolResult
  ) -> Tool {
    Tool(name: name, title: title, description: description, inputSchema: Field.arguments(fields), outputSchema: output, annotations: annotations, meta: meta) { call in
      try await call.answering("Jira") { try await work(call, try subject(call)) }
    }
  }

  /// A tool that changes an issue, or what hangs on it.
  ///
  /// - Parameter shape: of what hangs on it.
  func write(
    _ name: String, _ title: String, _ description: String, _ fields: [Field], _ annotations: ToolAnnotations, of shape: RecordShape? = nil,
    _ work: @escaping @Sendable (ToolCall, Subject) async throws(VendorError) -> ToolResult
  ) -> Tool {
    tool(
      name, title, description, fields, output: IssueWriteTools.done, annotations: annotations,
      meta: RecordType.meta([JiraIssue.shape, shape].compactMap { $0 }.map { ($0.type, nil, false) }), work)
  }

  /// A text as Jira takes it: a document on Cloud, wiki markup on Data Center.
  func body(_ markdown: String) -> JSONValue {
    let document = MarkdownDocument.adf(markdown)
    return api.deployment == .cloud ? document : .string(DocumentWiki.text(document))
  }

  /// What a change of an issue answers.
  func done(_ key: String, _ text: String, id: String? = nil) -> ToolResult {
    var structured: JSONObject = ["key": .string(key), "url": .string("\(api.site)/browse/\(key)")]
    if let id { structured["id"] = .string(id) }
    return ToolResult(structured: .object(structured), text: text)
  }

  /// The id of the step of a workflow that has a name, or leads to a status that has it.
  func step(_ name: String, of key: String, in steps: [RawJSON]) throws(VendorError) -> String {
    let wanted = name.lowercased()
    guard let id = steps.first(where: { [$0["name"], $0["to"]?["name"]].contains { $0?.string?.lowercased() == wanted } })?["id"]?.string else {
      throw VendorError(.refused, "\(key) has no step \"\(name.prefix(80))\" now. It has: \(steps.compactMap { $0["name"]?.string }.joined(separator: ", ")).")
    }
    return id
  }

  /// How many there are in all; not told where the settings keep some of them out.
  func total(_ json: RawJSON?) -> Int? { projects.admitsAll ? json?["total"]?.int : nil }

  static func elements(_ json: RawJSON?, _ member: String) -> [RawJSON] { json?[member].map { Array($0.elements) } ?? [] }

  /// Where a page of a list that counts begins. Cursors may be made up.
  static func start(_ call: ToolCall, _ place: PageCursor) throws(VendorError) -> Int {
    guard let text = call.string("cursor") else { return 0 }
    return min(max(Int(try place.vendor(text)) ?? 0, 0), 1 << 40)
  }

  /// One page of a list that counts by `startAt`.
  struct Page {
    var found: [RawJSON]
    /// The cursor of the next.
    var next: String?
    var total: Int?
  }

  func page(
    _ call: ToolCall, _ subject: Subject, _ path: [String], _ query: [(name: String, value: String?)], member: String, list: [String]
  ) async throws(VendorError) -> Page {
    let place = PageCursor(list: list)
    let start = try Self.start(call, place)
    let limit = call.int("limit") ?? 50
    let json = try await api.get(path, query + [("startAt", String(start)), ("maxResults", String(limit))], as: subject)
    // Data Center calls many lists `values` that have names of their own on Cloud.
    guard let list = json.kind == .array ? json : json[member] ?? json["values"] else {
      throw VendorError(.invalidAnswer, "Jira gave the list in no known form.")
    }
    let found = Array(list.elements)
    // A short page is not the end where Jira says that there is more.
    let isLast = json["isLast"]?.bool ?? json["total"]?.int.map { start + found.count >= $0 } ?? (found.count < limit)
    return Page(found: found, next: isLast || found.isEmpty ? nil : place.text(String(start + found.count)), total: total(json))
  }

  /// A page whose items become records.
  func page(
    _ call: ToolCall, _ subject: Subject, _ path: [String], _ query: [(name: String, value: String?)], member: String, list: [String], shape: RecordShape,
    _ record: (RawJSON) -> [JSONValue]
  ) async throws(VendorError) -> ToolResult {
    let page = try await page(call, subject, path, query, member: member, list: list)
    return shape.result(page.found.flatMap(record), for: call, selection: shape.selection(call), next: page.next, total: page.total)
  }

  /// A page that is cut here from a list that Jira gives whole.
  ///
  /// - Parameter list: as for ``PageCursor``.
  func cut(_ records: [JSONValue], _ call: ToolCall, list: [String], shape: RecordShape) throws(VendorError) -> ToolResult {
    let (found, next, total) = try cut(records.filter(shape.rule(call).admits), call, list: list)
    return shape.result(found, for: call, selection: shape.selection(call), next: next, total: total)
  }

  func cut<Item>(_ items: [Item], _ call: ToolCall, list: [String]) throws(VendorError) -> (found: [Item], next: String?, total: Int) {
    let place = PageCursor(list: list)
    let start = min(try Self.start(call, place), items.count)
    let end = min(start + (call.int("limit") ?? 50), items.count)
    return (Array(items[start..<end]), end < items.count ? place.text(String(end)) : nil, items.count)
  }
}

extension ToolCall {
  /// An id that is a number.
  func number(_ argument: String) throws(VendorError) -> String {
    guard let text = string(argument), let number = Int(text) else { throw VendorError(.refused, "\"\(argument)\" must be an id, a number.") }
    return String(number)
  }

  /// The custom fields of issues that are asked for, by id.
  func customFields() throws(VendorError) -> [String] {
    let ids = texts("custom_fields")
    guard ids.allSatisfy({ $0.hasPrefix("customfield_") }) else { throw VendorError(.refused, "\"custom_fields\" holds ids such as customfield_10016 only.") }
    return ids
  }

  /// Members of issues to show: those that were chosen, and custom fields where some were asked for.
  func issueSelection() -> Set<String>? {
    JiraIssue.shape.selection(self).map { self["custom_fields"] == nil ? $0 : $0.union(["custom"]) }
  }
}
