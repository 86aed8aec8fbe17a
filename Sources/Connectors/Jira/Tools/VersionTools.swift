internal import ConnectorKit
internal import JSON
internal import MCP

/// Versions of projects, as they are made. ``ProjectTools`` lists them.
struct VersionTools: Sendable {
  let jira: JiraContext

  var tools: [Tool] { [createVersion] }

  private var createVersion: Tool {
    let shape = JiraRecords.named
    return jira.tool(
      "create_version", "Create a version", "Creates a version of a project, to be released.",
      [
        Field.text("project", "A project's key.", required: true, length: 32), Field.text("name", "Its name.", required: true, length: 255),
        Field.text("description", "What it is for.", length: 4000), Field.text("start_date", "2026-07-28.", length: 10),
        Field.text("release_date", "2026-08-11.", length: 10),
      ], output: shape.oneSchema, annotations: .adding, meta: JiraContext.projectMeta(shape, isList: false)
    ) { call, subject throws(VendorError) in
      let key = call.string("project") ?? ""
      try jira.check(key)
      var body: JSONObject = ["name": .string(call.string("name") ?? "")]
      var record: JSONObject = ["name": .string(call.string("name") ?? ""), "released": false]
      for (argument, member) in [("description", "description"), ("start_date", "startDate"), ("release_date", "releaseDate")] {
        guard let text = call.string(argument) else { continue }
        body[member] = .string(text)
        if argument != "start_date" { record[argument] = .string(text) }
      }
      guard shape.rule(call).admits(.object(record)) else {
        throw VendorError(.forbidden, "Policy does not let this version be made, or it cannot be told beforehand that it does. Nothing was sent.")
      }
      let rule = JiraRecords.project.rule(call)
      guard !rule.admitsNone else { throw JiraContext.absence }
      let project = try await jira.project(key, rule, as: subject)
      guard let number = Int(project.id) else { throw VendorError(.invalidAnswer, "Jira described the project in no known form.") }
      body["projectId"] = .int(number)
      guard let version = try await jira.api.post(jira.api.core + ["version"], .object(body), as: subject).flatMap({ JiraRecords.named($0) }) else {
        throw VendorError(.invalidAnswer, "Jira did not name the new version.", mayHaveHadEffect: true)
      }
      return shape.result(version)
    }
  }
}
