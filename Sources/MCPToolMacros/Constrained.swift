public import MCPTools

// Constraints of the properties of `@ToolInput` types, put into the schema of the type. They add nothing else.

/// A number within a range: `@Range(1...10)`.
@attached(peer) public macro Range<R: ValueRange>(_ range: R) = #externalMacro(module: "MCPMacros", type: "ConstraintMacro")
/// A string with so many characters, or an array with so many elements: `@Length(...80)`.
@attached(peer) public macro Length<R: ValueRange>(_ range: R) = #externalMacro(module: "MCPMacros", type: "ConstraintMacro")
/// A string in which a regular expression (ECMA-262) matches: `@Pattern("^[a-z]+$")`.
@attached(peer) public macro Pattern(_ expression: String) = #externalMacro(module: "MCPMacros", type: "ConstraintMacro")
/// A string in a format that JSON Schema names: `@Format(.email)`.
@attached(peer) public macro Format(_ format: StringFormat) = #externalMacro(module: "MCPMacros", type: "ConstraintMacro")
/// A string, integer or boolean that also travels as the HTTP header `Mcp-Param-<name>`: `@Header("Region")`.
@attached(peer) public macro Header(_ name: String) = #externalMacro(module: "MCPMacros", type: "ConstraintMacro")

/// The same attributes for parameters, which cannot carry macros: property wrappers that only keep the value.
///
/// `@Tools` gives them their short names inside the type that uses them, so that `Range` stays the standard library's everywhere else.
/// That a constraint fits the type is checked where `@Tools` writes it into the schema; here any value will do, another wrapper included.
public enum Constrained {
  /// A number within a range.
  @propertyWrapper public struct Range<Value: Sendable>: Sendable {
    /// The argument.
    public var wrappedValue: Value
    /// Keeps the value; the constraint is in the schema.
    public init(wrappedValue: Value, _ range: some ValueRange) { self.wrappedValue = wrappedValue }
  }

  /// A string with so many characters, or an array with so many elements.
  @propertyWrapper public struct Length<Value: Sendable>: Sendable {
    /// The argument.
    public var wrappedValue: Value
    /// Keeps the value; the constraint is in the schema.
    public init(wrappedValue: Value, _ range: some ValueRange<Int>) { self.wrappedValue = wrappedValue }
  }

  /// A string in which a regular expression (ECMA-262) matches.
  @propertyWrapper public struct Pattern<Value: Sendable>: Sendable {
    /// The argument.
    public var wrappedValue: Value
    /// Keeps the value; the constraint is in the schema.
    public init(wrappedValue: Value, _ expression: String) { self.wrappedValue = wrappedValue }
  }

  /// A string in a format that JSON Schema names.
  @propertyWrapper public struct Format<Value: Sendable>: Sendable {
    /// The argument.
    public var wrappedValue: Value
    /// Keeps the value; the constraint is in the schema.
    public init(wrappedValue: Value, _ format: StringFormat) { self.wrappedValue = wrappedValue }
  }

  /// A string, integer or boolean that also travels as the HTTP header `Mcp-Param-<name>`.
  @propertyWrapper public struct Header<Value: Sendable>: Sendable {
    /// The argument.
    public var wrappedValue: Value
    /// Keeps the value; the constraint is in the schema.
    public init(wrappedValue: Value, _ name: String) { self.wrappedValue = wrappedValue }
  }
}
