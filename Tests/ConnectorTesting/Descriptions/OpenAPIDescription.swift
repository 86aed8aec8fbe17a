public import JSON
internal import NIOCore

/// A description in OpenAPI 3.0 or 3.1, as JSON.
///
/// Strict where the standard is lenient: parameters and members of bodies that are not described are wrong.
public struct OpenAPIDescription: VendorDescription {
  private struct Operation {
    var name: String
    var method: String
    var template: PathTemplate
    var parameters: [JSONValue]
    var body: JSONValue?
  }
  private let operations: [Operation]
  private let basePath: String
  private let document: JSONValue
  private let schemas: OpenAPISchemas
  private static let uri = "https://description.test/openapi"

  /// - Parameters:
  ///   - file: below `shared/data/connectors`.
  ///   - basePath: what stands in front of every path.
  ///   - greedy: path parameters that may hold slashes.
  public init(_ file: String, basePath: String = "", greedy: Set<String> = []) throws {
    try self.init(try SharedData.json(file), basePath: basePath, greedy: greedy)
  }

  public init(_ description: JSONValue, basePath: String = "", greedy: Set<String> = []) throws {
    self.basePath = basePath
    document = description
    schemas = OpenAPISchemas(description, uri: Self.uri)
    var operations: [Operation] = []
    for (path, item) in description["paths"]?.object ?? JSONObject() {
      for (method, operation) in item.object ?? JSONObject() where ["get", "put", "post", "delete", "patch", "head", "options"].contains(method) {
        let parameters = ((item["parameters"]?.array ?? []) + (operation["parameters"]?.array ?? [])).map { Self.resolve($0, in: description) }
        operations.append(
          Operation(
            name: operation["operationId"]?.string ?? "\(method.uppercased()) \(path)", method: method.uppercased(),
            template: PathTemplate(path, greedy: greedy), parameters: parameters,
            body: operation["requestBody"].map { Self.resolve($0, in: description) }))
      }
    }
    self.operations = operations
  }

  /// The id of the operation that a request is; nil if there is none.
  public func operation(_ request: CapturedRequest) -> String? { find(request)?.0.name }

  private static func resolve(_ value: JSONValue, in document: JSONValue) -> JSONValue {
    var value = value
    for _ in 0..<8 {
      guard let reference = value["$ref"]?.string, reference.hasPrefix("#/") else { return value }
      var target: JSONValue? = document
      for part in reference.dropFirst(2).split(separator: "/") {
        target = target?[String(part.replacing("~1", with: "/").replacing("~0", with: "~"))]
      }
      value = target ?? .null
    }
    return value
  }

  private func find(_ request: CapturedRequest) -> (Operation, [String: String])? {
    guard request.path.hasPrefix(basePath) else { return nil }
    let path = String(request.path.dropFirst(basePath.count))
    return operations.filter { $0.method == request.method }
      .compactMap { operation in operation.template.match(path).map { (operation, $0) } }
      .max { $0.0.template.literals < $1.0.template.literals }
  }

  public func problems(with request: CapturedRequest) -> [String] {
    guard let (operation, route) = find(request) else { return ["is no operation of the description"] }
    var problems: [String] = []
    let parameters = operation.parameters
    func parameter(_ name: String, _ place: String) -> JSONValue? {
      parameters.first { $0["name"]?.string == name && $0["in"]?.string == place }
    }
    for (name, value) in route { if let known = parameter(name, "path") { problems += check(name, [value], known) } }
    for name in Set(request.query.map(\.name)).sorted() {
      // `labels[]`-style names are described with and without brackets.
      guard let known = parameter(name, "query") else {
        problems.append("\(operation.name) has no query parameter \"\(name)\"")
        continue
      }
      problems += check(name, request.query.filter { $0.name == name }.map(\.value), known)
    }
    for known in parameters where known["required"]?.bool == true {
      let name = known["name"]?.string ?? ""
      switch known["in"]?.string {
      case "query" where request.query(name) == nil: problems.append("\(operation.name) needs the query parameter \"\(name)\"")
      case "header" where request.header(name) == nil: problems.append("\(operation.name) needs the header \(name)")
      default: break
      }
    }
    return problems + checkBody(request, operation)
  }

  private func check(_ name: String, _ values: [String], _ parameter: JSONValue) -> [String] {
    guard let schema = parameter["schema"] else { return [] }
    let resolved = Self.resolve(schema, in: document)
    let value: JSONValue
    if OpenAPISchema.types(resolved).contains("array") {
      let items = parameter["explode"]?.bool == false ? values.flatMap { $0.split(separator: ",").map(String.init) } : values
      value = .array(items.map { OpenAPISchema.scalar($0, Self.resolve(resolved["items"] ?? .null, in: document)) })
    } else {
      guard values.count == 1 else { return ["\"\(name)\" stands there \(values.count) times"] }
      value = OpenAPISchema.scalar(values[0], resolved)
    }
    return validate(value, schema, name)
  }

  private func checkBody(_ request: CapturedRequest, _ operation: Operation) -> [String] {
    guard request.body.readableBytes > 0 else {
      return operation.body?["required"]?.bool == true ? ["\(operation.name) needs a body"] : []
    }
    guard let body = operation.body, let content = body["content"]?.object else { return ["\(operation.name) takes no body"] }
    let type = request.contentType ?? ""
    guard let media = content[type] ?? content["*/*"] ?? content.first(where: { $0.name.hasPrefix(type + ";") })?.value else {
      return ["\(operation.name) takes no \(type.isEmpty ? "body without Content-Type" : type)"]
    }
    guard let schema = media["schema"] else { return [] }
    let value: JSONValue
    switch type {
    case "application/json", "application/json-patch+json":
      guard let json = request.json else { return ["the body is no JSON"] }
      value = json
    case "application/x-www-form-urlencoded":
      value = .object(request.form.reduce(into: JSONObject()) { $0[$1.name] = .string($1.value) })
    default: return []
    }
    return validate(value, schema, "the body")
  }

  private func validate(_ value: JSONValue, _ schema: JSONValue, _ what: String) -> [String] {
    do {
      return try schemas.compiled(schema).validate(value.raw).map { "\(what): \($0)" }
    } catch { return ["\(what): the description's schema cannot be read: \(error)"] }
  }
}
