internal import ConnectorKit
internal import JSON
internal import MCP

/// Projects of people and organizations (Projects v2), which GitHub tells over GraphQL.
struct ProjectTools {
  let github: GitHub

  var tools: [Tool] { [list, read] }

  static let owner = Argument.text("owner", "Whose project it is: a user or an organization.", required: true, longest: 100)
  static let number = Argument.number("project_number", "The project's number, as its URL has it.", required: true)

  private var list: Tool {
    github.tool(
      "list_projects", "List projects", .reading, "Lists the projects of a user or an organization, those that changed last first.",
      [Self.owner, .text("query", "Words of the title; is:open, is:closed.", longest: 200), .fields(.project)] + Argument.page,
      output: Output.list("projects", of: .project, [Output.incomplete])
    ) { [github] call in
      let variables: JSONObject = ["owner": .string(try github.projectOwner(call)), "query": .string(call.string("query") ?? "")]
      let (page, nodes, problems) = try await github.page(call, .projects, variables, at: ["repositoryOwner", "projectsV2"])
      return try await github.listing(call, page, nodes, "projects", .project, problems: problems)
    }
  }

  private static let methods = ["get", "get_fields", "get_items", "get_item"]

  private var read: Tool {
    github.tool(
      "project_read", "Project", .reading,
      """
      Reads a project (get), the fields that its items have (get_fields), its items with their values (get_items), or one of them (get_item). Items are \
      issues, pull requests and drafts; those whose repository may not be seen are left out.
      """,
      [
        .choice("method", Self.methods, "What to read.", required: true), Self.owner, Self.number,
        .text("item_id", "For get_item: the item's id, as get_items tells it.", longest: 200), .listFields,
      ] + Argument.page,
      output: Output.object([
        ("project", Shape.project.schema), ("fields", Output.array(of: .projectField)), ("items", Output.array(of: .projectItem)),
        ("item", Shape.projectItem.schema), ("next_cursor", Output.cursor), Output.incomplete,
      ]),
      holding: [
        .list(.projectItem, "/items"), .one(.projectItem, "/item"), .within(.projectItem), .within(.issue), .within(.pullRequest), .within(.repository),
      ]
    ) { [github] call in
      let variables: JSONObject = ["owner": .string(try github.projectOwner(call)), "number": .int(call.number("project_number"))]
      let place = ["repositoryOwner", "projectV2"]
      switch call.string("method") {
      case "get":
        let found = try await github.graphQL(call, .project, variables, at: place).value
        return github.showing(Shape.project.record(found, isWhole: true), "project", .project)
      case "get_fields":
        let (page, nodes, problems) = try await github.page(call, .projectFields, variables, at: place + ["fields"])
        return try await github.listing(call, page, nodes, "fields", .projectField, problems: problems)
      case "get_item":
        let item = try await github.projectItem(call, of: try await github.graphQL(call, .project, variables, at: place).value)
        return github.showing(item, "item", .projectItem)
      default:
        guard !SearchPushDown.isEmpty(github.rule(call, .projectItem)) else { return github.result(["items": []], text: "Nothing found.") }
        let (page, nodes, problems) = try await github.page(call, .projectItems, variables, at: place + ["items"])
        let items = try await github.reachable(nodes, call)
        return try await github.listing(call, page, items, "items", .projectItem, problems: problems)
      }
    }
  }
}

extension GraphQLDocument {
  private static let projectFieldsOf: StaticString = """
    fragment project on ProjectV2 { id number title shortDescription closed public readme createdAt updatedAt url }
    """

  static let projects = query(
    """
    query($owner: String!, $query: String!, $first: Int!, $after: String) {
      repositoryOwner(login: $owner) {
        ... on ProjectV2Owner {
          projectsV2(first: $first, after: $after, query: $query, orderBy: {field: UPDATED_AT, direction: DESC}) {
            pageInfo { hasNextPage endCursor } nodes { ...project }
          }
        }
      }
      rateLimit { cost remaining resetAt }
    }
    """, projectFieldsOf)

  static let project = query(
    """
    query($owner: String!, $number: Int!) {
      repositoryOwner(login: $owner) { ... on ProjectV2Owner { projectV2(number: $number) { ...project } } }
      rateLimit { cost remaining resetAt }
    }
    """, projectFieldsOf)

  static let projectFields = query(
    """
    query($owner: String!, $number: Int!, $first: Int!, $after: String) {
      repositoryOwner(login: $owner) {
        ... on ProjectV2Owner {
          projectV2(number: $number) {
            id
            fields(first: $first, after: $after) {
              pageInfo { hasNextPage endCursor }
              nodes {
                ... on ProjectV2FieldCommon { id name dataType }
                ... on ProjectV2SingleSelectField { options { id name } }
                ... on ProjectV2IterationField { configuration { iterations { id title } completedIterations { id title } } }
              }
            }
          }
        }
      }
      rateLimit { cost remaining resetAt }
    }
    """)

  static let projectItems = query(
    """
    query($owner: String!, $number: Int!, $first: Int!, $after: String) {
      repositoryOwner(login: $owner) {
        ... on ProjectV2Owner {
          projectV2(number: $number) { items(first: $first, after: $after) { pageInfo { hasNextPage endCursor } nodes { ...item } } }
        }
      }
      rateLimit { cost remaining resetAt }
    }
    """, itemFields)

  static let projectItem = query(
    """
    query($id: ID!) {
      node(id: $id) { ...item }
      rateLimit { cost remaining resetAt }
    }
    """, itemFields)

  static let itemFields: StaticString = """
    fragment item on ProjectV2Item {
      id type isArchived createdAt updatedAt project { id }
      content {
        __typename
        ... on DraftIssue { title body creator { __typename login } assignees(first: 20) { nodes { login } } }
        ... on Issue {
          number title issueState: state url author { __typename login } assignees(first: 20) { nodes { login } } labels(first: 100) { nodes { name } }
          milestone { title } repository { nameWithOwner visibility }
        }
        ... on PullRequest {
          number title pullState: state url author { __typename login } assignees(first: 20) { nodes { login } } labels(first: 100) { nodes { name } }
          milestone { title } repository { nameWithOwner visibility }
        }
      }
      fieldValues(first: 50) {
        nodes {
          ... on ProjectV2ItemFieldValueCommon { field { ... on ProjectV2FieldCommon { name } } }
          ... on ProjectV2ItemFieldTextValue { text }
          ... on ProjectV2ItemFieldNumberValue { number }
          ... on ProjectV2ItemFieldDateValue { date }
          ... on ProjectV2ItemFieldSingleSelectValue { name }
          ... on ProjectV2ItemFieldIterationValue { title }
        }
      }
    }
    """
}
