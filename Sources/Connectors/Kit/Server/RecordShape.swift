public import JSON
public import MCP

/// How records of one type look in results: the schema, what policy is told, the text for the model, and the choice of `fields`.
public struct RecordShape: Sendable {
  public var type: RecordType
  /// The member that holds a list of them: `messages`.
  public var list: String
  /// The member that holds one: `message`.
  public var one: String
  public var properties: JSONObject
  /// Members that are always there: what policy speaks of must not be left out by a choice of fields.
  public var always: [String]
  /// Members that the text shows, in order.
  public var columns: [String]
  /// Members that people write as they like: results mark them (``UntrustedText``), and the text for the model stands in a frame.
  public var untrusted: [String]

  public init(_ type: RecordType, list: String, one: String, properties: JSONObject, always: [String], columns: [String], untrusted: [String] = []) {
    self.type = type
    self.list = list
    self.one = one
    self.properties = properties
    self.always = always
    self.columns = columns
    self.untrusted = untrusted
  }

  /// The schema of one record.
  public var schema: JSONValue { ["type": "object", "properties": .object(properties), "required": ["id"]] }

  public var listSchema: JSONValue {
    [
      "type": "object",
      "properties": .object([
        list: ["type": "array", "items": schema], "next_cursor": ["type": "string", "description": "Pass it with the same arguments to go on. Absent at the end."],
        "total": ["type": "integer", "description": "How many there are in all, where the vendor says."],
      ]), "required": [.string(list)],
    ]
  }

  public var oneSchema: JSONValue { ["type": "object", "properties": .object([one: schema]), "required": [.string(one)]] }

  public var listMeta: JSONObject { type.meta(rows: "/" + list) }
  public var oneMeta: JSONObject { type.meta(rows: "/" + one, isList: false) }

  /// The argument by which callers choose members.
  public var fields: Field {
    Field.texts("fields", "The members to answer with; all if not given. A few more may come along.", oneOf: properties.map(\.name), most: 64)
  }

  /// What a call asked for in `fields`, with what must come along; nil for all.
  public func selection(_ call: ToolCall) -> Set<String>? {
    guard let wanted = call["fields"], wanted.kind == .array else { return nil }
    let names = wanted.elements.compactMap(\.string)
    return names.isEmpty ? nil : Set(names + always + ["id"])
  }

  private func chosen(_ record: JSONValue, _ selection: Set<String>?) -> JSONValue {
    guard let selection, let object = record.object else { return record }
    var result = JSONObject()
    for (name, value) in object where selection.contains(name) { result[name] = value }
    return .object(result)
  }

  /// - Parameter next: as ``PageCursor/text(_:)`` gave it.
  public func result(_ records: [JSONValue], selection: Set<String>? = nil, next: String? = nil, total: Int? = nil) -> ToolResult {
    let rows = records.map { chosen($0, selection) }
    var structured: JSONValue = .object([list: .array(rows)])
    if let next { structured["next_cursor"] = .string(next) }
    if let total { structured["total"] = .int(total) }
    let shown = selection.map { chosen in columns.filter { chosen.contains($0) } + properties.map(\.name).filter { chosen.contains($0) && !columns.contains($0) } }
    let isFramed = !rows.isEmpty && !marked(selection).isEmpty
    var text = CompactTable(rows, columns: shown ?? columns, more: next != nil && !isFramed).text
    if isFramed {
      text = UntrustedText.framed(text, source: type.name)
      if next != nil { text += "\n(there is more: pass next_cursor)" }
    }
    return mark(ToolResult(structured: structured, text: text), below: "/\(list)/*", selection)
  }

  /// - Parameter text: for the model, in place of the record; what people wrote in it has to be framed.
  public func result(_ record: JSONValue, selection: Set<String>? = nil, text: String? = nil) -> ToolResult {
    let row = chosen(record, selection)
    let shown = text ?? (marked(selection).isEmpty ? row.text : UntrustedText.framed(row.text, source: type.name))
    return mark(ToolResult(structured: .object([one: row]), text: shown), below: "/\(one)", selection)
  }

  /// Marks what people wrote in a result that was made otherwise.
  ///
  /// - Parameter place: JSON Pointer to a record: `/message`, `/messages/*`.
  public func mark(_ result: ToolResult, below place: String, _ selection: Set<String>? = nil) -> ToolResult {
    marked(selection).reduce(result) { UntrustedText.mark($0, "\(place)/\($1)") }
  }

  private func marked(_ selection: Set<String>?) -> [String] { selection.map { chosen in untrusted.filter(chosen.contains) } ?? untrusted }
}

extension ToolAnnotations {
  /// Reads at a vendor.
  public static let reading = ToolAnnotations(readOnly: true, destructive: false, idempotent: true, openWorld: true)
  /// Adds something; a second call adds it again.
  public static let adding = ToolAnnotations(readOnly: false, destructive: false, idempotent: false, openWorld: true)
  /// Sees to it that something is there, and takes nothing away; a second call changes nothing more.
  public static let ensuring = ToolAnnotations(readOnly: false, destructive: false, idempotent: true, openWorld: true)
  /// Overwrites or removes; a second call changes nothing more.
  public static let changing = ToolAnnotations(readOnly: false, destructive: true, idempotent: true, openWorld: true)
  /// Overwrites or removes, and does so anew with a second call: with a comment, a notice to people, triggers, or in what it adds beside.
  public static let changingAnew = ToolAnnotations(readOnly: false, destructive: true, idempotent: false, openWorld: true)
}
