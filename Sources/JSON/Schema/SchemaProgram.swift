/// A compiled schema: every subschema a run of instructions, all of them in one flat list.
final class SchemaProgram: Sendable {
  struct Schema: Sendable {
    /// The instructions `first..<end`; none for a schema that is a boolean, or that says nothing.
    var first: Int32 = 0
    var end: Int32 = 0
    /// What a schema without instructions answers.
    var accepts = true
    /// Whether it looks at what other keywords have evaluated (`unevaluatedProperties`, `unevaluatedItems`).
    var tracks = false
    /// The resource to which it belongs, for dynamic references.
    var resource: Int32 = 0
    var place: SchemaPlace
  }

  enum Instruction: Sendable {
    case type(JSONTypes)
    case constant(Int32)
    case enumeration(Int32)
    case bound(Int32)
    case multiple(Int32)
    case minLength(Int32)
    case maxLength(Int32)
    case pattern(Int32)
    case format(StringFormat)
    case object(Int32)
    case array(Int32)
    case dependents(Int32)
    case reference(Int32)
    case dynamicReference(anchor: Int32, otherwise: Int32)
    /// The schemas `start..<start + count` of ``lists``.
    case all(start: Int32, count: Int32)
    case any(start: Int32, count: Int32)
    case one(start: Int32, count: Int32)
    case not(Int32)
    /// -1 where there is no `then` or `else`.
    case conditional(test: Int32, then: Int32, otherwise: Int32)
    case unevaluatedItems(Int32)
    case unevaluatedProperties(Int32)
  }

  struct Bound: Sendable {
    enum Relation: Sendable { case atLeast, atMost, above, below }
    let relation: Relation
    let value: Decimal
    /// What would be right, for messages: both ends where the schema has both.
    let text: String
  }

  struct Multiple: Sendable {
    let value: Decimal
    let text: String
  }

  struct Enumeration: Sendable {
    let strings: NameTable
    /// The places of the values that are no strings.
    let others: [SchemaPlace]
    /// The values, shortened, for messages.
    let text: String
  }

  struct Dependent: Sendable {
    let name: [UInt8]
    let required: [[UInt8]]
    /// -1 if there is none.
    let schema: Int32
    let place: SchemaPlace
  }

  let root: Int
  let schemas: ContiguousArray<Schema>
  let instructions: ContiguousArray<Instruction>
  /// The keyword of each instruction.
  let places: ContiguousArray<SchemaPlace>
  let tables: Tables
  /// For each name of a dynamic anchor, the resources that have it.
  let dynamicAnchors: [[(resource: Int32, schema: Int32)]]
  let documents: [JSONDocument]
  let documentURIs: [String]

  /// What instructions refer to by its place.
  struct Tables: Sendable {
    var lists: ContiguousArray<Int32> = []
    var constants: ContiguousArray<SchemaPlace> = []
    var enumerations: ContiguousArray<Enumeration> = []
    var bounds: ContiguousArray<Bound> = []
    var multiples: ContiguousArray<Multiple> = []
    var patterns: ContiguousArray<Pattern> = []
    var patternTexts: [String] = []
    var objects: ContiguousArray<ObjectPlan> = []
    var arrays: ContiguousArray<ArrayPlan> = []
    var dependents: ContiguousArray<[Dependent]> = []
  }

  init(
    root: Int, schemas: ContiguousArray<Schema>, instructions: ContiguousArray<Instruction>, places: ContiguousArray<SchemaPlace>, tables: Tables,
    dynamicAnchors: [[(resource: Int32, schema: Int32)]], documents: [JSONDocument], documentURIs: [String]
  ) {
    self.root = root
    self.schemas = schemas
    self.instructions = instructions
    self.places = places
    self.tables = tables
    self.dynamicAnchors = dynamicAnchors
    self.documents = documents
    self.documentURIs = documentURIs
  }

  /// The path of a place for messages, as in ``JSONSchemaViolation/schemaPath``.
  func path(_ place: SchemaPlace) -> String {
    let document = Int(place.document)
    let pointer = documents[document].withView { $0.pointer(from: 0, to: Int(place.node)) }
    return document == 0 ? pointer : documentURIs[document] + "#" + pointer
  }
}

/// What an object schema asks of an object, checked in one pass over the members.
final class ObjectPlan: Sendable {
  struct Name: Sendable {
    /// The schema of the property, or -1.
    var schema: Int32 = -1
    /// Its place among the first 64 required names, or -1.
    var required: Int32 = -1
  }

  /// The names in `properties` and `required`.
  let names: NameTable
  let properties: ContiguousArray<Name>
  /// The places in `names` of the required ones.
  let required: [Int32]
  let patterns: [(pattern: Int32, schema: Int32)]
  /// The schema for members that neither `properties` nor `patternProperties` speak of, or -1.
  let additional: Int32
  /// The schema for names, or -1.
  let propertyNames: Int32
  let least: Int
  let most: Int
  let keywords: Keywords

  /// The places of the keywords.
  struct Keywords: Sendable {
    var required: SchemaPlace
    var additional: SchemaPlace
    var propertyNames: SchemaPlace
    var least: SchemaPlace
    var most: SchemaPlace
  }

  init(
    names: NameTable, properties: ContiguousArray<Name>, required: [Int32], patterns: [(pattern: Int32, schema: Int32)], additional: Int32,
    propertyNames: Int32, least: Int, most: Int, keywords: Keywords
  ) {
    self.names = names
    self.properties = properties
    self.required = required
    self.patterns = patterns
    self.additional = additional
    self.propertyNames = propertyNames
    self.least = least
    self.most = most
    self.keywords = keywords
  }
}

/// What an array schema asks of an array.
final class ArrayPlan: Sendable {
  let prefix: [Int32]
  /// The schema of the elements after the prefix, or -1.
  let items: Int32
  /// The schema of `contains`, or -1.
  let contains: Int32
  let leastContained: Int
  let mostContained: Int
  let least: Int
  let most: Int
  let areUnique: Bool
  let keywords: Keywords

  struct Keywords: Sendable {
    var contains: SchemaPlace
    var leastContained: SchemaPlace
    var mostContained: SchemaPlace
    var least: SchemaPlace
    var most: SchemaPlace
    var unique: SchemaPlace
  }

  init(
    prefix: [Int32], items: Int32, contains: Int32, leastContained: Int, mostContained: Int, least: Int, most: Int, areUnique: Bool,
    keywords: Keywords
  ) {
    self.prefix = prefix
    self.items = items
    self.contains = contains
    self.leastContained = leastContained
    self.mostContained = mostContained
    self.least = least
    self.most = most
    self.areUnique = areUnique
    self.keywords = keywords
  }
}

/// A set of the types of JSON Schema (validation, section 6.1.1).
struct JSONTypes: OptionSet, Sendable {
  let rawValue: UInt8

  static let null = JSONTypes(rawValue: 1)
  static let boolean = JSONTypes(rawValue: 2)
  static let number = JSONTypes(rawValue: 4)
  /// Numbers without a fraction, however they are written.
  static let integer = JSONTypes(rawValue: 8)
  static let string = JSONTypes(rawValue: 16)
  static let array = JSONTypes(rawValue: 32)
  static let object = JSONTypes(rawValue: 64)

  static let named: [(name: String, type: JSONTypes)] = [
    ("string", .string), ("integer", .integer), ("number", .number), ("boolean", .boolean), ("array", .array), ("object", .object), ("null", .null),
  ]

  init(rawValue: UInt8) { self.rawValue = rawValue }

  init?(name: String) {
    guard let named = Self.named.first(where: { $0.name == name }) else { return nil }
    self = named.type
  }

  /// The type of a value by its kind alone: whether a number is an integer shows only its text.
  @inline(__always)
  init(_ kind: JSONDocument.Node.Kind) {
    switch kind {
    case .null: self = .null
    case .true, .false: self = .boolean
    case .number: self = .number
    case .string: self = .string
    case .array: self = .array
    case .object: self = .object
    }
  }

  var text: String { Self.named.filter { contains($0.type) }.map(\.name).joined(separator: " or ") }
}
