import JSON
import NIOCore

extension FuzzTarget {
  /// The JSON Schema compiler and validator: `{"schema": ..., "instances": [...]}`. The quick and the explaining answer agree, and what
  /// is explained is there.
  public static let schema = FuzzTarget(
    "schema",
    dictionary: [
      "\"$ref\":\"#\"", "\"$ref\":\"#/$defs/a\"", "\"$defs\":{\"a\":{}}", "\"$id\":\"http://x/y\"", "\"$anchor\":\"a\"", "\"$dynamicRef\":\"#a\"",
      "\"$dynamicAnchor\":\"a\"", "\"type\":\"object\"", "\"type\":[\"string\",\"null\"]", "\"properties\":{\"a\":{}}", "\"required\":[\"a\"]",
      "\"additionalProperties\":false", "\"unevaluatedProperties\":false", "\"unevaluatedItems\":false", "\"items\":{}", "\"prefixItems\":[{}]",
      "\"contains\":{}", "\"minContains\":0", "\"allOf\":[{}]", "\"anyOf\":[{}]", "\"oneOf\":[{}]", "\"not\":{}", "\"if\":{}", "\"then\":{}", "\"else\":{}",
      "\"enum\":[1]", "\"const\":1.0", "\"multipleOf\":0.01", "\"minimum\":-1e400", "\"maxLength\":2", "\"pattern\":\"^(a|b)*$\"", "\"format\":\"date-time\"",
      "\"format\":\"regex\"", "\"uniqueItems\":true", "\"propertyNames\":{}", "\"patternProperties\":{\"^a\":{}}", "\"dependentSchemas\":{\"a\":{}}",
      "\"dependentRequired\":{\"a\":[\"b\"]}", "true", "false", "{}", "[]", ",", "\"a\":1", "1e400", "\\\\p{Lu}", "(?=a)", "{1,1000}",
      "\"$schema\":\"http://json-schema.org/draft-07/schema#\"", "\"definitions\":{\"a\":{}}",
    ]
  ) { bytes throws(Finding) in
    guard let input = try? RawJSON(scanning: ByteBuffer(bytes: bytes)), let raw = input["schema"] else { return }
    let options = JSONSchema.Options(checksFormats: bytes.count % 2 == 0, schemas: 2000, work: 50_000, violations: 4)
    let schema: JSONSchema
    do throws(JSONSchemaError) { schema = try JSONSchema(raw, options: options) } catch {
      try require(!error.message.isEmpty, "the fault of a schema has no message")
      return
    }
    for instance in input["instances"]?.elements.map({ $0 }) ?? [raw] {
      let violations = schema.validate(instance)
      try require(schema.isValid(instance) == violations.isEmpty, "\(instance.text): the quick answer is not the explained one")
      try require(violations.count <= options.violations + 1, "\(violations.count) violations are more than asked for")
      for violation in violations {
        try require(!violation.message.isEmpty, "a violation of \(violation.keyword) has no message")
        try require(JSONValue(instance).at(pointer: violation.instancePath), "\(violation.instancePath) is not in \(instance.text)")
      }
    }
  }
}

extension JSONValue {
  /// Whether a JSON Pointer (RFC 6901) leads somewhere.
  fileprivate func at(pointer: String) -> Bool {
    var place: JSONValue? = self
    for token in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      let name = token.replacing("~1", with: "/").replacing("~0", with: "~")
      switch place {
      case .array(let elements): place = Int(name).flatMap { elements.indices.contains($0) ? elements[$0] : nil }
      case .object(let object): place = object[String(name)]
      default: return false
      }
    }
    return place != nil
  }
}
