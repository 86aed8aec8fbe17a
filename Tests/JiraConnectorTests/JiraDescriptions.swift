import ConnectorTesting
import JSON
import MCP

/// Atlassian's descriptions, cut down to what one request needs: whole they hold thousands of schemas, which take long to be read.
enum JiraDescriptions {
  private static let core = Result { try SharedData.json("jira/openapi-v3-subset.json") }
  private static let agile = Result { try SharedData.json("jira/agile-openapi-subset-2022.json") }

  /// Where the description says something else than Atlassian's documentation and Jira do.
  private static let known = [
    // The file of 2022 gives lists in queries the type of an object.
    "must be of type object, not string",
    // Null unassigns an issue (REST v3, "Assign issue").
    "/accountId must be of type string, not null",
  ]

  static func problems(with request: CapturedRequest, by described: JiraAct.Description) throws -> [String] {
    guard described != .none else { return request.path.hasPrefix("/rest/servicedeskapi/") ? [] : ["is no request to Service Management"] }
    let whole = try (described == .core ? core : agile).get()
    return try OpenAPIDescription(part(of: whole, for: request.segments)).problems(with: request).filter { problem in !known.contains { problem.hasSuffix($0) } }
  }

  private static func part(of whole: JSONValue, for segments: [String]) -> JSONValue {
    var paths = JSONObject()
    for (path, item) in whole["paths"]?.object ?? JSONObject() {
      let template = path.split(separator: "/").map(String.init)
      if template.count == segments.count, zip(template, segments).allSatisfy({ $0.hasPrefix("{") || $0 == $1 }) { paths[path] = item }
    }
    var parts: [String: JSONObject] = [:]
    var rest = references(in: .object(paths))
    while let name = rest.popLast() {
      let place = name.split(separator: "/").map(String.init)
      guard place.count == 4, parts[place[2]]?[place[3]] == nil, let part = whole["components"]?[place[2]]?[place[3]] else { continue }
      parts[place[2], default: JSONObject()][place[3]] = part
      rest += references(in: part)
    }
    let components = parts.sorted { $0.key < $1.key }.reduce(into: JSONObject()) { $0[$1.key] = .object($1.value) }
    return ["openapi": "3.0.1", "paths": .object(paths), "components": .object(components)]
  }

  /// Of the form `#/components/schemas/Name`. Answers are left out.
  private static func references(in value: JSONValue) -> [String] {
    switch value {
    case .array(let values): values.flatMap { references(in: $0) }
    case .object(let object):
      object.flatMap { name, member -> [String] in
        if name == "$ref", let reference = member.string { return [reference] }
        return name == "responses" ? [] : references(in: member)
      }
    default: []
    }
  }
}
