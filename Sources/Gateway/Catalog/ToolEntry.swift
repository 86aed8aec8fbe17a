internal import Crypto
internal import JSON
internal import MCP
internal import NIOCore

/// What a tool does to the world, as policy groups it.
enum Effect: String, Sendable { case read, write, destructive }

/// One tool of one upstream, pinned: calls are authorized and logged against exactly this definition.
final class ToolEntry: Sendable {
  /// The name that clients see: `upstream__tool`.
  let name: String
  let upstreamName: String
  let upstream: Upstream
  let effect: Effect
  /// SHA-256 of the definition's text, hexadecimal.
  let digest: String
  let records: [RecordDeclaration]
  /// The data categories of places in `structuredContent`.
  let categories: [FieldCategory]
  /// Arguments that a modern client repeats in `Mcp-Param-*` headers.
  let headerParameters: [HeaderParameter]
  /// The name of the argument by which callers give their purpose, where the tool has none of its own by that name.
  let purposeArgument: String
  /// What the audit log says of every call.
  let auditText: ByteBuffer
  /// Whether `find_tools` finds it, in place of a list that shows it.
  let isSearched: Bool
  private let definition: RawJSON

  /// Separates an upstream's name from the name of its tool or prompt.
  static let separator = "__"

  /// - Returns: nil if the definition is no valid tool; one bad tool does not spoil the others.
  init?(_ definition: RawJSON, of upstream: Upstream, isSearched: Bool = false) {
    guard let upstreamName = definition["name"]?.string, Self.isName(upstreamName),
      let schema = definition["inputSchema"], schema.kind == .object,
      let headers = try? HeaderParameter.all(in: schema)
    else { return nil }
    self.definition = definition
    self.upstreamName = upstreamName
    self.upstream = upstream
    self.isSearched = isSearched
    self.name = upstream.name + Self.separator + upstreamName
    self.headerParameters = headers
    let annotations = definition["annotations"]
    if upstream.configuration.readTools.contains(upstreamName) {
      effect = .read
    } else if upstream.configuration.writeTools.contains(upstreamName) {
      effect = .write
    } else if upstream.configuration.isTrusted, annotations?["readOnlyHint"]?.bool == true {
      effect = .read
    } else {
      // The specification's default for a tool that says nothing is destructive.
      effect = upstream.configuration.isTrusted && annotations?["destructiveHint"]?.bool == false ? .write : .destructive
    }
    digest = definition.withBytes { SHA256.hash(data: UnsafeRawBufferPointer($0)).hex }
    let meta = definition["_meta"]
    guard let records = Self.records(meta?[MetaKey.records], isTrusted: upstream.configuration.isTrusted),
      let categories = Self.categories(meta?[MetaKey.categories])
    else { return nil }
    self.records = records
    self.categories = categories
    auditText = AuditLeaf.what(tool: name, upstream: upstream.name, digest: digest)
    purposeArgument = schema["properties"]?["purpose"] == nil ? "purpose" : "audit_purpose"
  }

  /// Names are printable ASCII: nothing that breaks a line of a log or a header, or reads as another name.
  static func isName(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= 128 && name.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }

  /// The declared records; none for upstreams that are not trusted. Nil where a declaration cannot be read: a rule that was
  /// meant and is not understood must not fall away.
  private static func records(_ declared: RawJSON?, isTrusted: Bool) -> [RecordDeclaration]? {
    guard let declared, isTrusted else { return [] }
    guard declared.kind == .array else { return nil }
    let records = declared.elements.map { RecordDeclaration(JSONValue($0)) }
    let isReadable = records.allSatisfy { record in record.map { $0.rows.map { RecordFilter(pointer: $0) { _ in false } != nil } ?? true } ?? false }
    return isReadable ? records.compactMap { $0 } : nil
  }

  /// The declared categories: of any upstream, for they only take away. Nil where one cannot be read, or there are too many.
  private static func categories(_ declared: RawJSON?) -> [FieldCategory]? {
    guard let declared else { return [] }
    guard declared.kind == .object else { return nil }
    var categories: [FieldCategory] = []
    for (path, category) in declared.members {
      guard categories.count < 64, let path = path.string, path.utf8.count <= 256, let category = category.string.flatMap({ DataCategory(rawValue: $0) }),
        let field = FieldCategory(path, category)
      else { return nil }
      categories.append(field)
    }
    return categories
  }

  /// What a search looks at.
  var indexEntry: ToolIndex.Entry { ToolDiscovery.entry(definition, name: name) }

  /// Appends the definition as clients see it: the public name, our own declarations taken off, the purpose argument put in.
  ///
  /// - Parameter isMasked: whether fields of its results are masked for who gets this. What stands in their place need not fit the
  ///   schema that a server wrote for the fields, and clients refuse results that do not: then there is no schema of results.
  func write(to buffer: inout ByteBuffer, purpose: PurposeRule?, isMasked: Bool) {
    buffer.writeStaticString("{\"name\":")
    buffer.write(JSONValue.string(name))
    for (member, value) in definition.members where !member.equals("name") {
      if member.equals("_meta") {
        writeMeta(value, to: &buffer)
        continue
      }
      if isMasked, member.equals("outputSchema") { continue }
      buffer.writeStaticString(",")
      buffer.write(member)
      buffer.writeStaticString(":")
      if member.equals("inputSchema"), let purpose {
        buffer.write(schema(value, with: purpose))
      } else {
        buffer.write(value)
      }
    }
    buffer.writeStaticString("}")
  }

  private func writeMeta(_ meta: RawJSON, to buffer: inout ByteBuffer) {
    let foreign = meta.members.filter { $0.name.string?.hasPrefix("dev.sluice/") != true }
    guard !foreign.isEmpty else { return }
    buffer.writeStaticString(",\"_meta\":{")
    for (index, member) in foreign.enumerated() {
      if index > 0 { buffer.writeStaticString(",") }
      buffer.write(member.name)
      buffer.writeStaticString(":")
      if let published = ViewURI.published(member: member.name, member.value, of: upstream.name) {
        buffer.write(published)
      } else {
        buffer.write(member.value)
      }
    }
    buffer.writeStaticString("}")
  }

  private func schema(_ schema: RawJSON, with purpose: PurposeRule) -> JSONValue {
    var schema = JSONValue(schema)
    var properties = schema["properties"] ?? .object(JSONObject())
    properties[purposeArgument] = [
      "type": "string",
      "description": "Why this is needed, in a sentence. It is written to the audit log and not sent to the tool.",
    ]
    schema["properties"] = properties
    if purpose == .required {
      schema["required"] = .array((schema["required"]?.array ?? []) + [.string(purposeArgument)])
    }
    return schema
  }
}

/// Whether callers of a tool say why (policy annotation `@purpose("optional")` or `@purpose("required")`).
enum PurposeRule: String, Sendable { case optional, required }

extension SHA256Digest {
  /// Lower-case hexadecimal.
  var hex: String {
    var text: [UInt8] = []
    text.reserveCapacity(64)
    let digits = Array("0123456789abcdef".utf8)
    for byte in self {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
