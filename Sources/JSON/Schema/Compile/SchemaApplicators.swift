/// The keywords that apply schemas to parts of a value, or several to the whole of it (core, section 10).
extension SchemaCompiler {
  mutating func compileObject(_ keywords: SchemaKeywords) throws(JSONSchemaError) {
    let applies = keywords.dialect.hasApplicators
    var names: [[UInt8]] = []
    var places: [[UInt8]: Int] = [:]
    var properties: ContiguousArray<ObjectPlan.Name> = []
    func place(_ name: [UInt8]) -> Int {
      if let known = places[name] { return known }
      places[name] = names.count
      names.append(name)
      properties.append(ObjectPlan.Name())
      return names.count - 1
    }
    var isNeeded = false
    if applies, let value = keywords["properties"] {
      for (name, schema) in try members(value, keywords) {
        isNeeded = true
        properties[place(name)].schema = try schemaNumber(schema, keywords)
      }
    }
    var required: [Int32] = []
    if keywords.dialect.hasValidation, let value = keywords["required"] {
      for name in try self.names(value, keywords) {
        isNeeded = true
        let index = place(name)
        guard properties[index].required < 0 else { continue }
        properties[index].required = Int32(truncatingIfNeeded: required.count)
        required.append(Int32(truncatingIfNeeded: index))
      }
    }
    var patterns: [(pattern: Int32, schema: Int32)] = []
    if applies, let value = keywords["patternProperties"] {
      for (name, schema) in try members(value, keywords) {
        patterns.append(
          (try patternNumber(String(decoding: name, as: UTF8.self), at: keywords.place(schema)), try schemaNumber(schema, keywords)))
      }
    }
    let additional = applies ? try optionalSchema("additionalProperties", keywords) : -1
    let propertyNames = applies ? try optionalSchema("propertyNames", keywords) : -1
    let least = try count("minProperties", keywords) ?? 0
    let most = try count("maxProperties", keywords) ?? Int.max
    guard isNeeded || !patterns.isEmpty || additional >= 0 || propertyNames >= 0 || least > 0 || most < Int.max else { return }
    let plan = ObjectPlan(
      names: NameTable(names), properties: properties, required: required, patterns: patterns, additional: additional, propertyNames: propertyNames,
      least: least, most: most,
      keywords: ObjectPlan.Keywords(
        required: keywords.place(of: "required"), additional: keywords.place(of: "additionalProperties"),
        propertyNames: keywords.place(of: "propertyNames"), least: keywords.place(of: "minProperties"), most: keywords.place(of: "maxProperties")))
    append(.object(Int32(truncatingIfNeeded: tables.objects.count)), keywords.schemaPlace)
    tables.objects.append(plan)
  }

  mutating func compileArray(_ keywords: SchemaKeywords) throws(JSONSchemaError) {
    var prefix: [Int32] = []
    var items: Int32 = -1
    var contains: Int32 = -1
    if keywords.dialect.hasApplicators {
      if keywords.dialect.draft == .draft2020 {
        if let value = keywords["prefixItems"] { prefix = try schemaList(value, keywords) }
        items = try optionalSchema("items", keywords)
      } else if let value = keywords["items"], value.kind == .array {
        prefix = try schemaList(value, keywords, isEmptyAllowed: true)
        items = try optionalSchema("additionalItems", keywords)
      } else {
        items = try optionalSchema("items", keywords)
      }
      contains = try optionalSchema("contains", keywords)
    }
    let least = try count("minItems", keywords) ?? 0
    let most = try count("maxItems", keywords) ?? Int.max
    var areUnique = false
    if keywords.dialect.hasValidation, let value = keywords["uniqueItems"] {
      guard let bool = value.bool else { throw malformed(value, keywords, "true or false") }
      areUnique = bool
    }
    let hasCounts = keywords.dialect.draft >= .draft2019
    let leastContained = hasCounts ? try count("minContains", keywords) ?? 1 : 1
    let mostContained = hasCounts ? try count("maxContains", keywords) ?? Int.max : Int.max
    guard !prefix.isEmpty || items >= 0 || contains >= 0 || least > 0 || most < Int.max || areUnique else { return }
    let plan = ArrayPlan(
      prefix: prefix, items: items, contains: contains, leastContained: leastContained, mostContained: mostContained, least: least, most: most,
      areUnique: areUnique,
      keywords: ArrayPlan.Keywords(
        contains: keywords.place(of: "contains"), leastContained: keywords.place(of: "minContains"), mostContained: keywords.place(of: "maxContains"),
        least: keywords.place(of: "minItems"), most: keywords.place(of: "maxItems"), unique: keywords.place(of: "uniqueItems")))
    append(.array(Int32(truncatingIfNeeded: tables.arrays.count)), keywords.schemaPlace)
    tables.arrays.append(plan)
  }

  mutating func compileCombinations(_ keywords: SchemaKeywords) throws(JSONSchemaError) {
    for keyword in ["allOf", "anyOf", "oneOf"] {
      guard let value = keywords[keyword] else { continue }
      let list = try schemaList(value, keywords)
      let start = Int32(truncatingIfNeeded: tables.lists.count)
      let count = Int32(truncatingIfNeeded: list.count)
      tables.lists.append(contentsOf: list)
      switch keyword {
      case "allOf": append(.all(start: start, count: count), keywords.place(value))
      case "anyOf": append(.any(start: start, count: count), keywords.place(value))
      default: append(.one(start: start, count: count), keywords.place(value))
      }
    }
    if let value = keywords["not"] { append(.not(try schemaNumber(value, keywords)), keywords.place(value)) }
    if let value = keywords["if"] {
      let (then, otherwise) = (try optionalSchema("then", keywords), try optionalSchema("else", keywords))
      append(.conditional(test: try schemaNumber(value, keywords), then: then, otherwise: otherwise), keywords.place(value))
    }
  }

  mutating func compileDependents(_ keywords: SchemaKeywords) throws(JSONSchemaError) {
    var dependents: [SchemaProgram.Dependent] = []
    var first: RawJSON?
    // `dependencies` is what the two were before 2019-09; metaschemas after keep it for compatibility.
    for keyword in ["dependentRequired", "dependentSchemas", "dependencies"] {
      guard let value = keywords[keyword] else { continue }
      first = first ?? value
      for (name, dependency) in try members(value, keywords) {
        let isNames = keyword == "dependentRequired" || (keyword == "dependencies" && dependency.kind == .array)
        guard isNames ? keywords.dialect.hasValidation : keywords.dialect.hasApplicators else { continue }
        dependents.append(
          SchemaProgram.Dependent(
            name: name, required: isNames ? try names(dependency, keywords) : [], schema: isNames ? -1 : try schemaNumber(dependency, keywords),
            place: keywords.place(dependency)))
      }
    }
    guard let first, !dependents.isEmpty else { return }
    append(.dependents(Int32(truncatingIfNeeded: tables.dependents.count)), keywords.place(first))
    tables.dependents.append(dependents)
  }

  // MARK: Values of keywords

  private mutating func optionalSchema(_ keyword: String, _ keywords: SchemaKeywords) throws(JSONSchemaError) -> Int32 {
    guard let value = keywords[keyword] else { return -1 }
    return try schemaNumber(value, keywords)
  }

  private mutating func schemaList(_ value: RawJSON, _ keywords: SchemaKeywords, isEmptyAllowed: Bool = false) throws(JSONSchemaError) -> [Int32] {
    guard value.kind == .array else { throw malformed(value, keywords, "an array of schemas") }
    var list: [Int32] = []
    for element in value.elements { list.append(try schemaNumber(element, keywords)) }
    guard isEmptyAllowed || !list.isEmpty else { throw malformed(value, keywords, "an array of at least one schema") }
    return list
  }

  private func members(_ value: RawJSON, _ keywords: SchemaKeywords) throws(JSONSchemaError) -> [(name: [UInt8], value: RawJSON)] {
    guard value.kind == .object else { throw malformed(value, keywords, "an object") }
    return value.members.map { (Array(($0.name.string ?? "").utf8), $0.value) }
  }

  private func names(_ value: RawJSON, _ keywords: SchemaKeywords) throws(JSONSchemaError) -> [[UInt8]] {
    guard value.kind == .array else { throw malformed(value, keywords, "an array of names") }
    var names: [[UInt8]] = []
    for element in value.elements {
      guard let name = element.string else { throw malformed(element, keywords, "a name") }
      names.append(Array(name.utf8))
    }
    return names
  }
}
