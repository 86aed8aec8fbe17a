internal import JSON
internal import Synchronization

/// The schemas of one description, each compiled when it is first needed and kept.
///
/// A vendor's description holds thousands: a schema is compiled together with the components that it refers to, not with all of them.
final class OpenAPISchemas: Sendable {
  private let uri: String
  /// The description, strict (``OpenAPISchema``).
  private let document: JSONValue
  /// By the text of the schema as the description has it. Guarded by the mutex; nothing is compiled while it is held.
  private let compiled = Mutex<[String: Result<JSONSchema, JSONSchemaError>]>([:])

  init(_ description: JSONValue, uri: String) {
    self.uri = uri
    document = OpenAPISchema.strict(description, uri: uri)
  }

  /// - Parameter schema: a part of the description, not strict yet.
  func compiled(_ schema: JSONValue) throws(JSONSchemaError) -> JSONSchema {
    let key = schema.text
    if let known = compiled.withLock({ $0[key] }) { return try known.get() }
    let strict = OpenAPISchema.strict(schema, uri: uri)
    let result = Result { () throws(JSONSchemaError) in
      try JSONSchema(strict, resources: [uri: components(of: strict)], options: JSONSchema.Options(schemas: 200_000))
    }
    compiled.withLock { $0[key] = result }
    return try result.get()
  }

  /// The part of the document that a schema refers to, and what that refers to.
  private func components(of schema: JSONValue) -> JSONValue {
    var parts: [String: JSONObject] = [:]
    var rest = references(in: schema)
    while let reference = rest.popLast() {
      let place = reference.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      // Anything else is not where descriptions keep what they refer to.
      guard place.count >= 4, place[0] == "#", place[1] == "components", let part = document["components"]?[place[2]]?[place[3]] else { return document }
      if parts[place[2]]?[place[3]] != nil { continue }
      parts[place[2], default: JSONObject()][place[3]] = part
      rest += references(in: part)
    }
    return ["components": .object(parts.sorted { $0.key < $1.key }.reduce(into: JSONObject()) { $0[$1.key] = .object($1.value) })]
  }

  /// The fragments of references within the document: `#/components/schemas/Name`.
  private func references(in value: JSONValue) -> [String] {
    switch value {
    case .array(let values): values.flatMap { references(in: $0) }
    case .object(let object):
      object.flatMap { name, member -> [String] in
        guard name == "$ref", let reference = member.string else { return references(in: member) }
        return reference.hasPrefix(uri + "#") ? [String(reference.dropFirst(uri.count))] : []
      }
    default: []
    }
  }
}
