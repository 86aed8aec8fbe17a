/// The keywords that look at one scalar (validation, sections 6.1 to 6.3 and 7).
extension SchemaCompiler {
  mutating func compileScalars(_ keywords: SchemaKeywords) throws(JSONSchemaError) {
    if let value = keywords["type"] { append(.type(try types(value, keywords)), keywords.place(value)) }
    if let value = keywords["const"] {
      append(.constant(Int32(truncatingIfNeeded: tables.constants.count)), keywords.place(value))
      tables.constants.append(keywords.place(value))
    }
    if let value = keywords["enum"] {
      append(.enumeration(Int32(truncatingIfNeeded: tables.enumerations.count)), keywords.place(value))
      tables.enumerations.append(try enumeration(value, keywords))
    }
    let bounds: [(keyword: String, relation: SchemaProgram.Bound.Relation, words: String)] = [
      ("minimum", .atLeast, "at least"), ("maximum", .atMost, "at most"), ("exclusiveMinimum", .above, "greater than"),
      ("exclusiveMaximum", .below, "less than"),
    ]
    for (keyword, relation, words) in bounds {
      guard let value = keywords[keyword] else { continue }
      var text = "\(words) \(value.text.prefix(40))"
      if relation == .atLeast || relation == .atMost, let least = keywords["minimum"], let most = keywords["maximum"] {
        text = "from \(least.text.prefix(40)) to \(most.text.prefix(40))"
      }
      append(.bound(Int32(truncatingIfNeeded: tables.bounds.count)), keywords.place(value))
      tables.bounds.append(SchemaProgram.Bound(relation: relation, value: try decimal(value, keywords), text: text))
    }
    if let value = keywords["multipleOf"] {
      let decimal = try decimal(value, keywords)
      guard let coefficient = decimal.coefficient, coefficient > 0, !decimal.isNegative else {
        throw malformed(value, keywords, "a number above 0 of at most 18 digits")
      }
      append(.multiple(Int32(truncatingIfNeeded: tables.multiples.count)), keywords.place(value))
      tables.multiples.append(SchemaProgram.Multiple(value: decimal, text: String(value.text.prefix(40))))
    }
  }

  private func types(_ value: RawJSON, _ keywords: SchemaKeywords) throws(JSONSchemaError) -> JSONTypes {
    let expected = "one of string, integer, number, boolean, array, object, null, or an array of them"
    if let name = value.string {
      guard let type = JSONTypes(name: name) else { throw malformed(value, keywords, expected) }
      return type
    }
    guard value.kind == .array else { throw malformed(value, keywords, expected) }
    var types: JSONTypes = []
    for element in value.elements {
      guard let type = element.string.flatMap({ JSONTypes(name: $0) }) else { throw malformed(value, keywords, expected) }
      types.insert(type)
    }
    return types
  }

  private func enumeration(_ value: RawJSON, _ keywords: SchemaKeywords) throws(JSONSchemaError) -> SchemaProgram.Enumeration {
    guard value.kind == .array else { throw malformed(value, keywords, "an array of the allowed values") }
    var strings: [[UInt8]] = []
    var known = Set<[UInt8]>()
    var others: [SchemaPlace] = []
    var texts: [String] = []
    var count = 0
    for element in value.elements {
      if count < 32 { texts.append(SchemaText.shortened(element)) }
      count += 1
      if let string = element.string.map({ Array($0.utf8) }) {
        if known.insert(string).inserted { strings.append(string) }
      } else {
        others.append(keywords.place(element))
      }
    }
    if count > 32 { texts.append("and \(count - 32) more") }
    return SchemaProgram.Enumeration(strings: NameTable(strings), others: others, text: texts.joined(separator: ", "))
  }

  private func decimal(_ value: RawJSON, _ keywords: SchemaKeywords) throws(JSONSchemaError) -> Decimal {
    guard value.kind == .number else { throw malformed(value, keywords, "a number") }
    return value.withBytes { Decimal(DecimalText($0)) }
  }

  /// The value of a keyword that counts: a whole number, not negative.
  func count(_ keyword: String, _ keywords: SchemaKeywords) throws(JSONSchemaError) -> Int? {
    guard keywords.dialect.hasValidation, let value = keywords[keyword] else { return nil }
    let decimal = try decimal(value, keywords)
    guard let count = decimal.int else {
      guard !decimal.isNegative, decimal.magnitude >= 18 else { throw malformed(value, keywords, "a whole number, 0 or more") }
      return Int(Int32.max)
    }
    guard count >= 0 else { throw malformed(value, keywords, "a whole number, 0 or more") }
    return min(count, Int(Int32.max))
  }

  mutating func compileStrings(_ keywords: SchemaKeywords) throws(JSONSchemaError) {
    if let count = try count("minLength", keywords) { append(.minLength(Int32(truncatingIfNeeded: count)), keywords.place(of: "minLength")) }
    if let count = try count("maxLength", keywords) { append(.maxLength(Int32(truncatingIfNeeded: count)), keywords.place(of: "maxLength")) }
    if let value = keywords["pattern"] {
      guard let text = value.string else { throw malformed(value, keywords, "a regular expression") }
      append(.pattern(try patternNumber(text, at: keywords.place(value))), keywords.place(value))
    }
  }

  mutating func compileFormat(_ keywords: SchemaKeywords) throws(JSONSchemaError) {
    guard options.checksFormats || keywords.dialect.assertsFormats, let value = keywords["format"] else { return }
    guard let name = value.string else { throw malformed(value, keywords, "a string") }
    // Unknown formats are annotations (validation, section 7.2.3).
    if let format = StringFormat(rawValue: name) { append(.format(format), keywords.place(value)) }
  }
}
