public import JSON

extension ToolValue where Self: RawRepresentable & CaseIterable, RawValue: ToolValue {
  public static func schema(_ builder: inout SchemaBuilder) -> JSONValue { enumSchema(&builder) }

  /// The schema of an enum that is its raw values.
  public static func enumSchema(_ builder: inout SchemaBuilder, _ description: String? = nil) -> JSONValue {
    builder.define(Self.self) { builder in
      var schema = RawValue.schema(&builder)
      if let description { schema["description"] = .string(description) }
      schema["enum"] = .array(allCases.map(\.rawValue.jsonValue))
      return schema
    }
  }

  public init(json: RawJSON) throws(ValueError) {
    guard let raw = try? RawValue(json: json), let value = Self(rawValue: raw) else {
      throw ValueError("must be one of \(Self.allCases.prefix(32).map(\.rawValue.jsonValue.text).joined(separator: ", "))")
    }
    self = value
  }

  public var jsonValue: JSONValue { rawValue.jsonValue }
}
