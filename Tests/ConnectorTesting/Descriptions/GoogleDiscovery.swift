public import JSON
internal import NIOCore

/// A Google API's discovery document: methods with their parameters, and the schemas of bodies.
public struct GoogleDiscovery: VendorDescription {
  private struct Method {
    var id: String
    var verb: String
    var templates: [PathTemplate]
    var parameters: JSONObject
    var body: String?
  }
  private let methods: [Method]
  private let schemas: JSONObject
  private let shared: JSONObject

  /// - Parameter file: below `shared/data/connectors`.
  public init(_ file: String) throws { self.init(document: try SharedData.json(file)) }

  public init(document: JSONValue) {
    schemas = document["schemas"]?.object ?? JSONObject()
    shared = document["parameters"]?.object ?? JSONObject()
    let service = "/" + (document["servicePath"]?.string ?? "")
    var methods: [Method] = []
    func read(_ node: JSONValue) {
      for (_, method) in node["methods"]?.object ?? JSONObject() {
        var paths = [service + (method["path"]?.string ?? method["flatPath"]?.string ?? "")]
        for (_, way) in method["mediaUpload"]?["protocols"]?.object ?? JSONObject() { if let path = way["path"]?.string { paths.append(path) } }
        methods.append(
          Method(
            id: method["id"]?.string ?? "", verb: method["httpMethod"]?.string ?? "", templates: paths.map { PathTemplate($0) },
            parameters: method["parameters"]?.object ?? JSONObject(), body: method["request"]?["$ref"]?.string))
      }
      for (_, part) in node["resources"]?.object ?? JSONObject() { read(part) }
    }
    read(document)
    self.methods = methods
  }

  /// The id of the method that a request is; nil if there is none.
  public func operation(_ request: CapturedRequest) -> String? { find(request)?.0.id }

  private func find(_ request: CapturedRequest) -> (Method, [String: String], isUpload: Bool)? {
    methods.filter { $0.verb == request.method || $0.verb == "POST" && request.method == "PUT" }
      .flatMap { method in
        method.templates.enumerated().compactMap { index, template in
          template.match(request.path).map { (method, $0, index > 0, template.literals) }
        }
      }
      .filter { $0.0.verb == request.method || $0.2 }
      .max { $0.3 < $1.3 }.map { ($0.0, $0.1, $0.2) }
  }

  public func problems(with request: CapturedRequest) -> [String] {
    guard let (method, _, isUpload) = find(request) else { return ["is no method of the discovery document"] }
    var problems: [String] = []
    for (name, value) in request.query {
      // Those of uploads are described in prose only.
      if isUpload, name == "uploadType" || name == "upload_id" { continue }
      guard let known = method.parameters[name] ?? shared[name] else {
        problems.append("\(method.id) has no parameter \"\(name)\"")
        continue
      }
      problems += Self.check(name, value, known)
    }
    for (name, known) in method.parameters where known["required"]?.bool == true && known["location"]?.string == "query" && request.query(name) == nil {
      problems.append("\(method.id) needs the parameter \"\(name)\"")
    }
    guard request.body.readableBytes > 0, request.contentType == "application/json" else { return problems }
    guard let json = request.json else { return problems + ["the body is no JSON"] }
    guard let body = method.body else { return problems + ["\(method.id) takes no body"] }
    return problems + check(json, ["$ref": .string(body)], "")
  }

  private static func check(_ name: String, _ text: String, _ known: JSONValue) -> [String] {
    if let values = known["enum"]?.array, !values.contains(.string(text)) { return ["\"\(name)\" must not be \(text)"] }
    switch known["type"]?.string {
    case "integer":
      guard let number = Int(text) else { return ["\"\(name)\" must be a whole number"] }
      if let least = known["minimum"]?.string.flatMap({ Int($0) }), number < least { return ["\"\(name)\" must be at least \(least)"] }
      if let most = known["maximum"]?.string.flatMap({ Int($0) }), number > most { return ["\"\(name)\" must be at most \(most)"] }
      return []
    case "boolean": return text == "true" || text == "false" ? [] : ["\"\(name)\" must be true or false"]
    default: return []
    }
  }

  private func check(_ value: JSONValue, _ schema: JSONValue, _ path: String) -> [String] {
    if let reference = schema["$ref"]?.string {
      guard let target = schemas[reference] else { return [] }
      return check(value, target, path)
    }
    let place = path.isEmpty ? "the body" : path
    switch schema["type"]?.string {
    case "object":
      guard let object = value.object else { return ["\(place) must be an object"] }
      let properties = schema["properties"]?.object ?? JSONObject()
      return object.flatMap { name, member -> [String] in
        guard let known = properties[name] ?? schema["additionalProperties"] else { return ["\(place) has no member \"\(name)\""] }
        return check(member, known, path + "/" + name)
      }
    case "array":
      guard let array = value.array else { return ["\(place) must be an array"] }
      return array.enumerated().flatMap { check($1, schema["items"] ?? .null, path + "/\($0)") }
    case "string":
      guard let text = value.string else { return ["\(place) must be a string"] }
      if let values = schema["enum"]?.array, !values.contains(.string(text)) { return ["\(place) must not be \(text)"] }
      return []
    case "integer": return value.int != nil ? [] : ["\(place) must be a whole number"]
    case "number": return value.double != nil ? [] : ["\(place) must be a number"]
    case "boolean": return value.bool != nil ? [] : ["\(place) must be true or false"]
    default: return []
    }
  }
}
