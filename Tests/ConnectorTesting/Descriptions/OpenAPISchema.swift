internal import JSON

/// Turns the schemas of OpenAPI 3.0 into those of JSON Schema 2020-12, strict ones.
enum OpenAPISchema {
  /// - Parameter uri: of the document, for references within.
  static func strict(_ value: JSONValue, uri: String) -> JSONValue { convert(value, uri, isComposed: false) }

  private static func convert(_ value: JSONValue, _ uri: String, isComposed: Bool) -> JSONValue {
    switch value {
    case .array(let values): return .array(values.map { convert($0, uri, isComposed: isComposed) })
    case .object(let object):
      if let reference = object["$ref"]?.string, reference.hasPrefix("#") {
        let target: JSONValue = ["$ref": .string(uri + reference)]
        return object["nullable"]?.bool == true ? ["anyOf": [target, ["type": "null"]]] : target
      }
      return convert(object, uri, isComposed: isComposed)
    default: return value
    }
  }

  private static func convert(_ object: JSONObject, _ uri: String, isComposed: Bool) -> JSONValue {
    var result = JSONObject()
    for (name, value) in object {
      switch name {
      // Data, not schemas.
      case "example", "examples", "default", "enum", "const", "required": result[name] = value
      case "exclusiveMinimum" where value.bool != nil, "exclusiveMaximum" where value.bool != nil, "nullable", "discriminator", "xml": break
      case "properties":
        result[name] = .object((value.object ?? JSONObject()).reduce(into: JSONObject()) { $0[$1.name] = convert($1.value, uri, isComposed: false) })
      // What is put together of parts cannot be closed part by part.
      case "allOf": result[name] = convert(value, uri, isComposed: true)
      case "anyOf", "oneOf": result[name] = convert(value, uri, isComposed: isComposed || object["properties"] != nil)
      default: result[name] = convert(value, uri, isComposed: name == "not" || name == "if")
      }
    }
    if object["exclusiveMinimum"]?.bool == true, let minimum = object["minimum"] { result["exclusiveMinimum"] = minimum }
    if object["exclusiveMaximum"]?.bool == true, let maximum = object["maximum"] { result["exclusiveMaximum"] = maximum }
    let isComposition = ["allOf", "anyOf", "oneOf"].contains { object[$0] != nil }
    if object["properties"]?.object != nil, object["additionalProperties"] == nil, !isComposed, !isComposition { result["additionalProperties"] = false }
    if object["nullable"]?.bool == true {
      if let type = object["type"]?.string { result["type"] = [.string(type), "null"] }
      if let values = object["enum"]?.array { result["enum"] = .array(values + [.null]) }
      if isComposition, object["type"] == nil { return ["anyOf": [.object(result), ["type": "null"]]] }
    }
    return .object(result)
  }

  static func types(_ schema: JSONValue) -> Set<String> {
    if let type = schema["type"]?.string { return [type] }
    return Set((schema["type"]?.array ?? []).compactMap(\.string))
  }

  /// A text of a query as the value that its schema means.
  static func scalar(_ text: String, _ schema: JSONValue) -> JSONValue {
    var types = types(schema)
    for part in (schema["oneOf"]?.array ?? []) + (schema["anyOf"]?.array ?? []) { types.formUnion(self.types(part)) }
    if types.contains("integer") || types.contains("number"), let number = try? JSONValue(parsing: text), number.double != nil { return number }
    if types.contains("boolean"), text == "true" || text == "false" { return .bool(text == "true") }
    if types.contains("object"), let object = try? JSONValue(parsing: text), object.object != nil { return object }
    return .string(text)
  }
}
