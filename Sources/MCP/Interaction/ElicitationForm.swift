public import JSON

/// The fields that a user is asked to fill in: a flat object schema of primitive properties (2026-07-28, client/elicitation,
/// "Requested Schema").
///
/// Not for secrets: passwords, keys and payment data are asked for on a page of one's own, see ``Elicitation/init(_:url:id:key:)``.
public struct ElicitationForm: Sendable, Hashable {
  /// `requestedSchema` of the request.
  public let schema: JSONValue

  /// A form with these fields, in this order.
  public init(_ fields: Field...) { self.init(fields) }

  /// A form with these fields, in this order.
  public init(_ fields: [Field]) {
    var properties = JSONObject()
    for field in fields { properties[field.name] = .object(field.schema) }
    var schema: JSONObject = ["type": "object", "properties": .object(properties)]
    let required = fields.filter(\.isRequired).map { JSONValue.string($0.name) }
    if !required.isEmpty { schema["required"] = .array(required) }
    self.schema = .object(schema)
  }

  /// - Parameter schema: `requestedSchema` as it is sent. Answers are held against the restricted subset of the specification.
  public init(schema: JSONValue) { self.schema = schema }

  /// A value with the text that users see for it.
  public struct Option: Sendable, Hashable {
    /// What the handler gets.
    public var value: String
    /// What the user sees.
    public var title: String

    public init(_ value: String, title: String) {
      self.value = value
      self.title = title
    }
  }

  /// The formats that the specification allows. Answers are held against them, others tell users what is meant.
  public enum Format: String, Sendable {
    case email, uri, date
    case dateTime = "date-time"
  }

  /// One property of the form.
  public struct Field: Sendable, Hashable {
    /// The member of the answer.
    public let name: String
    /// Whether a form without it is no answer.
    public let isRequired: Bool
    /// `PrimitiveSchemaDefinition`.
    public let schema: JSONObject

    private init(_ name: String, _ isRequired: Bool, _ title: String?, _ description: String?, _ members: [(String, JSONValue?)]) {
      var schema = JSONObject()
      schema["type"] = members.first?.1
      if let title { schema["title"] = .string(title) }
      if let description { schema["description"] = .string(description) }
      for (name, value) in members.dropFirst() { if let value { schema[name] = value } }
      self.name = name
      self.isRequired = isRequired
      self.schema = schema
    }

    /// - Parameter length: in characters.
    public static func string(
      _ name: String, title: String? = nil, description: String? = nil, required: Bool = true, length: ClosedRange<Int>? = nil,
      format: Format? = nil, default value: String? = nil
    ) -> Field {
      Field(
        name, required, title, description,
        [
          ("type", "string"), ("minLength", length.map { .int($0.lowerBound) }), ("maxLength", length.map { .int($0.upperBound) }),
          ("format", format.map { .string($0.rawValue) }), ("default", value.map { .string($0) }),
        ])
    }

    /// A whole number.
    public static func integer(
      _ name: String, title: String? = nil, description: String? = nil, required: Bool = true, in range: ClosedRange<Int>? = nil,
      default value: Int? = nil
    ) -> Field {
      Field(
        name, required, title, description,
        [
          ("type", "integer"), ("minimum", range.map { .int($0.lowerBound) }), ("maximum", range.map { .int($0.upperBound) }),
          ("default", value.map { .int($0) }),
        ])
    }

    /// A number.
    public static func number(
      _ name: String, title: String? = nil, description: String? = nil, required: Bool = true, in range: ClosedRange<Double>? = nil,
      default value: Double? = nil
    ) -> Field {
      Field(
        name, required, title, description,
        [
          ("type", "number"), ("minimum", range.map { JSONValue(floatLiteral: $0.lowerBound) }),
          ("maximum", range.map { JSONValue(floatLiteral: $0.upperBound) }), ("default", value.map { JSONValue(floatLiteral: $0) }),
        ])
    }

    /// Yes or no.
    public static func boolean(
      _ name: String, title: String? = nil, description: String? = nil, required: Bool = true, default value: Bool? = nil
    ) -> Field {
      Field(name, required, title, description, [("type", "boolean"), ("default", value.map { .bool($0) })])
    }

    /// One of some values (`UntitledSingleSelectEnumSchema`).
    public static func choice(
      _ name: String, of values: [String], title: String? = nil, description: String? = nil, required: Bool = true, default value: String? = nil
    ) -> Field {
      Field(
        name, required, title, description,
        [("type", "string"), ("enum", .array(values.map { .string($0) })), ("default", value.map { .string($0) })])
    }

    /// One of some values with titles (`TitledSingleSelectEnumSchema`).
    public static func choice(
      _ name: String, of options: [Option], title: String? = nil, description: String? = nil, required: Bool = true, default value: String? = nil
    ) -> Field {
      Field(name, required, title, description, [("type", "string"), ("oneOf", constants(options)), ("default", value.map { .string($0) })])
    }

    /// One of some values with titles in the form of 2025-06-18 (`LegacyTitledEnumSchema`, deprecated since).
    public static func legacyChoice(
      _ name: String, of options: [Option], title: String? = nil, description: String? = nil, required: Bool = true, default value: String? = nil
    ) -> Field {
      Field(
        name, required, title, description,
        [
          ("type", "string"), ("enum", .array(options.map { .string($0.value) })), ("enumNames", .array(options.map { .string($0.title) })),
          ("default", value.map { .string($0) }),
        ])
    }

    /// Several of some values (`UntitledMultiSelectEnumSchema`).
    ///
    /// - Parameter count: how many may be chosen.
    public static func choices(
      _ name: String, of values: [String], title: String? = nil, description: String? = nil, required: Bool = true, count: ClosedRange<Int>? = nil,
      default chosen: [String]? = nil
    ) -> Field {
      let items: JSONValue = ["type": "string", "enum": .array(values.map { .string($0) })]
      return Field(name, required, title, description, several(items, count, chosen))
    }

    /// Several of some values with titles (`TitledMultiSelectEnumSchema`).
    public static func choices(
      _ name: String, of options: [Option], title: String? = nil, description: String? = nil, required: Bool = true, count: ClosedRange<Int>? = nil,
      default chosen: [String]? = nil
    ) -> Field {
      Field(name, required, title, description, several(["anyOf": constants(options)], count, chosen))
    }

    private static func several(_ items: JSONValue, _ count: ClosedRange<Int>?, _ chosen: [String]?) -> [(String, JSONValue?)] {
      [
        ("type", "array"), ("minItems", count.map { .int($0.lowerBound) }), ("maxItems", count.map { .int($0.upperBound) }), ("items", items),
        ("default", chosen.map { .array($0.map { .string($0) }) }),
      ]
    }

    private static func constants(_ options: [Option]) -> JSONValue {
      .array(options.map { ["const": .string($0.value), "title": .string($0.title)] })
    }
  }
}
