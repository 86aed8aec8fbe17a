public import JSON

/// Collects the JSON Schemas of named types while the schema of a type that uses them is built.
///
/// A type that occurs once is written where it occurs. One that occurs more often, or within itself, becomes a definition in `$defs`
/// that `$ref` points to.
public struct SchemaBuilder: Sendable {
  private struct Definition: Sendable {
    var name: String
    /// Nil while it is being built.
    var schema: JSONValue?
    var uses = 1
    var isRecursive = false
    var isInlined: Bool { uses == 1 && !isRecursive }
  }

  private var definitions: [Definition] = []
  private var places: [ObjectIdentifier: Int] = [:]

  public init() {}

  /// A reference to the schema of `type`, which `make` builds at its first use.
  public mutating func define<Value>(
    _ type: Value.Type, _ make: (inout SchemaBuilder) -> JSONValue
  ) -> JSONValue {
    if let place = places[ObjectIdentifier(type)] {
      definitions[place].uses += 1
      if definitions[place].schema == nil { definitions[place].isRecursive = true }
      return reference(definitions[place].name)
    }
    let place = definitions.count
    places[ObjectIdentifier(type)] = place
    definitions.append(Definition(name: freeName(for: String(describing: type))))
    definitions[place].schema = make(&self)
    return reference(definitions[place].name)
  }

  /// The schema of the object type `type`.
  public mutating func object<Value>(
    _ type: Value.Type, _ description: String? = nil, _ members: (inout MemberSchemas) -> Void
  ) -> JSONValue {
    define(type) { builder in
      var schemas = MemberSchemas(builder)
      members(&schemas)
      builder = schemas.builder
      return schemas.object(description)
    }
  }

  /// The schema of a type that is one of several object types, which the member `tag` tells apart.
  public mutating func choice<Value>(
    _ type: Value.Type, _ description: String? = nil, tag: String, _ cases: (inout ChoiceSchemas) -> Void
  ) -> JSONValue {
    define(type) { builder in
      var schemas = ChoiceSchemas(tag: tag, builder)
      cases(&schemas)
      builder = schemas.builder
      var schema: JSONObject = ["type": "object"]
      if let description { schema["description"] = .string(description) }
      schema["oneOf"] = .array(schemas.cases)
      return .object(schema)
    }
  }

  /// `root`, complete with the definitions that it needs.
  ///
  /// - Parameter root: what ``ToolValue/schema(_:)`` gave. A reference becomes the schema itself, since a tool's schema shows its type.
  public func finish(_ root: JSONValue) -> JSONValue {
    var root = root
    if let definition = definition(of: root), let schema = definition.schema { root = SchemaBuilder.merge(schema, root) }
    root = inlining(root)
    var kept = JSONObject()
    for definition in definitions where !definition.isInlined {
      // A type that only the root is needs no definition.
      guard let schema = definition.schema, isReferred(definition.name, from: root) else { continue }
      kept[definition.name] = inlining(schema)
    }
    if !kept.isEmpty { root["$defs"] = .object(kept) }
    return root
  }

  // MARK: References

  private static let prefix = "#/$defs/"

  private func reference(_ name: String) -> JSONValue { ["$ref": .string(SchemaBuilder.prefix + name)] }

  private func definition(of schema: JSONValue) -> Definition? {
    guard let target = schema["$ref"]?.string, target.hasPrefix(SchemaBuilder.prefix) else { return nil }
    let name = target.dropFirst(SchemaBuilder.prefix.count)
    return definitions.first { $0.name == name }
  }

  private func inlining(_ schema: JSONValue) -> JSONValue {
    switch schema {
    case .array(let elements): return .array(elements.map { inlining($0) })
    case .object(let object):
      if let definition = definition(of: schema), definition.isInlined, let whole = definition.schema {
        return inlining(SchemaBuilder.merge(whole, schema))
      }
      var result = JSONObject()
      for (name, value) in object { result[name] = inlining(value) }
      return .object(result)
    default: return schema
    }
  }

  /// `schema` with what stands beside the reference to it, such as the description of the member that has the type.
  private static func merge(_ schema: JSONValue, _ reference: JSONValue) -> JSONValue {
    var result = schema
    for (name, value) in reference.object ?? JSONObject() where name != "$ref" { result[name] = value }
    return result
  }

  private func isReferred(_ name: String, from root: JSONValue) -> Bool {
    var seen: Set<String> = []
    var waiting = SchemaBuilder.targets(of: root)
    while let next = waiting.popLast() {
      if next == name { return true }
      guard seen.insert(next).inserted, let schema = definitions.first(where: { $0.name == next })?.schema else { continue }
      waiting += SchemaBuilder.targets(of: schema)
    }
    return false
  }

  private static func targets(of schema: JSONValue) -> [String] {
    switch schema {
    case .array(let elements): elements.flatMap { targets(of: $0) }
    case .object(let object):
      object.flatMap { name, value -> [String] in
        if name == "$ref", let target = value.string { return [String(target.dropFirst(prefix.count))] }
        return targets(of: value)
      }
    default: []
    }
  }

  private func freeName(for type: String) -> String {
    let base = String(type.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    var name = base
    var number = 2
    while definitions.contains(where: { $0.name == name }) {
      name = "\(base)\(number)"
      number += 1
    }
    return name
  }
}
