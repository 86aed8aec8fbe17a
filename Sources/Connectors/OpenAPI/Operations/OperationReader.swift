internal import JSON
internal import MCPHTTP

/// Reads the operations of a description. One that cannot be read is left out and named; the others are not spoiled.
struct OperationReader {
  private let document: OpenAPIDocument
  private let servers: OperationServers
  private(set) var operations: [Operation] = []
  /// What was left out, and why.
  private(set) var problems: [String] = []
  private var names = OperationNames()

  private static let methods: [(key: String, method: HTTPMethod)] = [
    ("get", .get), ("put", .put), ("post", .post), ("delete", .delete), ("patch", .patch), ("head", .head),
  ]

  init(_ document: OpenAPIDocument, _ servers: OperationServers) {
    self.document = document
    self.servers = servers
    for (path, item) in document.root["paths"]?.object ?? JSONObject() {
      guard Self.isPath(path) else {
        problems.append("\(path.prefix(128)): a path starts with a slash and is printable ASCII")
        continue
      }
      guard let item = document.resolved(item) else {
        problems.append("\(path): its reference leads nowhere")
        continue
      }
      // Since 3.2.
      if item["query"] != nil { problems.append("QUERY \(path): this method is not offered") }
      let shared = item["parameters"]?.array ?? []
      for (key, method) in Self.methods {
        guard let operation = item[key], operation.object != nil else { continue }
        let name = names.name(id: operation["operationId"]?.string, method: key, path: path)
        do throws(OpenAPIError) {
          var read = try read(operation, name, method, path, shared)
          read.place = try servers.place(Self.servers(operation) ?? Self.servers(item))
          operations.append(read)
        } catch {
          problems.append("\(key.uppercased()) \(path): \(error)")
        }
      }
    }
  }

  /// An empty list says nothing.
  private static func servers(_ json: JSONValue) -> JSONValue? { json["servers"].flatMap { $0.array?.isEmpty == false ? $0 : nil } }

  /// A space or line break would end the path of the request.
  private static func isPath(_ path: String) -> Bool { path.hasPrefix("/") && path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } }

  /// What the transport sets, or what would lead the request elsewhere.
  private static let reservedHeaders: Set<String> = [
    "accept", "content-type", "authorization", "host", "content-length", "transfer-encoding", "connection", "cookie", "te", "trailer", "upgrade", "expect",
    "proxy-authorization",
  ]

  private func read(_ json: JSONValue, _ name: String, _ method: HTTPMethod, _ path: String, _ shared: [JSONValue]) throws(OpenAPIError) -> Operation {
    let variables = Self.variables(of: path)
    var parameters: [Operation.Parameter] = []
    for value in shared + (json["parameters"]?.array ?? []) {
      guard let parameter = try parameter(value), parameter.location != .path || variables.contains(parameter.name) else { continue }
      // An operation's own parameter replaces the path's of the same name and place.
      parameters.removeAll { $0.name == parameter.name && $0.location == parameter.location }
      parameters.append(parameter)
    }
    for variable in variables where !parameters.contains(where: { $0.location == .path && $0.name == variable }) {
      parameters.append(
        Operation.Parameter(
          name: variable, location: .path, argument: variable, isRequired: true, description: nil, schema: ["type": "string"], type: "string",
          style: .simple(explode: false)))
    }
    var body = try body(json["requestBody"])
    // A GET with a body is not sent by many clients and not read by many servers.
    if method == .get || method == .head { body = nil }
    var taken: Set<String> = body == nil ? [] : [Operation.bodyArgument]
    for index in parameters.indices {
      if !taken.insert(parameters[index].argument).inserted {
        parameters[index].argument = "\(parameters[index].location.rawValue)_\(parameters[index].argument)"
        guard taken.insert(parameters[index].argument).inserted else { throw OpenAPIError("two parameters are called \(parameters[index].name)") }
      }
    }
    let security = (json["security"] ?? document.root["security"])?.array ?? []
    return Operation(
      name: name, method: method, path: String(path.prefix { $0 != "#" }), summary: json["summary"]?.string, description: json["description"]?.string,
      tags: (json["tags"]?.array ?? []).compactMap(\.string), isDeprecated: json["deprecated"]?.bool ?? false, parameters: parameters, body: body,
      security: security.map { alternative in
        (alternative.object ?? JSONObject()).map { .init(scheme: $0.name, scopes: ($0.value.array ?? []).compactMap(\.string)) }
      }, accepts: accepts(json["responses"]))
  }

  static func variables(of path: String) -> [String] {
    path.split(separator: "{").dropFirst().compactMap { part in part.firstIndex(of: "}").map { String(part[..<$0]) } }
  }

  private func parameter(_ value: JSONValue) throws(OpenAPIError) -> Operation.Parameter? {
    guard let json = document.resolved(value), let name = json["name"]?.string, let place = json["in"]?.string else {
      throw OpenAPIError("a parameter has no name or place, or its reference leads nowhere")
    }
    guard let location = Operation.Parameter.Location(rawValue: place) else { throw OpenAPIError("the place \(place.prefix(32)) of \(name) is not known") }
    // OpenAPI says of the first three that they are described elsewhere.
    if location == .header, Self.reservedHeaders.contains(name.lowercased()) { return nil }
    guard location != .header && location != .cookie || name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !":;,=\"".utf8.contains($0) }) else {
      throw OpenAPIError("the name of a \(place) has characters that it cannot have")
    }
    let content = json["content"]?.object?.first { _ in true }
    let isJSON = content.map { $0.name.contains("json") } ?? false
    let style = isJSON ? .json : try ParameterStyle(json["style"]?.string, explode: json["explode"]?.bool, location)
    let schema = json["schema"] ?? content?.value["schema"] ?? true
    let type = document.resolved(schema)?["type"]
    let types = (type?.array ?? type.map { [$0] } ?? []).compactMap(\.string).filter { $0 != "null" }
    let deprecation = json["deprecated"]?.bool == true ? "Deprecated." : nil
    return Operation.Parameter(
      name: name, location: location, argument: name, isRequired: location == .path || json["required"]?.bool == true,
      description: deprecation.map { [$0, json["description"]?.string].compactMap { $0 }.joined(separator: " ") } ?? json["description"]?.string, schema: schema,
      type: types.count == 1 ? types[0] : nil, style: style)
  }

  private func body(_ value: JSONValue?) throws(OpenAPIError) -> Operation.Body? {
    guard let value else { return nil }
    guard let json = document.resolved(value), let content = json["content"]?.object else { throw OpenAPIError("the reference of the body leads nowhere") }
    let known: [(Operation.Body.Form, (String) -> Bool)] = [
      (.json, { $0 == "application/json" || $0.hasSuffix("+json") }), (.form, { $0 == "application/x-www-form-urlencoded" }),
      (.multipart, { $0 == "multipart/form-data" }), (.text, { $0.hasPrefix("text/") }), (.binary, { _ in true }),
    ]
    for (form, isMatch) in known {
      guard let found = content.first(where: { isMatch(Self.essence($0.name)) }) else { continue }
      // A range of types is nothing to send.
      let type = !found.name.contains("*") ? found.name : form == .text ? "text/plain" : "application/octet-stream"
      guard Self.isMediaType(type) else { throw OpenAPIError("the media type of the body has characters that it cannot have") }
      var styles: [String: ParameterStyle] = [:]
      var partTypes: [String: String] = [:]
      for (name, encoding) in found.value["encoding"]?.object ?? JSONObject() {
        let partType = encoding["contentType"]?.string.flatMap { Self.isMediaType($0) && !$0.contains("*") && !$0.contains(",") ? $0 : nil }
        partTypes[name] = partType
        if encoding["style"] != nil || encoding["explode"] != nil {
          styles[name] = try ParameterStyle(encoding["style"]?.string, explode: encoding["explode"]?.bool, .query)
        } else if let partType, Self.essence(partType) == "application/json" {
          styles[name] = .json
        }
      }
      return Operation.Body(
        form: form, mediaType: type, isRequired: json["required"]?.bool ?? false, schema: found.value["schema"] ?? true, description: json["description"]?.string,
        styles: styles, partTypes: partTypes)
    }
    return nil
  }

  /// A media type without its parameters.
  private static func essence(_ type: String) -> String { type.prefix { $0 != ";" }.filter { $0 != " " }.lowercased() }

  private static func isMediaType(_ type: String) -> Bool { type.contains("/") && type.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } }

  private func accepts(_ responses: JSONValue?) -> String {
    for (status, response) in responses?.object ?? JSONObject() where status.hasPrefix("2") || status == "default" {
      let types = (document.resolved(response)?["content"]?.object ?? JSONObject()).map(\.name).filter(Self.isMediaType)
      if let json = types.first(where: { $0.contains("json") }) { return json }
      if let first = types.first { return first }
    }
    return "application/json"
  }
}
