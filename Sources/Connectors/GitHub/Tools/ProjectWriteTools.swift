internal import ConnectorKit
internal import JSON
internal import MCP

/// Changes to the items of a project.
struct ProjectWriteTools {
  let github: GitHub

  var tools: [Tool] { [write] }

  private static let methods = ["add", "add_draft", "update", "clear", "remove"]

  private var write: Tool {
    github.tool(
      "project_item_write", "Items of a project", .changing,
      """
      Adds an issue or pull request to a project (add), or a draft (add_draft), sets a field of an item (update), empties it (clear), or takes an item out of the \
      project (remove), which deletes drafts.
      """,
      [
        .choice("method", Self.methods, "What to do.", required: true), ProjectTools.owner, ProjectTools.number,
        .text("item_owner", "To add: the owner of the repository of the issue or pull request; the project's owner if not given.", longest: 100),
        .text("item_repo", "To add: that repository's name.", longest: 100), .number("item_number", "To add: the number of the issue or pull request."),
        .text("title", "To add a draft: its title.", longest: 256), .long("body", "To add a draft: its text, in Markdown."),
        .text("item_id", "To update, clear or remove: the item's id, as project_read tells it.", longest: 200),
        .text("field", "To update or clear: the name of a field of the project, as get_fields tells it.", longest: 200),
        .text("value", "To update: the value: a text, a number, a date such as 2026-11-29, or the name of an option or iteration."),
      ], output: Output.object([("item", Shape.projectItem.schema), ("done", ["type": "boolean"])]),
      holding: [.one(.projectItem, "/item"), .within(.projectItem), .within(.issue), .within(.pullRequest), .within(.repository)]
    ) { [github] call in
      let owner = try github.projectOwner(call)
      let variables: JSONObject = ["owner": .string(owner), "number": .int(call.number("project_number"))]
      switch call.string("method") {
      case "add": return try await Self.add(github, call, variables, itemOwner: call.string("item_owner").flatMap { $0.isEmpty ? nil : $0 } ?? owner)
      case "add_draft": return try await Self.draft(github, call, variables)
      default: return try await Self.change(github, call, variables)
      }
    }
  }

  private static func project(_ github: GitHub, _ call: ToolCall, _ variables: JSONObject) async throws(VendorError) -> RawJSON {
    try await github.graphQL(call, .project, variables, at: ["repositoryOwner", "projectV2"]).value
  }

  private static func add(_ github: GitHub, _ call: ToolCall, _ variables: JSONObject, itemOwner: String) async throws(VendorError) -> ToolResult {
    let repository = try github.repository(itemOwner, try call.need("item_repo"))
    let number = try call.needNumber("item_number")
    try await github.permit(repository, call)
    try await github.permit(repository, number: number, call)
    try github.permit(new: ["number": .int(number)], .projectItem, in: repository, call)
    var place = github.variables(repository)
    place["number"] = .int(number)
    let content = try await github.graphQL(call, .issueOrPullRequest, place, at: ["repository", "issueOrPullRequest"]).value
    let input: JSONObject = ["projectId": id(try await project(github, call, variables)), "contentId": id(content)]
    let made = try await github.graphQL(call, .addProjectItem, ["input": .object(input)], at: ["addProjectV2ItemById", "item"]).value
    return github.showing(try await written(github, call, made), "item", .projectItem, note: "Added it to the project.")
  }

  private static func draft(_ github: GitHub, _ call: ToolCall, _ variables: JSONObject) async throws(VendorError) -> ToolResult {
    guard github.settings.repositories.admitsAll else {
      throw VendorError(.refused, "Drafts belong to no repository, and this connector may reach only some: add an issue instead.")
    }
    var input = call.body("body")
    input["title"] = .string(try call.need("title"))
    if let rule = github.rule(call, .projectItem) {
      var record = input
      record["type"] = "draft_issue"
      guard rule.admits(.object(record)) else { throw VendorError(.refused, "You are not permitted to make this. Nothing was changed.") }
    }
    input["projectId"] = id(try await project(github, call, variables))
    let made = try await github.graphQL(call, .addDraft, ["input": .object(input)], at: ["addProjectV2DraftIssue", "projectItem"]).value
    return github.showing(try await written(github, call, made), "item", .projectItem, note: "Added the draft.")
  }

  private static func change(_ github: GitHub, _ call: ToolCall, _ variables: JSONObject) async throws(VendorError) -> ToolResult {
    var fields = variables
    (fields["first"], fields["after"]) = (100, .null)
    let project = try await github.graphQL(call, .projectFields, fields, at: ["repositoryOwner", "projectV2"]).value
    _ = try await github.projectItem(call, of: project)
    var input: JSONObject = ["projectId": id(project), "itemId": .string(try call.need("item_id"))]
    if call.string("method") == "remove" {
      _ = try await github.graphQL(call, .removeProjectItem, ["input": .object(input)], at: ["deleteProjectV2Item"])
      return github.done("Took the item out of the project.")
    }
    let name = try call.need("field")
    let all = project["fields"]?["nodes"]?.elements.filter { !$0.isNull } ?? []
    guard let field = all.first(where: { $0["name"]?.string?.lowercased() == name.lowercased() }) else {
      throw VendorError(.notFound, "The project has no field \"\(name)\". There are: \(all.compactMap { $0["name"]?.string }.joined(separator: ", ")).")
    }
    input["fieldId"] = id(field)
    let isClearing = call.string("method") == "clear"
    if !isClearing { input["value"] = try ProjectField.value(try call.need("value"), of: field) }
    let place = isClearing ? "clearProjectV2ItemFieldValue" : "updateProjectV2ItemFieldValue"
    let made = try await github.graphQL(
      call, isClearing ? .clearProjectItem : .updateProjectItem, ["input": .object(input)], at: [place, "projectV2Item"]
    ).value
    return github.showing(try await written(github, call, made), "item", .projectItem, note: isClearing ? "Emptied \(name)." : "Set \(name).")
  }

  /// What was made of an item, if its issue or pull request may be seen.
  private static func written(_ github: GitHub, _ call: ToolCall, _ made: RawJSON) async throws(VendorError) -> JSONValue {
    try await github.written(call, try await github.reachable([made], call).first, .projectItem)
  }

  private static func id(_ raw: RawJSON) -> JSONValue { .string(raw["id"]?.string ?? "") }
}

extension GraphQLDocument {
  static let issueOrPullRequest = query(
    """
    query($owner: String!, $name: String!, $renames: Boolean!, $number: Int!) {
      repository(owner: $owner, name: $name, followRenames: $renames) {
        issueOrPullRequest(number: $number) { ... on Issue { id } ... on PullRequest { id } }
      }
      rateLimit { cost remaining resetAt }
    }
    """)
  /// An item that is there already is answered again.
  static let addProjectItem = mutation(
    "mutation($input: AddProjectV2ItemByIdInput!) { addProjectV2ItemById(input: $input) { item { ...item } } }", itemFields, isIdempotent: true)
  static let addDraft = mutation(
    "mutation($input: AddProjectV2DraftIssueInput!) { addProjectV2DraftIssue(input: $input) { projectItem { ...item } } }", itemFields)
  static let updateProjectItem = mutation(
    "mutation($input: UpdateProjectV2ItemFieldValueInput!) { updateProjectV2ItemFieldValue(input: $input) { projectV2Item { ...item } } }", itemFields,
    isIdempotent: true)
  static let clearProjectItem = mutation(
    "mutation($input: ClearProjectV2ItemFieldValueInput!) { clearProjectV2ItemFieldValue(input: $input) { projectV2Item { ...item } } }", itemFields,
    isIdempotent: true)
  static let removeProjectItem = mutation("mutation($input: DeleteProjectV2ItemInput!) { deleteProjectV2Item(input: $input) { deletedItemId } }")
}
