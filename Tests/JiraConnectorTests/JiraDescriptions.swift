import ConnectorTesting

/// Atlassian's descriptions, read once.
enum JiraDescriptions {
  private static let core = Result { try OpenAPIDescription("jira/openapi-v3-subset.json") }
  private static let agile = Result { try OpenAPIDescription("jira/agile-openapi-subset-2022.json") }

  /// Where the description says something else than Atlassian's documentation and Jira do.
  private static let known = [
    // The file of 2022 gives lists in queries the type of an object.
    "must be of type object, not string",
    // Null unassigns an issue (REST v3, "Assign issue").
    "/accountId must be of type string, not null",
  ]

  static func problems(with request: CapturedRequest, by described: JiraAct.Description) throws -> [String] {
    switch described {
    case .service: return request.path.hasPrefix("/rest/servicedeskapi/") ? [] : ["is no request to Service Management"]
    case .none: return request.path.hasPrefix("/rest/api/3/") ? [] : ["is no request to the core"]
    case .core, .agile: break
    }
    // Boards name statuses by their ids: the names are the core's.
    let description = try (request.path.hasPrefix("/rest/agile/") ? agile : core).get()
    return description.problems(with: request).filter { problem in !known.contains { problem.hasSuffix($0) } }
  }
}
