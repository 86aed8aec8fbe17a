internal import ConnectorKit
internal import JSON
internal import MCP

/// What a tool does to GitHub, for its annotations.
enum Effect {
  case reading
  /// Adds something; a second call adds it again.
  case adding
  /// Sets something; a second call changes nothing more.
  case setting
  /// Overwrites or removes; a second call changes nothing more.
  case removing
  /// Adds, overwrites or removes, as the call says; a second call may do it again.
  case changing

  var annotations: ToolAnnotations {
    switch self {
    case .reading: ToolAnnotations(readOnly: true, destructive: false, idempotent: true, openWorld: true)
    case .adding: ToolAnnotations(readOnly: false, destructive: false, idempotent: false, openWorld: true)
    case .setting: ToolAnnotations(readOnly: false, destructive: false, idempotent: true, openWorld: true)
    case .removing: ToolAnnotations(readOnly: false, destructive: true, idempotent: true, openWorld: true)
    case .changing: ToolAnnotations(readOnly: false, destructive: true, idempotent: false, openWorld: true)
    }
  }
}

/// Which records of policy a tool deals with, and where they stand in its result.
struct Holding {
  let shape: Shape
  let rows: String?
  let isList: Bool

  static func list(_ shape: Shape, _ rows: String) -> Holding { Holding(shape: shape, rows: rows, isList: true) }
  static func one(_ shape: Shape, _ rows: String) -> Holding { Holding(shape: shape, rows: rows, isList: false) }
  /// Things that belong to such a record: the connector keeps the rule itself.
  static func within(_ shape: Shape) -> Holding { Holding(shape: shape, rows: nil, isList: false) }
}

extension GitHub {
  func tool(
    _ name: String, _ title: String, _ effect: Effect, _ description: String, _ arguments: [Argument], output: JSONValue, holding: [Holding] = [],
    _ run: @escaping @Sendable (ToolCall) async throws -> ToolResult
  ) -> Tool {
    Tool(
      name: name, title: title, description: description, inputSchema: Argument.object(arguments), outputSchema: output, annotations: effect.annotations,
      meta: holding.isEmpty ? nil : RecordType.meta(holding.map { ($0.shape.type, $0.rows, $0.isList) })
    ) { call in
      try await call.answering(Self.vendor) { try await run(call) }
    }
  }

  // MARK: Results

  /// A page of records with a table as its text.
  ///
  /// - Parameters:
  ///   - items: the objects in GitHub's answer.
  ///   - extra: what all of them have and GitHub does not say in each.
  ///   - more: further members of the result.
  func listing(
    _ call: ToolCall, _ page: Page, _ items: [RawJSON], _ member: String, _ shape: Shape, adding extra: JSONObject = JSONObject(), more: JSONObject = JSONObject()
  ) async throws(VendorError) -> ToolResult {
    if let unknown = call.chosenFields?.subtracting(shape.fields.map(\.name)).min() {
      throw VendorError(.refused, "There is no field \"\(unknown.prefix(60))\" here. There are: \(shape.fields.map(\.name).joined(separator: ", ")).")
    }
    let records = try await records(call, items, shape, chosen: call.chosenFields, adding: extra)
    var structured: JSONObject = [member: .array(records)]
    if let next = page.next { structured["next_cursor"] = .string(next) }
    for (name, value) in more { structured[name] = value }
    let table = CompactTable(records, columns: shape.columns(call.chosenFields), more: page.next != nil).text
    return result(structured, text: table, untrusted: shape.untrusted.map { "/\(member)/*/\($0)" }, isFramed: !records.isEmpty && !shape.untrusted.isEmpty)
  }

  /// One record with its members as lines, and its text of people in a frame.
  func showing(_ record: JSONValue, _ member: String, _ shape: Shape, more: JSONObject = JSONObject(), note: String? = nil) -> ToolResult {
    var lines = note.map { [$0] } ?? []
    for (name, value) in record.object ?? JSONObject() where name != "body" {
      let text = value.string ?? value.array.map { $0.compactMap(\.string).joined(separator: ", ") } ?? value.text
      if !text.isEmpty { lines.append("\(name): \(text.replacing("\n", with: " "))") }
    }
    var text = lines.joined(separator: "\n")
    if let body = record["body"]?.string, !body.isEmpty { text += "\n\n" + body }
    var structured: JSONObject = [member: record]
    for (name, value) in more { structured[name] = value }
    return result(structured, text: text, untrusted: shape.untrusted.map { "/\(member)/\($0)" }, isFramed: !shape.untrusted.isEmpty)
  }

  func result(_ structured: JSONObject, text: String, untrusted: [String] = [], isFramed: Bool = false) -> ToolResult {
    let text = isFramed ? UntrustedText.framed(text, source: Self.vendor) : text
    var result = ToolResult(structured: .object(structured), text: text)
    if !untrusted.isEmpty {
      var meta = JSONObject()
      meta[UntrustedText.metaKey] = .array(untrusted.map { .string($0) })
      result.meta = meta
    }
    return result
  }

  /// What a write did, where GitHub's answer says little.
  func done(_ text: String, _ members: JSONObject = JSONObject()) -> ToolResult {
    var structured = members
    structured["done"] = true
    return ToolResult(structured: .object(structured), text: text)
  }

  static let doneOutput = Output.object([("done", ["type": "boolean"])], required: ["done"])
}

extension ToolCall {
  /// A number that the schema asks for.
  func number(_ argument: String) -> Int { int(argument) ?? 0 }

  /// A text that one method of the tool needs and others do not.
  func need(_ argument: String) throws(VendorError) -> String {
    guard let text = string(argument), !text.isEmpty else {
      throw VendorError(.refused, "\(name) with method \"\(string("method") ?? "")\" needs \"\(argument)\".")
    }
    return text
  }

  /// A name of a user, an organization or a team as URLs have it; nil where the call gives none.
  func name(_ argument: String) throws(VendorError) -> String? {
    guard let name = string(argument), !name.isEmpty else { return nil }
    guard GitHub.isName(name) else { throw VendorError(.refused, "\"\(name.prefix(60))\" is no name as GitHub has them in URLs.") }
    return name
  }

  func needNumber(_ argument: String) throws(VendorError) -> Int {
    guard let number = int(argument) else { throw VendorError(.refused, "\(name) with method \"\(string("method") ?? "")\" needs \"\(argument)\".") }
    return number
  }
}
