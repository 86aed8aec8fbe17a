public import JSON
internal import NIOCore

/// Slack's method reference: the arguments of each method.
public struct SlackMethods: VendorDescription {
  private let methods: [String: JSONValue]

  public init() throws {
    var methods: [String: JSONValue] = [:]
    for file in try SharedData.files("slack/methods") where file.hasSuffix(".json") {
      methods[String(file.dropLast(5))] = try SharedData.json("slack/methods/\(file)")
    }
    self.methods = methods
  }

  /// The reference of a method: scopes, rate tier, errors, examples.
  public subscript(_ method: String) -> JSONValue? { methods[method] }

  public func problems(with request: CapturedRequest) -> [String] {
    guard let name = request.path.split(separator: "/").last.map(String.init), let method = methods[name] else { return ["is no method of Slack's reference"] }
    var problems: [String] = []
    let arguments = method["args"]?["properties"]?.object ?? JSONObject()
    var given: [(name: String, value: JSONValue, isText: Bool)] = (request.query + request.form).map { ($0.name, .string($0.value), true) }
    if request.contentType == "application/json" {
      if method["json_input_supported"]?.bool != true { problems.append("\(name) takes no JSON") }
      given += (request.json?.object ?? JSONObject()).map { ($0.name, $0.value, false) }
    }
    if request.query("token") != nil || request.form.contains(where: { $0.name == "token" }) { problems.append("the token stands outside of the header") }
    if request.header("Authorization")?.hasPrefix("Bearer ") != true, arguments["token"] != nil { problems.append("there is no bearer token") }
    for (argument, value, isText) in given {
      guard let known = arguments[argument] else {
        problems.append("\(name) has no argument \"\(argument)\"")
        continue
      }
      if !Self.fits(value, known, isText) { problems.append("\"\(argument)\" must be of another type: \(known["type"]?.text ?? known["anyOf"]?.text ?? "")") }
    }
    for required in (method["args"]?["required"]?.array ?? []).compactMap(\.string) where required != "token" && !given.contains(where: { $0.name == required }) {
      problems.append("\(name) needs \"\(required)\"")
    }
    return problems
  }

  private static func fits(_ value: JSONValue, _ known: JSONValue, _ isText: Bool) -> Bool {
    if let ways = known["anyOf"]?.array ?? known["oneOf"]?.array { return ways.contains { fits(value, $0, isText) } }
    if let values = known["enum"]?.array, !values.contains(value) { return false }
    let text = isText ? value.string : nil
    switch known["type"]?.string {
    case "boolean": return value.bool != nil || ["true", "false", "1", "0"].contains(text)
    case "integer": return value.int != nil || text.flatMap { Int($0) } != nil
    case "number": return value.double != nil || text.flatMap { Double($0) } != nil
    // In a form: a list with commas, or JSON.
    case "array": return value.array != nil || isText
    case "object": return value.object != nil || isText
    case "string": return value.string != nil || !isText && value.array != nil
    case "null": return value.isNull
    default: return true
    }
  }
}
