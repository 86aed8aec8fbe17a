internal import ConnectorKit
internal import JSON

/// Shapes of what GraphQL answers. Members have the names and values that REST's have, so that rules mean the same of both.
extension Shape {
  private static let login: @Sendable (RawJSON?) -> JSONValue = { raw in
    // As REST says it: accounts that are gone are ghost, apps end in [bot].
    guard let raw, let login = raw["login"]?.string else { return "ghost" }
    return .string(login + (raw["__typename"]?.string == "Bot" && !login.hasSuffix("[bot]") ? "[bot]" : ""))
  }
  private static func lowercased(_ name: String, at path: [String], listed: Bool = true) -> Field {
    Field(name, listed: listed) { raw in
      var value: RawJSON? = raw
      for part in path { value = value?[part] }
      return value?.string.map { .string($0.lowercased()) }
    }
  }

  static let discussion = Shape(
    RecordType("Discussion", entities: ["owner": "User", "author": "User"]), identity: ["repository", "owner", "number", "author"], untrusted: ["title", "body"],
    columns: ["number", "category", "title", "author", "answered", "comments", "updated_at"],
    [
      repositoryName, repositoryOwner, Field("number", .number), Field("title"), Field("category", at: ["category", "name"]),
      Field("author") { login($0["author"]) }, Field("state") { $0["closed"]?.bool.map { $0 ? "closed" : "open" } },
      lowercased("state_reason", at: ["stateReason"], listed: false), Field("answered", .flag, at: ["isAnswered"]),
      .names("labels", in: ["labels", "nodes"], "name"), Field("comments", .number, at: ["comments", "totalCount"]),
      Field("upvotes", .number, at: ["upvoteCount"], listed: false), Field("locked", .flag, listed: false),
      Field("visibility", listed: false) { $0["repository"].flatMap(visibility) }, Field("created_at", at: ["createdAt"]), Field("updated_at", at: ["updatedAt"]),
      Field("closed_at", at: ["closedAt"], listed: false), Field("body", listed: false), Field("id"), Field("url"),
    ])

  static let discussionCategory = Shape(
    RecordType("DiscussionCategory"), identity: [], untrusted: ["description"], columns: ["slug", "name", "answerable", "description"],
    [Field("slug"), Field("name"), Field("answerable", .flag, at: ["isAnswerable"]), Field("description"), Field("id")])

  static let discussionComment = Shape(
    RecordType("DiscussionComment"), identity: [], untrusted: ["body"], columns: ["id", "reply_to", "author", "created_at", "answer", "body"],
    [
      Field("id"), Field("reply_to", at: ["replyTo", "id"]), Field("author") { login($0["author"]) }, lowercased("association", at: ["authorAssociation"]),
      Field("body"), Field("answer", .flag, at: ["isAnswer"]), Field("upvotes", .number, at: ["upvoteCount"]), Field("created_at", at: ["createdAt"]),
      Field("more_replies", .flag, at: ["replies", "pageInfo", "hasNextPage"]), Field("url"),
    ])

  static let reviewThread = Shape(
    RecordType("ReviewThread", entities: ["owner": "User", "author": "User"]), identity: ["id", "repository", "owner", "pull_number", "author"],
    untrusted: ["comments"], columns: ["id", "path", "line", "resolved", "outdated", "author", "comments"],
    [
      Field("id"), repositoryName, repositoryOwner, Field("pull_number", .number, at: ["pullRequest", "number"]), Field("path"), Field("line", .number),
      lowercased("side", at: ["diffSide"]), Field("resolved", .flag, at: ["isResolved"]), Field("resolved_by", at: ["resolvedBy", "login"]),
      Field("outdated", .flag, at: ["isOutdated"]), Field("author") { login($0["comments"]?["nodes"]?.elements.first { _ in true }?["author"]) },
      Field("visibility", listed: false) { $0["repository"].flatMap(visibility) },
      Field("comments", .objects) { raw in
        .array(
          (raw["comments"]?["nodes"]?.elements.filter { !$0.isNull } ?? []).map { comment in
            var record: JSONObject = ["author": login(comment["author"])]
            for (name, source) in [("id", "databaseId"), ("body", "body"), ("created_at", "createdAt")] {
              if let value = comment[source], !value.isNull { record[name] = JSONValue(value) }
            }
            return .object(record)
          })
      }, Field("more_comments", .flag, at: ["comments", "pageInfo", "hasNextPage"]),
    ])

  static let project = Shape(
    RecordType("Project"), identity: [], untrusted: ["title", "description", "readme"], columns: ["number", "title", "state", "updated_at", "description"],
    [
      Field("number", .number), Field("title"), Field("description", at: ["shortDescription"]), Field("state") { $0["closed"]?.bool.map { $0 ? "closed" : "open" } },
      Field("public", .flag), Field("readme", listed: false), Field("created_at", at: ["createdAt"], listed: false), Field("updated_at", at: ["updatedAt"]),
      Field("id", listed: false), Field("url"),
    ])

  static let projectField = Shape(
    RecordType("ProjectField"), identity: [], untrusted: ["name", "options"], columns: ["name", "type", "options"],
    [
      Field("name"), lowercased("type", at: ["dataType"]),
      Field("options", .texts) { raw in
        ProjectField.choices(raw).map { choices in .array(choices.map { .string($0.name) }) }
      }, Field("id"),
    ])

  static let projectItem = Shape(
    RecordType("ProjectItem", entities: ["owner": "User", "author": "User"]), identity: ["id", "type", "repository", "owner", "number", "author"],
    untrusted: ["title", "body", "fields"], columns: ["id", "type", "repository", "number", "title", "state", "fields"],
    [
      Field("id"), lowercased("type", at: ["type"]), repositoryName, repositoryOwner, Field("number", .number, at: ["content", "number"]),
      Field("title", at: ["content", "title"]),
      // REST calls a merged pull request closed.
      Field("state") { raw in
        (raw["content"]?["issueState"] ?? raw["content"]?["pullState"])?.string.map { .string($0 == "MERGED" ? "closed" : $0.lowercased()) }
      }, Field("merged", .flag, listed: false) { raw in raw["content"]?["pullState"]?.string.map { .bool($0 == "MERGED") } },
      Field("author") { login($0["content"]?["author"] ?? $0["content"]?["creator"]) }, .names("assignees", in: ["content", "assignees", "nodes"], "login"),
      .names("labels", in: ["content", "labels", "nodes"], "name"), Field("milestone", at: ["content", "milestone", "title"], listed: false),
      Field("visibility", listed: false) { $0["content"]?["repository"].flatMap(visibility) },
      Field("fields", .object) { raw in
        var fields = JSONObject()
        for value in raw["fieldValues"]?["nodes"]?.elements.map({ $0 }) ?? [] {
          guard let name = value["field"]?["name"]?.string, name != "Title" else { continue }
          if let value = value["text"] ?? value["number"] ?? value["date"] ?? value["name"] ?? value["title"], !value.isNull { fields[name] = JSONValue(value) }
        }
        return .object(fields)
      }, Field("archived", .flag, at: ["isArchived"]), Field("body", at: ["content", "body"], listed: false), Field("created_at", at: ["createdAt"], listed: false),
      Field("updated_at", at: ["updatedAt"]), Field("url", at: ["content", "url"]),
    ])

  /// The issue or pull request of an item, with what rules for them can be held against; of others REST is asked.
  static let itemContent: Shape = {
    func content(_ name: String) -> Field? { projectItem.fields.first { $0.name == name } }
    let taken = ["repository", "owner", "number", "title", "state", "author", "assignees", "labels", "milestone", "visibility"]
    return Shape(RecordType("Content"), identity: [], columns: [], taken.compactMap(content))
  }()
}
