import JSON
import MCP

/// Arguments that fit a tool's schema: every parameter, and of bodies what is required, or everything where nothing is.
struct PlausibleArguments {
  private let root: JSONValue
  /// Values of members by name, where the schema does not tell what a server takes.
  private let named: [String: JSONValue]

  init(_ tool: ToolDefinition, named: [String: JSONValue] = [:]) {
    root = tool.inputSchema
    self.named = named
  }

  var all: JSONValue {
    var arguments = JSONObject()
    for (name, schema) in root["properties"]?.object ?? JSONObject() { arguments[name] = named[name] ?? value(of: schema, depth: 0) }
    return .object(arguments)
  }

  private func value(of schema: JSONValue, depth: Int) -> JSONValue {
    let schema = flat(schema)
    if let known = schema["enum"]?.array?.first(where: { !$0.isNull }) { return known }
    if let constant = schema["const"] { return constant }
    let types = schema["type"]?.string.map { [$0] } ?? (schema["type"]?.array ?? []).compactMap(\.string)
    switch types.first(where: { $0 != "null" }) ?? (schema["properties"] == nil ? "string" : "object") {
    case "array":
      let items = schema["items"].map { value(of: $0, depth: depth + 1) } ?? "x"
      return .array(Array(repeating: items, count: max(1, schema["minItems"]?.int ?? 1)))
    case "object": return object(schema, depth)
    case "integer": return .int(max(1, schema["minimum"]?.int ?? 1))
    case "number": return .int(max(1, schema["minimum"]?.int ?? 1))
    case "boolean": return true
    default: return .string(text(schema))
    }
  }

  private func object(_ schema: JSONValue, _ depth: Int) -> JSONValue {
    let required = Set((schema["required"]?.array ?? []).compactMap(\.string))
    var object = JSONObject()
    for (name, member) in schema["properties"]?.object ?? JSONObject() where depth < 8 {
      // Everything of everything would have no end.
      guard required.contains(name) || (required.isEmpty && depth == 0 && isScalar(member)) else { continue }
      object[name] = named[name] ?? value(of: member, depth: depth + 1)
    }
    return .object(object)
  }

  private func isScalar(_ schema: JSONValue) -> Bool {
    let schema = flat(schema)
    return schema["properties"] == nil && schema["type"]?.string != "object" && schema["type"]?.string != "array"
  }

  private func text(_ schema: JSONValue) -> String {
    switch schema["format"]?.string {
    case "date-time": return "2026-11-01T00:00:00Z"
    case "date": return "2026-11-01"
    case "uri": return "https://example.com/a"
    case "email": return "ada@example.com"
    case "uuid": return "6f9619ff-8b86-4d01-b42d-00c04fc964ff"
    default: break
    }
    let text = "x1"
    let shortest = schema["minLength"]?.int ?? 0
    return text + String(repeating: "x", count: max(0, shortest - text.count))
  }

  /// A schema with what it refers to and is put together of; of alternatives the first that is not null.
  private func flat(_ schema: JSONValue) -> JSONValue {
    var schema = schema
    for _ in 0..<8 {
      if let reference = schema["$ref"]?.string, reference.hasPrefix("#/$defs/") {
        let name = String(reference.dropFirst("#/$defs/".count)).replacing("~1", with: "/").replacing("~0", with: "~")
        schema = merged(schema, root["$defs"]?[name] ?? .null, without: "$ref")
      } else if let parts = schema["allOf"]?.array {
        schema = parts.reduce(merged(schema, .null, without: "allOf")) { merged($0, flat($1), without: "allOf") }
      } else if let keyword = ["oneOf", "anyOf"].first(where: { schema[$0] != nil }) {
        let choice = schema[keyword]?.array?.first { $0["type"]?.string != "null" } ?? .null
        schema = merged(schema, flat(choice), without: keyword)
      } else {
        return schema
      }
    }
    return schema
  }

  private func merged(_ one: JSONValue, _ other: JSONValue, without keyword: String) -> JSONValue {
    var object = JSONObject()
    for (name, value) in one.object ?? JSONObject() where name != keyword { object[name] = value }
    for (name, value) in other.object ?? JSONObject() {
      switch (name, object[name]) {
      case ("properties", let known?):
        object[name] = .object((value.object ?? JSONObject()).reduce(into: known.object ?? JSONObject()) { $0[$1.name] = $1.value })
      case ("required", let known?): object[name] = .array((known.array ?? []) + (value.array ?? []))
      case (_, nil): object[name] = value
      default: break
      }
    }
    return .object(object)
  }
}
