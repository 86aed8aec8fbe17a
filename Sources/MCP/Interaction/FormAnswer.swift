internal import JSON

extension FormElicitation {
  /// Says what of an accepted answer does not fit the form; nil when all does.
  func problem(with content: JSONObject?) -> String? {
    do throws(AnswerProblem) {
      _ = try ElicitationForm(schema: requestedSchema).read(.object(content ?? JSONObject()))
      return nil
    } catch { return error.description }
  }
}

extension ElicitationForm {
  /// Holds what a user filled in against the form. Properties that were not asked for are left out.
  func read(_ content: JSONValue?) throws(AnswerProblem) -> JSONObject {
    guard let content = content?.object else { throw AnswerProblem("\"content\" must be an object") }
    var values = JSONObject()
    for (name, property) in schema["properties"]?.object ?? JSONObject() {
      guard let value = content[name] else { continue }
      if let problem = ElicitationForm.problem(with: value, property) { throw AnswerProblem("\"\(name)\" \(problem)") }
      values[name] = value
    }
    for name in (schema["required"]?.array ?? []).compactMap(\.string) where values[name] == nil {
      throw AnswerProblem("\"\(name)\" is required")
    }
    return values
  }

  private static func problem(with value: JSONValue, _ schema: JSONValue) -> String? {
    switch schema["type"]?.string {
    case "string": return problem(withString: value, schema)
    case "boolean": return value.bool != nil ? nil : "must be a boolean"
    case "array":
      guard let elements = value.array else { return "must be an array" }
      if let least = schema["minItems"]?.int, elements.count < least { return "must have at least \(least) items" }
      if let most = schema["maxItems"]?.int, elements.count > most { return "must have at most \(most) items" }
      let items = schema["items"] ?? [:]
      return elements.lazy.compactMap { problem(withString: $0, items) }.first
    case "integer", "number": return problem(withNumber: value, schema)
    default: return nil
    }
  }

  private static func problem(withNumber value: JSONValue, _ schema: JSONValue) -> String? {
    guard let number = value.double else { return "must be a number" }
    if schema["type"] == "integer", number != number.rounded() { return "must be an integer" }
    if let least = schema["minimum"]?.double, number < least { return "must be at least \(least)" }
    if let most = schema["maximum"]?.double, number > most { return "must be at most \(most)" }
    return nil
  }

  private static func problem(withString value: JSONValue, _ schema: JSONValue) -> String? {
    guard let text = value.string else { return "must be a string" }
    // JSON Schema counts characters as Unicode scalars.
    if let least = schema["minLength"]?.int, text.unicodeScalars.count < least { return "must have at least \(least) characters" }
    if let most = schema["maxLength"]?.int, text.unicodeScalars.count > most { return "must have at most \(most) characters" }
    if let format = schema["format"]?.string.flatMap({ Format(rawValue: $0) }), let problem = JSONSchema.problem(with: text, format: format.rawValue) {
      return problem
    }
    let listed = schema["enum"]?.array
    let titled = (schema["oneOf"] ?? schema["anyOf"])?.array?.compactMap { $0["const"] }
    if let allowed = listed ?? titled, !allowed.contains(.string(text)) { return "must be one of the values offered" }
    return nil
  }
}
