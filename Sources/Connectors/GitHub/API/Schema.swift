internal import JSON

/// The arguments of tools as schemas, written short.
struct Argument: Sendable {
  let name: String
  let schema: JSONValue
  let isRequired: Bool

  private init(_ name: String, _ schema: JSONValue, _ isRequired: Bool) {
    self.name = name
    self.schema = schema
    self.isRequired = isRequired
  }

  static func text(_ name: String, _ description: String, required: Bool = false, longest: Int = 1000) -> Argument {
    Argument(name, ["type": "string", "description": .string(description), "minLength": required ? 1 : 0, "maxLength": .int(longest)], required)
  }

  /// A long text: a body, a file.
  static func long(_ name: String, _ description: String, required: Bool = false) -> Argument {
    Argument(name, ["type": "string", "description": .string(description), "maxLength": 1_000_000], required)
  }

  static func choice(_ name: String, _ values: [String], _ description: String, required: Bool = false) -> Argument {
    Argument(name, ["type": "string", "enum": .array(values.map { .string($0) }), "description": .string(description)], required)
  }

  static func number(_ name: String, _ description: String, required: Bool = false) -> Argument {
    Argument(name, ["type": "integer", "minimum": 1, "description": .string(description)], required)
  }

  static func flag(_ name: String, _ description: String) -> Argument {
    Argument(name, ["type": "boolean", "description": .string(description)], false)
  }

  static func texts(_ name: String, _ description: String, required: Bool = false) -> Argument {
    Argument(name, ["type": "array", "items": ["type": "string", "minLength": 1, "maxLength": 200], "maxItems": 100, "description": .string(description)], required)
  }

  static func objects(_ name: String, _ description: String, of members: [Argument], required: Bool = false) -> Argument {
    Argument(name, ["type": "array", "maxItems": 100, "items": Argument.object(members), "description": .string(description)], required)
  }

  static func map(_ name: String, _ description: String) -> Argument {
    Argument(name, ["type": "object", "description": .string(description)], false)
  }

  static let owner = text("owner", "The repository's owner: a user or an organization.", required: true, longest: 100)
  static let repo = text("repo", "The repository's name, without the owner.", required: true, longest: 100)

  static let page: [Argument] = [
    Argument("limit", ["type": "integer", "minimum": 1, "maximum": 100, "description": "Items in a page, 30 if not given."], false),
    Argument("cursor", ["type": "string", "maxLength": 8192, "description": "next_cursor of the page before, with the same other arguments."], false),
  ]

  /// `fields` of a shape.
  static func fields(_ shape: Shape) -> Argument {
    Argument(
      "fields",
      [
        "type": "array", "items": ["type": "string", "enum": .array(shape.fields.map { .string($0.name) })], "maxItems": .int(shape.fields.count),
        "description": "Which members of each item to answer with. Some that identify it always come.",
      ], false)
  }

  /// `fields` of a tool that lists things of several shapes.
  static let listFields = texts("fields", "Of lists: which members of each item to answer with, as they stand in the result. Some that identify it always come.")

  static func object(_ arguments: [Argument]) -> JSONValue {
    var properties = JSONObject()
    for argument in arguments { properties[argument.name] = argument.schema }
    var schema: JSONValue = ["type": "object", "properties": .object(properties), "additionalProperties": false]
    let required = arguments.filter(\.isRequired).map { JSONValue.string($0.name) }
    if !required.isEmpty { schema["required"] = .array(required) }
    return schema
  }
}

/// What tools answer, as schemas.
enum Output {
  static let cursor: JSONValue = ["type": "string", "description": "Pass as cursor for the next page. Absent at the end."]
  static let anything: JSONValue = ["type": "object"]

  static func object(_ members: [(name: String, schema: JSONValue)], required: [String] = []) -> JSONValue {
    var properties = JSONObject()
    for (name, schema) in members { properties[name] = schema }
    var schema: JSONValue = ["type": "object", "properties": .object(properties)]
    if !required.isEmpty { schema["required"] = .array(required.map { .string($0) }) }
    return schema
  }

  static func list(_ member: String, of shape: Shape, _ more: [(name: String, schema: JSONValue)] = []) -> JSONValue {
    object([(member, array(of: shape)), ("next_cursor", cursor)] + more, required: [member])
  }

  static func array(of shape: Shape) -> JSONValue { ["type": "array", "items": shape.schema] }
}
