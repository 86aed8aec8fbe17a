internal import JSON
internal import NIOCore

/// GitHub's operations as the table of ghapi has them: names and types of parameters in path, query and body.
public struct GHAPITable: VendorDescription {
  private struct Operation {
    var name: String
    var verb: String
    var template: PathTemplate
    var query: Set<String>
    var body: Set<String>
    var required: Set<String>
    var types: [String: String]
    var takesBody: Bool
  }
  private let operations: [Operation]
  private let basePath: String

  /// - Parameter basePath: what stands in front of every path, of an Enterprise Server: `/api/v3`.
  public init(basePath: String = "") throws {
    self.basePath = basePath
    let table = try SharedData.json("github/ghapi-ops-subset-2026-09.json")
    func names(_ value: JSONValue?) -> Set<String> { Set((value?.array ?? []).compactMap(\.string)) }
    operations = (table["ops"]?.array ?? []).map { op in
      Operation(
        name: "\(op["group"]?.string ?? "").\(op["name"]?.string ?? "")", verb: op["verb"]?.string ?? "",
        template: PathTemplate(op["path"]?.string ?? "", greedy: ["path", "ref", "basehead", "branch", "name"]), query: names(op["query_params"]),
        body: names(op["body_params"]), required: names(op["required_params"]).subtracting(names(op["route_params"])),
        types: (op["param_types"]?.object ?? JSONObject()).reduce(into: [:]) { $0[$1.name] = $1.value.string }, takesBody: op["body_params"] != nil)
    }
  }

  /// `group.name` of the operation that a request is; nil if there is none.
  public func operation(_ request: CapturedRequest) -> String? { find(request)?.0.name }

  /// Names of everything that the operation takes in path, query and body; nil if there is none.
  public func parameters(_ request: CapturedRequest) -> Set<String>? {
    find(request).map { operation, route in operation.query.union(operation.body).union(route.keys) }
  }

  private func find(_ request: CapturedRequest) -> (Operation, [String: String])? {
    guard request.path.hasPrefix(basePath) else { return nil }
    let path = String(request.path.dropFirst(basePath.count))
    return operations.filter { $0.verb == request.method }
      .compactMap { operation in operation.template.match(path).map { (operation, $0) } }
      .max { $0.0.template.literals < $1.0.template.literals }
  }

  public func problems(with request: CapturedRequest) -> [String] {
    guard let (operation, route) = find(request) else { return ["is no operation of GitHub's table"] }
    var problems: [String] = []
    for (name, value) in route { if let type = operation.types[name] { problems += Self.check(name, text: value, type) } }
    for (name, value) in request.query {
      guard operation.query.contains(name) else {
        problems.append("\(operation.name) has no query parameter \"\(name)\"")
        continue
      }
      if let type = operation.types[name] { problems += Self.check(name, text: value, type) }
    }
    for (name, count) in request.query.reduce(into: [String: Int](), { $0[$1.name, default: 0] += 1 }) where count > 1 {
      problems.append("the query parameter \"\(name)\" stands there \(count) times")
    }
    let body = request.json?.object ?? JSONObject()
    if request.body.readableBytes > 0 {
      if request.json?.object == nil { problems.append("the body is no JSON object") }
      if request.contentType != "application/json" { problems.append("Content-Type is \(request.contentType ?? "missing")") }
      if !operation.takesBody, !body.isEmpty { problems.append("\(operation.name) takes no body") }
    }
    for (name, value) in body where operation.takesBody {
      guard operation.body.contains(name) else {
        problems.append("\(operation.name) has no member \"\(name)\"")
        continue
      }
      if let type = operation.types[name], !value.isNull, !Self.fits(value, type) { problems.append("\"\(name)\" must be of type \(type)") }
    }
    for name in operation.required.sorted() where body[name] == nil && request.query(name) == nil {
      problems.append("\(operation.name) needs \"\(name)\"")
    }
    return problems
  }

  private static func check(_ name: String, text: String, _ type: String) -> [String] {
    switch type {
    case "int" where Int(text) == nil: ["\"\(name)\" must be a whole number"]
    case "bool" where text != "true" && text != "false": ["\"\(name)\" must be true or false"]
    default: text.isEmpty ? ["\"\(name)\" is empty"] : []
    }
  }

  private static func fits(_ value: JSONValue, _ type: String) -> Bool {
    switch type {
    case "int": value.int != nil
    case "bool": value.bool != nil
    case "list": value.array != nil
    case "dict": value.object != nil
    default: value.string != nil
    }
  }
}
