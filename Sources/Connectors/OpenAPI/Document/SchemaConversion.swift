internal import JSON

/// Schemas of a description as JSON Schema 2020-12 that stands alone: what is referred to comes along under `$defs`.
struct SchemaConversion {
  private let document: OpenAPIDocument
  /// Names of component schemas that were referred to, in that order.
  private var wanted: [String] = []
  private var done: [String: JSONValue] = [:]
  /// More referenced schemas than this would fill a model's context; what is beyond admits anything.
  private static let maximumDefinitions = 200

  /// Whether files are given with their names, as parts of a multipart body are.
  private let namesFiles: Bool
  private var inlined = 0

  init(_ document: OpenAPIDocument, namesFiles: Bool = false) {
    self.document = document
    self.namesFiles = namesFiles
  }

  /// The `$defs` of everything converted so far; nil where nothing was referred to.
  mutating func definitions() -> JSONObject? {
    var position = 0
    while position < wanted.count {
      let name = wanted[position]
      position += 1
      done[name] = position > Self.maximumDefinitions ? true : convert(document.schemas[name] ?? true, depth: 0)
    }
    guard !wanted.isEmpty else { return nil }
    var definitions = JSONObject()
    for name in wanted { definitions[Self.key(name)] = done[name] ?? true }
    return definitions
  }

  /// Names of components may hold `/` and `~` nowhere (OpenAPI, "Fixed Fields" of Components), but are not always checked.
  private static func key(_ name: String) -> String { name.replacing("/", with: "_").replacing("~", with: "_").replacing("%", with: "_") }

  /// What says nothing of arguments, and what would move the place that references are resolved from.
  private static let leftOut: Set<String> = [
    "example", "examples", "xml", "externalDocs", "discriminator", "nullable", "$id", "$schema", "$anchor", "$dynamicAnchor", "$dynamicRef", "$comment",
  ]
  private static let types: Set<String> = ["string", "number", "integer", "boolean", "array", "object", "null"]
  /// References to other places than components are put in place; those that lead in a circle end here.
  private static let maximumInlined = 12
  /// All of them, of one tool: circles with many ways round would never be done.
  private static let maximumInlinings = 500
  private static let schemaMaps: Set<String> = ["properties", "patternProperties", "$defs", "dependentSchemas"]
  private static let schemaLists: Set<String> = ["allOf", "anyOf", "oneOf", "prefixItems"]
  private static let schemaMembers: Set<String> = [
    "items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames", "unevaluatedItems", "unevaluatedProperties",
  ]

  /// Converts one schema of a request.
  ///
  /// - Parameter hidden: members that only answers hold, by what this schema is put together with.
  mutating func convert(_ schema: JSONValue, depth: Int, hidden: Set<String> = []) -> JSONValue {
    guard depth < 64, let object = schema.object else { return schema.bool == nil ? true : schema }
    if let reference = object["$ref"]?.string { return referred(reference, object["description"], depth) }
    if namesFiles, Self.isFile(object) { return Self.file }
    var result = JSONObject()
    let readOnly = hidden.union(readOnlyMembers(of: object, depth: 0))
    for (keyword, value) in object where !keyword.hasPrefix("x-") && !Self.leftOut.contains(keyword) {
      if Self.schemaMaps.contains(keyword) {
        var members = JSONObject()
        for (name, member) in value.object ?? JSONObject() {
          // What only answers hold is nothing to ask for.
          if keyword == "properties", readOnly.contains(name) { continue }
          members[name] = convert(member, depth: depth + 1)
        }
        result[keyword] = .object(members)
      } else if Self.schemaLists.contains(keyword) {
        result[keyword] = .array((value.array ?? []).map { convert($0, depth: depth + 1, hidden: keyword == "prefixItems" ? [] : readOnly) })
      } else if Self.schemaMembers.contains(keyword) {
        result[keyword] = convert(value, depth: depth + 1)
      } else {
        result[keyword] = value
      }
    }
    if !readOnly.isEmpty, let required = result["required"]?.array {
      result["required"] = .array(required.filter { $0.string.map { !readOnly.contains($0) } ?? true })
    }
    Self.modernize(&result, isNullable: document.isVersion30 && object["nullable"]?.bool == true)
    // Patterns of other dialects of regular expressions would make the whole tool unusable; the vendor checks them.
    result["pattern"] = nil
    // So would what older drafts had in another form: `required: true`, `type: file`.
    if let required = result["required"], required.array == nil { result["required"] = nil }
    if let type = result["type"], !(type.array ?? [type]).allSatisfy({ $0.string.map(Self.types.contains) ?? false }) { result["type"] = nil }
    let isComposed = ["allOf", "anyOf", "oneOf"].contains { result[$0] != nil }
    if document.isVersion30, object["nullable"]?.bool == true, result["type"] == nil, isComposed { return ["anyOf": [.object(result), ["type": "null"]]] }
    return .object(result)
  }

  private func isReadOnly(_ member: JSONValue) -> Bool { member["readOnly"]?.bool == true || document.resolved(member)?["readOnly"]?.bool == true }

  /// The members of a schema, and of those that it is put together of, that only answers hold.
  private func readOnlyMembers(of schema: JSONObject, depth: Int) -> Set<String> {
    var names = Set((schema["properties"]?.object ?? JSONObject()).filter { isReadOnly($0.value) }.map(\.name))
    guard depth < 4 else { return names }
    for part in schema["allOf"]?.array ?? [] { names.formUnion(readOnlyMembers(of: document.resolved(part)?.object ?? JSONObject(), depth: depth + 1)) }
    return names
  }

  /// Bytes as they are (OpenAPI 3.0, "Considerations for File Uploads"; 3.1 says `contentMediaType` without an encoding).
  private static func isFile(_ schema: JSONObject) -> Bool {
    let type = schema["type"]
    guard type == nil || type?.string == "string" || type?.array?.contains("string") == true else { return false }
    return schema["format"]?.string == "binary" || (schema["contentMediaType"] != nil && schema["contentEncoding"] == nil)
  }

  private static let file: JSONValue = [
    "type": "object",
    "properties": ["filename": ["type": "string"], "content": ["type": "string", "description": "The bytes of the file, in base64."]],
    "required": ["filename", "content"], "additionalProperties": false,
  ]

  private mutating func referred(_ reference: String, _ description: JSONValue?, _ depth: Int) -> JSONValue {
    let prefix = "#/components/schemas/"
    guard reference.hasPrefix(prefix), !reference.dropFirst(prefix.count).contains("/") else {
      guard depth < Self.maximumInlined, inlined < Self.maximumInlinings else { return true }
      inlined += 1
      return document.resolved(["$ref": .string(reference)]).map { convert($0, depth: depth + 1) } ?? true
    }
    let name = OpenAPIDocument.unescaped(reference.dropFirst(prefix.count))
    guard document.schemas[name] != nil else { return true }
    if !wanted.contains(name) { wanted.append(name) }
    var result: JSONObject = ["$ref": .string("#/$defs/" + Self.key(name))]
    if let description, !document.isVersion30 { result["description"] = description }
    return .object(result)
  }

  /// Keywords that OpenAPI 3.0 has in a form of its own ("Schema Object").
  private static func modernize(_ schema: inout JSONObject, isNullable: Bool) {
    for (flag, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
      guard let isExclusive = schema[flag]?.bool else { continue }
      schema[flag] = isExclusive ? schema[bound] : nil
      if isExclusive { schema[bound] = nil }
    }
    guard isNullable, let type = schema["type"]?.string else { return }
    schema["type"] = .array([.string(type), "null"])
    if let values = schema["enum"]?.array, !values.contains(.null) { schema["enum"] = .array(values + [.null]) }
  }
}
