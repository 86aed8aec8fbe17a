/// A value in one of the documents that a schema consists of.
struct SchemaPlace: Sendable, Hashable {
  let document: Int32
  let node: Int32
}

/// The documents that a schema and its references consist of, and what can be referred to in them.
struct SchemaResources {
  /// A schema with an identifier of its own (core, section 4.3.5).
  struct Resource {
    let uri: String
    let root: SchemaPlace
    var dialect: SchemaDialect
    var anchors: [String: SchemaPlace] = [:]
    var dynamicAnchors: [String: SchemaPlace] = [:]
  }

  /// The name under which `$recursiveAnchor: true` of 2019-09 is kept: no anchor can be written so.
  static let recursiveAnchor = ""

  private(set) var documents: [JSONDocument] = []
  private(set) var documentURIs: [String] = []
  private(set) var resources: [Resource] = []
  private var byURI: [String: Int] = [:]
  private var owners: [SchemaPlace: Int] = [:]
  private let given: [String: JSONValue]
  private let options: JSONSchema.Options

  init(_ schema: RawJSON, given: [String: JSONValue], options: JSONSchema.Options) throws(JSONSchemaError) {
    self.given = given
    self.options = options
    // The schema gets a document of its own, so that its places are counted from its root.
    let root: RawJSON
    do { root = schema.index == 0 ? schema : try RawJSON(scanning: schema.bytes, limits: Self.limits(options)) } catch {
      throw JSONSchemaError(.tooLarge, at: "", "The schema cannot be read: \(error)")
    }
    _ = try add(root, uri: options.baseURI)
  }

  private static func limits(_ options: JSONSchema.Options) -> JSONLimits {
    JSONLimits(depth: options.schemaDepth * 2, allowsDuplicateKeys: true)
  }

  func value(_ place: SchemaPlace) -> RawJSON { RawJSON(document: documents[Int(place.document)], index: Int(place.node)) }

  func place(_ value: RawJSON, in document: Int32) -> SchemaPlace {
    SchemaPlace(document: document, node: Int32(truncatingIfNeeded: value.index))
  }

  /// The resource to which a schema belongs. Every schema that the compiler sees was indexed before.
  func owner(_ place: SchemaPlace) -> Int { owners[place] ?? 0 }

  func path(_ place: SchemaPlace) -> String {
    let document = Int(place.document)
    let pointer = documents[document].withView { $0.pointer(from: 0, to: Int(place.node)) }
    return document == 0 ? pointer : documentURIs[document] + "#" + pointer
  }

  // MARK: Documents

  private mutating func add(_ root: RawJSON, uri: String) throws(JSONSchemaError) -> Int {
    let document = Int32(truncatingIfNeeded: documents.count)
    documents.append(root.document)
    documentURIs.append(uri)
    let place = SchemaPlace(document: document, node: 0)
    var base = uri
    var dialect = SchemaDialect()
    if let schema = root["$schema"]?.string { dialect = try self.dialect(schema, at: place) }
    let id = identifier(root, dialect)
    if let id { base = URIReference(id).resolved(against: uri).withoutFragment }
    let resource = resources.count
    resources.append(Resource(uri: base, root: place, dialect: dialect))
    // Known by where it was found and by what it calls itself.
    byURI[uri] = resource
    if byURI[base] == nil { byURI[base] = resource }
    try index(root, place, resource, depth: 0)
    return resource
  }

  /// The `$id` of a schema; nil if it has none that names a resource.
  private func identifier(_ schema: RawJSON, _ dialect: SchemaDialect) -> String? {
    guard let id = schema["$id"]?.string, !id.hasPrefix("#") else { return nil }
    // Up to draft-07 a reference hides what stands beside it.
    return dialect.draft == .draft7 && schema["$ref"] != nil ? nil : id
  }

  /// The resource of an absolute URI, taken from what was given if it is not yet known.
  private mutating func find(_ uri: String) throws(JSONSchemaError) -> Int? {
    if let known = byURI[uri] { return known }
    let text: RawJSON
    if let value = given[uri] {
      text = value.raw
    } else if let metaschema = Metaschemas.text(uri), let value = try? RawJSON(metaschema) {
      text = value
    } else {
      return nil
    }
    return try add(text, uri: uri)
  }

  private mutating func dialect(_ schema: String, at place: SchemaPlace) throws(JSONSchemaError) -> SchemaDialect {
    let uri = URIReference(schema).withoutFragment
    if let known = SchemaDialect.known[uri] { return known }
    guard let metaschema = given[uri] else {
      throw JSONSchemaError(
        .unsupportedDialect, at: path(place) + "/$schema",
        "The dialect \(schema.prefix(200)) is not known: use https://json-schema.org/draft/2020-12/schema, or give its metaschema as a resource")
    }
    guard let vocabularies = metaschema["$vocabulary"]?.object else {
      return metaschema["$schema"]?.string.flatMap { SchemaDialect.known[URIReference($0).withoutFragment] } ?? SchemaDialect()
    }
    var unknown: String?
    let dialect = SchemaDialect(vocabularies: vocabularies.map { ($0.name, $0.value.bool ?? false) }, unknown: &unknown)
    if let unknown {
      throw JSONSchemaError(
        .unsupportedDialect, at: path(place) + "/$schema", "The dialect \(schema.prefix(200)) requires the vocabulary \(unknown.prefix(200)), which is not supported")
    }
    return dialect
  }

  // MARK: Identifiers

  private static let single: [String] = [
    "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "items", "additionalItems", "contains", "propertyNames", "if", "then", "else",
    "not", "contentSchema",
  ]
  private static let lists: [String] = ["allOf", "anyOf", "oneOf", "prefixItems", "items"]
  private static let maps: [String] = ["$defs", "definitions", "properties", "patternProperties", "dependentSchemas", "dependencies"]

  /// Notes to which resource a schema and those inside it belong, and how they may be referred to.
  private mutating func index(_ schema: RawJSON, _ place: SchemaPlace, _ outer: Int, depth: Int) throws(JSONSchemaError) {
    guard depth <= options.schemaDepth else {
      throw JSONSchemaError(.tooLarge, at: "", "The schema is nested deeper than \(options.schemaDepth) levels")
    }
    guard owners[place] == nil else { return }
    guard owners.count < options.schemas else {
      throw JSONSchemaError(.tooLarge, at: "", "The schema has more than \(options.schemas) subschemas")
    }
    var resource = outer
    owners[place] = resource
    guard schema.kind == .object else { return }
    if resources[outer].root != place, let id = identifier(schema, resources[outer].dialect) {
      resource = try addEmbedded(schema, place, id, outer)
      owners[place] = resource
    }
    try indexAnchors(schema, place, resource)
    for keyword in Self.single {
      if let value = schema[keyword], value.kind == .object || value.kind == .bool {
        try index(value, self.place(value, in: place.document), resource, depth: depth + 1)
      }
    }
    for keyword in Self.lists {
      guard let list = schema[keyword], list.kind == .array else { continue }
      for value in list.elements where value.kind == .object || value.kind == .bool {
        try index(value, self.place(value, in: place.document), resource, depth: depth + 1)
      }
    }
    for keyword in Self.maps {
      guard let map = schema[keyword] else { continue }
      for (_, value) in map.members where value.kind == .object || value.kind == .bool {
        try index(value, self.place(value, in: place.document), resource, depth: depth + 1)
      }
    }
  }

  private mutating func addEmbedded(_ schema: RawJSON, _ place: SchemaPlace, _ id: String, _ outer: Int) throws(JSONSchemaError) -> Int {
    let uri = URIReference(id).resolved(against: resources[outer].uri).withoutFragment
    guard byURI[uri] == nil else {
      throw JSONSchemaError(.duplicateIdentifier, at: path(place) + "/$id", "The identifier \(uri.prefix(200)) occurs twice")
    }
    var dialect = resources[outer].dialect
    if let schema = schema["$schema"]?.string { dialect = try self.dialect(schema, at: place) }
    resources.append(Resource(uri: uri, root: place, dialect: dialect))
    byURI[uri] = resources.count - 1
    return resources.count - 1
  }

  private mutating func indexAnchors(_ schema: RawJSON, _ place: SchemaPlace, _ resource: Int) throws(JSONSchemaError) {
    if let id = schema["$id"]?.string, id.hasPrefix("#"), resources[resource].dialect.draft == .draft7 {
      resources[resource].anchors[String(id.dropFirst())] = place
    }
    if schema["$recursiveAnchor"]?.bool == true, resources[resource].root == place {
      resources[resource].dynamicAnchors[Self.recursiveAnchor] = place
    }
    for keyword in ["$anchor", "$dynamicAnchor"] {
      guard let value = schema[keyword] else { continue }
      guard let anchor = value.string, Self.isAnchor(anchor) else {
        throw JSONSchemaError(.malformedKeyword, at: path(self.place(value, in: place.document)), "\(keyword) must be a name: a letter or _, then letters, digits, - _ .")
      }
      let known = resources[resource].anchors[anchor] ?? resources[resource].dynamicAnchors[anchor]
      guard known == nil || known == place else {
        throw JSONSchemaError(
          .duplicateIdentifier, at: path(self.place(value, in: place.document)), "The anchor \(anchor.prefix(64)) occurs twice in one resource")
      }
      if keyword == "$anchor" { resources[resource].anchors[anchor] = place } else { resources[resource].dynamicAnchors[anchor] = place }
    }
  }

  private static func isAnchor(_ text: String) -> Bool {
    guard let first = text.utf8.first, first == UInt8(ascii: "_") || isLetter(first) else { return false }
    return text.utf8.allSatisfy {
      isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }

  // MARK: References

  struct Target {
    let place: SchemaPlace
    /// The anchor, if the reference leads to a `$dynamicAnchor` by its name.
    let dynamicAnchor: String?
  }

  /// What a reference in a schema of `resource` leads to.
  mutating func resolve(_ reference: String, from resource: Int, at place: SchemaPlace) throws(JSONSchemaError) -> Target {
    let target = URIReference(reference).resolved(against: resources[resource].uri)
    let uri = target.withoutFragment
    guard let found = try find(uri) else {
      throw JSONSchemaError(
        .unresolvedReference, at: path(place),
        "The reference \(reference.prefix(200)) leads to \(uri.prefix(200)), which is not known: references are never fetched, so define it under $defs or give it as a resource"
      )
    }
    guard let fragment = target.fragment, !fragment.isEmpty else { return Target(place: resources[found].root, dynamicAnchor: nil) }
    guard let decoded = URIReference.decoded(fragment) else {
      throw JSONSchemaError(.unresolvedReference, at: path(place), "The fragment of \(reference.prefix(200)) is not percent-encoded UTF-8")
    }
    if decoded.hasPrefix("/") {
      guard let target = try walk(decoded, from: found) else {
        throw JSONSchemaError(.unresolvedReference, at: path(place), "The reference \(reference.prefix(200)) leads to nothing: there is no such place in the schema")
      }
      return Target(place: target, dynamicAnchor: nil)
    }
    if let dynamic = resources[found].dynamicAnchors[decoded] {
      return Target(place: resources[found].anchors[decoded] ?? dynamic, dynamicAnchor: decoded)
    }
    guard let anchor = resources[found].anchors[decoded] else {
      throw JSONSchemaError(.unresolvedReference, at: path(place), "The reference \(reference.prefix(200)) leads to an anchor that does not exist")
    }
    return Target(place: anchor, dynamicAnchor: nil)
  }

  /// Follows a JSON Pointer from the root of a resource. What it leads to counts as a schema from then on.
  private mutating func walk(_ pointer: String, from start: Int) throws(JSONSchemaError) -> SchemaPlace? {
    var resource = start
    var place = resources[start].root
    for token in pointer.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst() {
      guard let token = String(token) else { return nil }
      let value = value(place)
      let child: RawJSON?
      switch value.kind {
      case .object: child = value[Self.unescaped(token)]
      case .array: child = Int(token).flatMap { index in index >= 0 ? value.elements.dropFirst(index).first { _ in true } : nil }
      default: child = nil
      }
      guard let child else { return nil }
      place = self.place(child, in: place.document)
      if let owner = owners[place] { resource = owner }
    }
    if owners[place] == nil { try index(value(place), place, resource, depth: 0) }
    return place
  }

  /// A token of a JSON Pointer as the name that it stands for (RFC 6901 section 4).
  private static func unescaped(_ token: String) -> String {
    guard token.utf8.contains(UInt8(ascii: "~")) else { return token }
    var name: [UInt8] = []
    var isEscape = false
    for byte in token.utf8 {
      if isEscape {
        name.append(byte == UInt8(ascii: "1") ? UInt8(ascii: "/") : byte == UInt8(ascii: "0") ? UInt8(ascii: "~") : byte)
        isEscape = false
      } else if byte == UInt8(ascii: "~") {
        isEscape = true
      } else {
        name.append(byte)
      }
    }
    return String(decoding: name, as: UTF8.self)
  }
}
