internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP

/// An operation of GitHub's GraphQL API. Its text is made of literals of this source alone: what callers say goes as variables, which can
/// only be values.
struct GraphQLDocument: Sendable {
  let text: String
  /// Whether it may be sent again when its answer was lost.
  let isIdempotent: Bool

  private init(_ parts: [StaticString], isIdempotent: Bool) {
    text = parts.map { "\($0)" }.joined(separator: "\n")
    self.isIdempotent = isIdempotent
  }

  /// - Parameter parts: the operation and the fragments that it uses.
  static func query(_ parts: StaticString...) -> GraphQLDocument { GraphQLDocument(parts, isIdempotent: true) }
  static func mutation(_ parts: StaticString..., isIdempotent: Bool = false) -> GraphQLDocument { GraphQLDocument(parts, isIdempotent: isIdempotent) }
}

/// What GitHub answered.
struct GraphQLAnswer: Sendable {
  /// What was asked for, at the place that the call named.
  let value: RawJSON
  /// Why parts of it are missing: GitHub answers with the rest.
  let problems: [String]
}

extension GitHub {
  /// Asks for what stands at `place` of the answer's data.
  ///
  /// - Throws: why it is not there.
  func graphQL(
    _ request: some IncomingRequest, _ document: GraphQLDocument, _ variables: JSONObject, at place: [String]
  ) async throws(VendorError) -> GraphQLAnswer {
    var message = VendorRequest(.post, path: Self.graphQLPath(settings.base.path), bucket: Bucket.graphQL, isIdempotent: document.isIdempotent)
      .json(["query": .string(document.text), "variables": .object(variables)])
    // Of an Enterprise Server it lies beside the path of REST, not below.
    message.origin = settings.base.origin
    let json = try await api.json(message, as: try subject(request))
    var value = json["data"]
    for name in place { value = value?[name] }
    let errors = json["errors"]?.elements.map { GraphQLErrors.error($0) } ?? []
    guard let value, !value.isNull else { throw errors.first ?? GitHubAnswers.notFound }
    var problems: [String] = []
    for error in errors where problems.count < 5 && !problems.contains(error.message) { problems.append(error.message) }
    return GraphQLAnswer(value: value, problems: problems)
  }

  /// `/graphql`, or `/api/graphql` where REST has `/api/v3`.
  private static func graphQLPath(_ rest: String) -> String {
    var segments = rest.pathSegments
    if segments.last == "v3" { segments.removeLast() }
    return "/" + (segments + ["graphql"]).joined(separator: "/")
  }

  /// `owner`, `name` and `renames` of a document. Renamed repositories are found where no name is filtered: the new name was not checked.
  func variables(_ repository: Repository) -> JSONObject {
    ["owner": .string(repository.owner), "name": .string(repository.name), "renames": .bool(settings.repositories.admitsAll)]
  }

  // MARK: Pages

  /// A page of a connection, as `limit` and `cursor` of the call say, in `first` and `after` of the document.
  func page(
    _ call: ToolCall, _ document: GraphQLDocument, _ variables: JSONObject, at place: [String]
  ) async throws(VendorError) -> (page: Page, nodes: [RawJSON], problems: [String]) {
    let cursor = PageCursor(list: [call.name, call.string("method") ?? "", JSONValue.object(variables).text])
    var variables = variables
    variables["first"] = .int(call.int("limit") ?? Self.defaultLimit)
    variables["after"] = try call.string("cursor").map { text throws(VendorError) in .string(try cursor.vendor(text)) } ?? .null
    let answer = try await graphQL(call, document, variables, at: place)
    let ends = answer.value["pageInfo"]
    let next = ends?["hasNextPage"]?.bool == true ? ends?["endCursor"]?.string.map { cursor.text($0) } : nil
    // What GitHub keeps from the credential stands as null among the others.
    return (Page(json: answer.value, next: next), answer.value["nodes"]?.elements.filter { !$0.isNull } ?? [], answer.problems)
  }

  /// ``listing(_:_:_:_:_:adding:more:)`` that also says what GitHub did not answer.
  func listing(
    _ call: ToolCall, _ page: Page, _ items: [RawJSON], _ member: String, _ shape: Shape, adding extra: JSONObject = JSONObject(), problems: [String]
  ) async throws(VendorError) -> ToolResult {
    var result = try await listing(call, page, items, member, shape, adding: extra, more: problems.isEmpty ? [:] : ["incomplete": .array(problems.map { .string($0) })])
    if !problems.isEmpty { result.content.append(.text("GitHub did not answer with all of it: \(problems.joined(separator: " "))")) }
    return result
  }
}

extension Output {
  static let incomplete: (name: String, schema: JSONValue) = (
    "incomplete", ["type": "array", "items": ["type": "string"], "description": "Why GitHub left out parts."]
  )
}
