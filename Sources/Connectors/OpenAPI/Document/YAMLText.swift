internal import JSON
internal import Yams

/// YAML as JSON data (YAML 1.2, core schema).
enum YAMLText {
  /// Aliases can make a small text large.
  private static let maximumValues = 2_000_000

  static func json(_ text: String) throws(OpenAPIError) -> JSONValue {
    let node: Node?
    do { node = try Yams.compose(yaml: text) } catch { throw OpenAPIError("the description is no valid YAML: \(error)") }
    guard let node else { throw OpenAPIError("the description is empty") }
    var count = 0
    return try json(node, depth: 0, &count)
  }

  private static func json(_ node: Node, depth: Int, _ count: inout Int) throws(OpenAPIError) -> JSONValue {
    count += 1
    guard depth < 256, count <= maximumValues else { throw OpenAPIError("the description is nested too deeply, or too long") }
    switch node {
    case .scalar(let scalar): return scalar.style == .plain ? plain(scalar.string, node) : .string(scalar.string)
    case .sequence(let sequence):
      var values: [JSONValue] = []
      for element in sequence { values.append(try json(element, depth: depth + 1, &count)) }
      return .array(values)
    case .mapping(let mapping):
      var object = JSONObject()
      for (key, value) in mapping {
        guard case .scalar(let name) = key else { throw OpenAPIError("a key of the description is no text") }
        object[name.string] = try json(value, depth: depth + 1, &count)
      }
      return .object(object)
    case .alias: throw OpenAPIError("the description has an alias that leads nowhere")
    }
  }

  private static func plain(_ text: String, _ node: Node) -> JSONValue {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return true
    case "false", "False", "FALSE": return false
    default: break
    }
    if let int = Int(text) { return .int(int) }
    // `200` is a number, `1e3` and `1.5` too; a version such as `1.0.0` or a date is not.
    if text.utf8.allSatisfy({ ($0 >= 0x30 && $0 <= 0x39) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0) }), let double = Double(text), let number = JSONNumber(double) {
      // `3.0` stays what it is: `JSONNumber` would make `3` of it.
      return (try? JSONValue(parsing: text)).flatMap { $0.double == nil ? nil : $0 } ?? .number(number)
    }
    return .string(text)
  }
}
