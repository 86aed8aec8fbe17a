internal import ConnectorKit
internal import JSON
internal import MCP

/// What Salesforce's tools and resources share.
struct SalesforceContext: Sendable {
  let api: SalesforceAPI
  let types: SalesforceTypes
  let access: SalesforceAccess
  let rule: SubjectRule
  let environment: ConnectorEnvironment
  /// Nil where Salesforce's own classification of fields does not count.
  let classification: FieldClassification?
  let uploads: UploadPlace
  let documents: OfficeText
  /// Rows that one query may find, over all its pages.
  let maximumRows: Int
  /// The fields that policy knows people and teams by; they may be read through relationships.
  let policyPaths: Set<String>
  /// As it stands in URIs.
  let org: String

  /// Of queries, downloads and uploads.
  var maximumBytes: Int { uploads.maximumBytes }

  func subject(_ request: some IncomingRequest) throws(VendorError) -> Subject { try rule.subject(of: request, environment) }

  /// A tool in whose work Salesforce's refusals are told to the model.
  func tool(
    _ name: String, _ title: String, _ description: String, _ fields: [Field], output: JSONValue, annotations: ToolAnnotations = .reading, meta: JSONObject? = nil,
    _ work: @escaping @Sendable (ToolCall, Subject) async throws(VendorError) -> ToolResult
  ) -> Tool {
    Tool(name: name, title: title, description: description, inputSchema: Field.arguments(fields), outputSchema: output, annotations: annotations, meta: meta) { call in
      try await call.answering("Salesforce") { try await work(call, try subject(call)) }
    }
  }

  /// A tool that answers with records.
  func list(
    _ name: String, _ title: String, _ description: String, _ fields: [Field],
    _ work: @escaping @Sendable (ToolCall, Subject) async throws(VendorError) -> ToolResult
  ) -> Tool { tool(name, title, description, fields, output: RecordList.schema(types), meta: types.listMeta, work) }

  static func elements(_ json: RawJSON?, _ member: String) -> [RawJSON] { json?[member].map { Array($0.elements) } ?? [] }
  static func texts(_ value: RawJSON?) -> [String] { value.map { $0.elements.compactMap(\.string) } ?? [] }

  /// Whether policy lets the caller see some records and not others: what cannot be told apart is then not shown.
  func isFiltered(_ request: some IncomingRequest) -> Bool {
    (types.all + [types.other]).contains { type in request.limit(on: type.record.name) != nil }
  }

  /// The rule for files; nil where all may be seen.
  func fileFilter(_ request: some IncomingRequest) -> RowFilter? { request.limit(on: FileTools.shape.type.name) }

  /// The rule for records of an object; nil where all may be seen.
  func filter(_ request: some IncomingRequest, _ object: String) -> RowFilter? {
    request.limit(on: (types.type(of: object) ?? types.other).record.name)
  }
}

/// Which objects and fields the settings let be reached.
struct SalesforceAccess: Sendable {
  let objects: NameFilter
  let fields: NameFilter
  /// Denied fields by their own name: through which relationship they are reached does not matter.
  private let deniedAnywhere: NameFilter
  /// Denied fields, of which parts are denied as well: `BillingCity` with `BillingAddress`.
  private let denied: NameFilter

  init(objects: NameFilter, fields: NameFilter) {
    self.objects = objects
    self.fields = fields
    denied = NameFilter(deny: fields.deny)
    deniedAnywhere = NameFilter(deny: fields.deny.map { pattern in pattern.split(separator: ".").last.map(String.init) ?? pattern })
  }

  func admits(object: String) -> Bool { objects.admits(object) }

  func check(object: String) throws(VendorError) {
    _ = try SOQLName.object(object)
    guard admits(object: object) else {
      throw VendorError(.notFound, "There is no object \(object), or this connector's settings keep it out. list_objects tells which there are.")
    }
  }

  /// Relationships that lead to people and record types, which are not kept out as objects.
  static let people: Set<String> = ["owner", "createdby", "lastmodifiedby", "recordtype"]
  /// Relationships that are named as their object is.
  private static let sameName: Set<String> = ["account", "contact", "opportunity", "lead", "case", "campaign", "contract", "order", "asset", "product2", "pricebook2"]

  func admits(field path: String, of object: String) -> Bool {
    let parts = path.split(separator: ".").map(String.init)
    if let last = parts.last, let whole = CompoundField.whole(ofPart: last.lowercased()) {
      guard parts.count > 1 ? deniedAnywhere.admits(whole) : denied.admits("\(object).\(whole)", whole) else { return false }
    }
    guard parts.count > 1, let last = parts.last else { return fields.admits("\(object).\(path)", path) }
    // Which object a relationship leads to, only its name can tell here.
    let leads =
      objects.admitsAll || parts.dropLast().allSatisfy { Self.people.contains($0.lowercased()) || Self.sameName.contains($0.lowercased()) && objects.admits($0) }
    return leads && deniedAnywhere.admits(last) && fields.admits(path, "\(object).\(path)", last)
  }

  /// Whether a field of an object, or the names of records that it refers to, may be kept out.
  func limitsFields(of object: String) -> Bool {
    guard fields.allow.isEmpty, deniedAnywhere.admits("Name") else { return true }
    return fields.deny.contains { pattern in
      let parts = pattern.split(separator: ".", maxSplits: 1)
      return parts.count < 2 || NameFilter(allow: [String(parts[0])]).admits(object)
    }
  }

  func check(field: String, of object: String) throws(VendorError) {
    _ = try SOQLName.field(field)
    guard admits(field: field, of: object) else { throw VendorError(.notFound, "There is no field \(field) of \(object), or this connector's settings keep it out.") }
  }
}
