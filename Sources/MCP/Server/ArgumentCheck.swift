public import JSON

/// Checks the arguments of a call against the schema of the tool.
public struct ArgumentCheck: Sendable {
  /// Says what is wrong with the arguments, in words that a model can act on; nil when they fit.
  public let problem: @Sendable (RawJSON) -> String?

  public init(problem: @escaping @Sendable (RawJSON) -> String?) { self.problem = problem }

  /// Looks at the top level alone: `required`, and `type` and `enum` of each property, and `additionalProperties: false`.
  public static func shallow(_ schema: JSONValue) -> ArgumentCheck {
    let required = (schema["required"]?.array ?? []).compactMap(\.string)
    let isClosed = schema["additionalProperties"]?.bool == false && schema["patternProperties"] == nil
    var properties: [String: Property] = [:]
    for (name, property) in schema["properties"]?.object ?? JSONObject() { properties[name] = Property(property) }
    let names = (schema["properties"]?.object ?? JSONObject()).map(\.name)
    return ArgumentCheck { [properties] arguments in
      var problems: [String] = []
      for name in required where arguments[name] == nil {
        problems.append("Missing required argument \"\(name)\"\(properties[name]?.expectation ?? "").")
      }
      for (name, value) in arguments.members {
        let name = name.string ?? ""
        if let property = properties[name] {
          if let problem = property.problem(with: value) { problems.append("Argument \"\(name)\" \(problem).") }
        } else if isClosed {
          let known = names.isEmpty ? "this tool takes none" : "known are " + names.joined(separator: ", ")
          problems.append("Unknown argument \"\(name.prefix(64))\": \(known).")
        }
      }
      return problems.isEmpty ? nil : problems.prefix(8).joined(separator: " ")
    }
  }

  private struct Property: Sendable {
    let types: [String]
    let values: [JSONValue]?

    init(_ schema: JSONValue) {
      types = schema["type"]?.string.map { [$0] } ?? (schema["type"]?.array ?? []).compactMap(\.string)
      values = schema["enum"]?.array
    }

    var expectation: String { types.isEmpty ? "" : " (\(types.joined(separator: " or ")))" }

    func problem(with value: RawJSON) -> String? {
      if !types.isEmpty, !types.contains(where: { Property.is(value, $0) }) {
        return "must be of type \(types.joined(separator: " or ")), not \(Property.name(of: value))"
      }
      if let values, !values.contains(JSONValue(value)) {
        return "must be one of \(values.prefix(32).map(\.text).joined(separator: ", "))"
      }
      return nil
    }

    private static func `is`(_ value: RawJSON, _ type: String) -> Bool {
      switch (type, value.kind) {
      case ("null", .null), ("boolean", .bool), ("number", .number), ("string", .string), ("array", .array), ("object", .object): true
      // JSON Schema counts 1.0 as an integer (2020-12 validation, section 6.1.1).
      case ("integer", .number): value.int != nil || value.double.map { $0 == $0.rounded() } == true
      default: false
      }
    }

    private static func name(of value: RawJSON) -> String {
      switch value.kind {
      case .null: "null"
      case .bool: "boolean"
      case .number: "number"
      case .string: "string"
      case .array: "array"
      case .object: "object"
      }
    }
  }
}
