public import JSON

/// Reads the members of a JSON object into the properties of a type.
public struct ObjectReader: Sendable {
  private let json: RawJSON

  /// - Throws: ``ValueError`` when `json` is no object.
  public init(_ json: RawJSON) throws(ValueError) {
    guard json.kind == .object else { throw .expected("an object", not: json) }
    self.json = json
  }

  /// The value of a member.
  ///
  /// - Parameter default: what it is when it is left out.
  /// - Throws: ``ValueError`` when a member that must be there is not, or holds a value of another type.
  public func read<Value: ToolValue>(
    _ name: String, _ type: Value.Type = Value.self, default: @autoclosure () -> Value? = nil
  ) throws(ValueError) -> Value {
    guard let member = json[name] else {
      if let value = `default`() ?? Value.absent { return value }
      throw ValueError("is missing: it is required", path: [.member(name)])
    }
    // Models write null for what they leave out.
    if member.isNull, let absent = Value.absent { return absent }
    do { return try Value(json: member) } catch { throw error.inside(.member(name)) }
  }

  /// No member: JSON has no form for `Value`. What to do stands at ``MemberSchemas``.
  @available(*, unavailable, message: "a member is of a ToolValue")
  @_disfavoredOverload
  public func read<Value>(_ name: String, _ type: Value.Type = Value.self, default: @autoclosure () -> Value? = nil) throws(ValueError) -> Value {
    throw ValueError("is of no type that JSON has a form for")
  }

  /// The tag that tells which case an object stands for.
  public func tag(_ name: String, among cases: [String]) throws(ValueError) -> String {
    guard let tag = json[name]?.string, cases.contains(tag) else {
      throw ValueError("must be one of \(cases.map { "\"\($0)\"" }.joined(separator: ", "))", path: [.member(name)])
    }
    return tag
  }
}

/// Writes the properties of a value as the members of a JSON object.
public struct ObjectWriter: Sendable {
  private var object = JSONObject()

  public init() {}
  /// - Parameter tag: the member that tells which case the object stands for.
  public init(tag: String, _ name: String) { object[tag] = .string(name) }

  /// Adds a member; a nil is left out.
  public mutating func write<Value: ToolValue>(_ name: String, _ value: Value) {
    let json = value.jsonValue
    if json.isNull, Value.absent != nil { return }
    object[name] = json
  }

  /// No member: JSON has no form for `Value`.
  @available(*, unavailable, message: "a member is of a ToolValue")
  @_disfavoredOverload
  public mutating func write<Value>(_ name: String, _ value: Value) {}

  /// The JSON that stands for the value.
  public var jsonValue: JSONValue { .object(object) }
}
