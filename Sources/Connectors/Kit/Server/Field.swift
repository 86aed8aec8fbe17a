public import JSON

/// One argument of a tool, written short.
public struct Field: Sendable {
  public var name: String
  public var schema: JSONValue
  public var isRequired: Bool

  public init(_ name: String, _ schema: JSONValue, required: Bool = false) {
    self.name = name
    self.schema = schema
    isRequired = required
  }

  public static func text(_ name: String, _ description: String, required: Bool = false, oneOf values: [String]? = nil, length: Int? = nil) -> Field {
    var schema: JSONValue = ["type": "string", "description": .string(description)]
    if let values { schema["enum"] = .array(values.map { .string($0) }) }
    if let length { schema["maxLength"] = .int(length) }
    if required, values == nil { schema["minLength"] = 1 }
    return Field(name, schema, required: required)
  }

  public static func integer(_ name: String, _ description: String, _ range: ClosedRange<Int>? = nil, required: Bool = false) -> Field {
    var schema: JSONValue = ["type": "integer", "description": .string(description)]
    if let range {
      schema["minimum"] = .int(range.lowerBound)
      if range.upperBound < .max { schema["maximum"] = .int(range.upperBound) }
    }
    return Field(name, schema, required: required)
  }

  public static func flag(_ name: String, _ description: String, required: Bool = false) -> Field {
    Field(name, ["type": "boolean", "description": .string(description)], required: required)
  }

  public static func texts(_ name: String, _ description: String, required: Bool = false, oneOf values: [String]? = nil, most: Int = 100) -> Field {
    var items: JSONValue = ["type": "string"]
    if let values { items["enum"] = .array(values.map { .string($0) }) }
    return Field(name, ["type": "array", "items": items, "maxItems": .int(most), "description": .string(description)], required: required)
  }

  /// Any object, for what the vendor's own schema is too wide to be written down.
  public static func object(_ name: String, _ description: String, required: Bool = false) -> Field {
    Field(name, ["type": "object", "description": .string(description)], required: required)
  }

  /// `limit` and `cursor` of a list.
  public static func page(limit: Int, most: Int) -> [Field] {
    [
      integer("limit", "Items a page, \(limit) if not given.", 1...most),
      text("cursor", "next_cursor of the page before, with the same arguments.", length: 8192),
    ]
  }

  /// The schema of the arguments: no others are taken.
  public static func arguments(_ fields: [Field]) -> JSONValue {
    var properties = JSONObject()
    for field in fields { properties[field.name] = field.schema }
    var schema: JSONValue = ["type": "object", "properties": .object(properties), "additionalProperties": false]
    let required = fields.filter(\.isRequired).map { JSONValue.string($0.name) }
    if !required.isEmpty { schema["required"] = .array(required) }
    return schema
  }
}
