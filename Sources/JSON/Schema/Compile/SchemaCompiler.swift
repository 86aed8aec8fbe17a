/// Turns a schema and all that it refers to into a ``SchemaProgram``.
///
/// A loop over the schemas still to do, not recursion: each gets its number when something first refers to it.
struct SchemaCompiler {
  typealias Instruction = SchemaProgram.Instruction

  let options: JSONSchema.Options
  var resources: SchemaResources
  var tables = SchemaProgram.Tables()
  var patternNumbers: [String: Int32] = [:]
  private var patternSteps = 0
  private var schemas: ContiguousArray<SchemaProgram.Schema> = []
  private var instructions: ContiguousArray<Instruction> = []
  private var places: ContiguousArray<SchemaPlace> = []
  private var numbers: [SchemaPlace: Int32] = [:]
  private var anchorNumbers: [String: Int32] = [:]
  private var anchors: [String] = []

  /// The most instructions of all patterns together.
  private static let mostPatternSteps = 100_000

  init(_ schema: RawJSON, resources: [String: JSONValue], options: JSONSchema.Options) throws(JSONSchemaError) {
    self.options = options
    self.resources = try SchemaResources(schema, given: resources, options: options)
  }

  mutating func compile() throws(JSONSchemaError) -> SchemaProgram {
    let root = try number(of: SchemaPlace(document: 0, node: 0))
    var dynamicAnchors: [[(resource: Int32, schema: Int32)]] = []
    var done = 0
    repeat {
      while done < schemas.count {
        try compile(done)
        done += 1
      }
      // What is referred to dynamically may be any resource met so far; compiling those may bring more of them.
      dynamicAnchors = []
      for anchor in anchors {
        var candidates: [(resource: Int32, schema: Int32)] = []
        for (index, resource) in resources.resources.enumerated() {
          if let place = resource.dynamicAnchors[anchor] { candidates.append((Int32(truncatingIfNeeded: index), try number(of: place))) }
        }
        dynamicAnchors.append(candidates)
      }
    } while done < schemas.count
    try refuseLoops()
    return SchemaProgram(
      root: Int(root), schemas: schemas, instructions: instructions, places: places, tables: tables, dynamicAnchors: dynamicAnchors,
      documents: resources.documents, documentURIs: resources.documentURIs)
  }

  /// The number of the schema at a place, which is compiled later if it is new.
  mutating func number(of place: SchemaPlace) throws(JSONSchemaError) -> Int32 {
    if let number = numbers[place] { return number }
    guard schemas.count < options.schemas else {
      throw JSONSchemaError(.tooLarge, at: resources.path(place), "The schema has more than \(options.schemas) subschemas")
    }
    let number = Int32(truncatingIfNeeded: schemas.count)
    numbers[place] = number
    schemas.append(SchemaProgram.Schema(resource: Int32(truncatingIfNeeded: resources.owner(place)), place: place))
    return number
  }

  private mutating func compile(_ number: Int) throws(JSONSchemaError) {
    let place = schemas[number].place
    let value = resources.value(place)
    schemas[number].first = Int32(truncatingIfNeeded: instructions.count)
    if let accepts = value.bool {
      schemas[number].accepts = accepts
    } else {
      guard value.kind == .object else {
        throw JSONSchemaError(.malformedKeyword, at: resources.path(place), "A schema must be an object or a boolean")
      }
      let keywords = SchemaKeywords(value, document: place.document, dialect: resources.resources[resources.owner(place)].dialect)
      try compile(keywords, number)
    }
    schemas[number].end = Int32(truncatingIfNeeded: instructions.count)
  }

  /// The order is that of cost, and `unevaluated...` comes after all that evaluates.
  private mutating func compile(_ keywords: SchemaKeywords, _ number: Int) throws(JSONSchemaError) {
    if keywords.dialect.draft == .draft7, keywords.value["$ref"] != nil { return try compileReferences(keywords) }
    if keywords.dialect.hasValidation {
      try compileScalars(keywords)
      try compileStrings(keywords)
    }
    try compileFormat(keywords)
    try compileArray(keywords)
    try compileObject(keywords)
    try compileReferences(keywords)
    if keywords.dialect.hasApplicators { try compileCombinations(keywords) }
    if keywords.dialect.hasApplicators || keywords.dialect.hasValidation { try compileDependents(keywords) }
    if keywords.dialect.hasUnevaluated, keywords.dialect.draft >= .draft2019 {
      for (keyword, isItems) in [("unevaluatedItems", true), ("unevaluatedProperties", false)] {
        guard let value = keywords[keyword] else { continue }
        let schema = try schemaNumber(value, keywords)
        schemas[number].tracks = true
        append(isItems ? .unevaluatedItems(schema) : .unevaluatedProperties(schema), keywords.place(value))
      }
    }
  }

  mutating func append(_ instruction: Instruction, _ place: SchemaPlace) {
    instructions.append(instruction)
    places.append(place)
  }

  mutating func schemaNumber(_ value: RawJSON, _ keywords: SchemaKeywords) throws(JSONSchemaError) -> Int32 {
    try number(of: keywords.place(value))
  }

  func malformed(_ value: RawJSON, _ keywords: SchemaKeywords, _ expected: String) -> JSONSchemaError {
    let path = resources.path(keywords.place(value))
    return JSONSchemaError(.malformedKeyword, at: path, "\(path.split(separator: "/").last ?? "The keyword") must be \(expected)")
  }

  /// The number of a pattern, compiled once however often it occurs.
  mutating func patternNumber(_ text: String, at place: SchemaPlace) throws(JSONSchemaError) -> Int32 {
    if let known = patternNumbers[text] { return known }
    let pattern: Pattern
    do throws(PatternError) { pattern = try Pattern(text) } catch {
      throw JSONSchemaError(
        error.isUnsupported ? .unsupportedPattern : .malformedPattern, at: resources.path(place),
        "The regular expression \"\(text.prefix(100))\" cannot be used: \(error.message)")
    }
    patternSteps += pattern.program.count
    guard patternSteps <= Self.mostPatternSteps else {
      throw JSONSchemaError(.tooLarge, at: resources.path(place), "The patterns of the schema are too large together")
    }
    let number = Int32(truncatingIfNeeded: tables.patterns.count)
    tables.patterns.append(pattern)
    tables.patternTexts.append(text)
    patternNumbers[text] = number
    return number
  }

  // MARK: References

  private mutating func compileReferences(_ keywords: SchemaKeywords) throws(JSONSchemaError) {
    for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
      guard let value = keywords.value[keyword] else { continue }
      switch (keyword, keywords.dialect.draft) {
      case ("$ref", _), ("$dynamicRef", .draft2020), ("$recursiveRef", .draft2019): break
      default: continue
      }
      guard let text = value.string else { throw malformed(value, keywords, "a URI reference") }
      let place = keywords.place(value)
      let target = try resources.resolve(text, from: resources.owner(keywords.schemaPlace), at: place)
      let schema = try number(of: target.place)
      var anchor = keyword == "$dynamicRef" ? target.dynamicAnchor : nil
      if keyword == "$recursiveRef", resources.resources[resources.owner(target.place)].dynamicAnchors[SchemaResources.recursiveAnchor] == target.place {
        anchor = SchemaResources.recursiveAnchor
      }
      append(anchor.map { .dynamicReference(anchor: anchorNumber($0), otherwise: schema) } ?? .reference(schema), place)
    }
  }

  private mutating func anchorNumber(_ anchor: String) -> Int32 {
    if let known = anchorNumbers[anchor] { return known }
    let number = Int32(truncatingIfNeeded: anchors.count)
    anchorNumbers[anchor] = number
    anchors.append(anchor)
    return number
  }

  /// Refuses schemas that apply themselves to the same value again: they either never reach that point or never end.
  private func refuseLoops() throws(JSONSchemaError) {
    enum Mark { case new, open, done }
    var marks = [Mark](repeating: .new, count: schemas.count)
    for start in schemas.indices where marks[start] == .new {
      var path: [(schema: Int, targets: [Int32])] = [(start, inPlace(start))]
      marks[start] = .open
      while let last = path.indices.last {
        guard let target = path[last].targets.popLast().map({ Int($0) }) else {
          marks[path[last].schema] = .done
          path.removeLast()
          continue
        }
        switch marks[target] {
        case .done: break
        case .open:
          throw JSONSchemaError(
            .referenceLoop, at: resources.path(schemas[path[last].schema].place),
            "The reference leads back to \(describe(target)) for the same value, without end: let it apply to a property or an element")
        case .new:
          marks[target] = .open
          path.append((target, inPlace(target)))
        }
      }
    }
  }

  private func describe(_ schema: Int) -> String {
    let path = resources.path(schemas[schema].place)
    return path.isEmpty ? "the whole schema" : path
  }

  /// The schemas that a schema applies to the very value that it is applied to.
  private func inPlace(_ schema: Int) -> [Int32] {
    var targets: [Int32] = []
    for instruction in instructions[Int(schemas[schema].first)..<Int(schemas[schema].end)] {
      switch instruction {
      case .reference(let target), .not(let target): targets.append(target)
      case .all(let start, let count), .any(let start, let count), .one(let start, let count):
        targets += tables.lists[Int(start)..<Int(start + count)]
      case .conditional(let test, let then, let otherwise): targets += [test, then, otherwise].filter { $0 >= 0 }
      case .dependents(let index): targets += tables.dependents[Int(index)].map(\.schema).filter { $0 >= 0 }
      default: break
      }
    }
    return targets
  }
}

/// One schema object, and how its keywords are to be read.
struct SchemaKeywords {
  let value: RawJSON
  let document: Int32
  let dialect: SchemaDialect

  init(_ value: RawJSON, document: Int32, dialect: SchemaDialect) {
    self.value = value
    self.document = document
    self.dialect = dialect
  }

  subscript(_ keyword: String) -> RawJSON? { value[keyword] }

  var schemaPlace: SchemaPlace { place(value) }

  func place(_ value: RawJSON) -> SchemaPlace { SchemaPlace(document: document, node: Int32(truncatingIfNeeded: value.index)) }

  /// The place of a keyword; that of the schema where it has none.
  func place(of keyword: String) -> SchemaPlace { value[keyword].map(place) ?? schemaPlace }
}
