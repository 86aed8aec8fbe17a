public import JSON

/// A type whose values JSON stands for: what a tool takes and gives.
///
/// Scalars, arrays, dictionaries by `String`, optionals and `JSONValue` conform. A struct or an enum with payload conforms by
/// `@ToolInput`, an enum with `String` or `Int` raw values by saying so: `enum Unit: String, CaseIterable, ToolValue`.
public protocol ToolValue: ToolOutput {
  /// The JSON Schema (2020-12) of the values. Named types go through ``SchemaBuilder/define(_:_:)``.
  static func schema(_ builder: inout SchemaBuilder) -> JSONValue

  /// The value that `json` stands for.
  ///
  /// - Throws: ``ValueError`` with the place of the problem and what would be right.
  init(json: RawJSON) throws(ValueError)

  /// The JSON that stands for the value.
  var jsonValue: JSONValue { get }

  /// What a member or an argument that is left out stands for; nil where one must be there. Optionals give their nil.
  static var absent: Self? { get }

  /// The schema of a member or an argument of the type, which for optionals is that of what they wrap: it may be left out.
  static func memberSchema(_ builder: inout SchemaBuilder) -> JSONValue
}

extension ToolValue {
  public static var absent: Self? { nil }
  public static func memberSchema(_ builder: inout SchemaBuilder) -> JSONValue { schema(&builder) }

  /// The whole schema of the type, with its definitions.
  public static var schema: JSONValue {
    var builder = SchemaBuilder()
    let root = schema(&builder)
    return builder.finish(root)
  }
}

/// A ``ToolValue`` that is a JSON object: the arguments of a tool as one type. `@ToolInput` makes one.
public protocol ToolObject: ToolValue {}
