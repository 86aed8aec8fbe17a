internal import ConnectorKit
internal import JSON
internal import MCP

/// Versions of projects, as they are made and changed. ``ProjectTools`` lists them.
struct VersionTools: Sendable {
  let jira: JiraContext

  var tools: [Tool] { [createVersion, createVersions, updateVersion] }

  private static let project = Field.text("project", "A project's key.", required: true, length: 32)
  private static let name = Field.text("name", "Its name.", required: true, length: 255)
  private static let content = [
    Field.text("description", "What it is for.", length: 4000), Field.text("start_date", "2026-07-28.", length: 10),
    Field.text("release_date", "2026-08-11.", length: 10),
  ]

  /// What Jira is sent, and what it makes of the version's record.
  private static func content(_ arguments: (String) -> RawJSON?) -> (body: JSONObject, record: JSONObject) {
    var (body, record) = (JSONObject(), JSONObject())
    for (argument, member) in [("name", "name"), ("description", "description"), ("start_date", "startDate"), ("release_date", "releaseDate")] {
      guard let text = arguments(argument)?.string else { continue }
      body[member] = .string(text)
      record[argument] = .string(text)
    }
    for flag in ["released", "archived"] {
      guard let value = arguments(flag)?.bool else { continue }
      body[flag] = .bool(value)
      record[flag] = .bool(value)
    }
    return (body, record)
  }

  /// What Jira is to be sent for a new version.
  ///
  /// - Throws: where policy does not admit it for sure.
  private func new(_ call: ToolCall, _ arguments: (String) -> RawJSON?) throws(VendorError) -> JSONObject {
    let (body, record) = Self.content(arguments)
    guard JiraRecords.named.rule(call).admits(.object(record.merging(["released": false]))) else {
      throw VendorError(.forbidden, "Policy does not let this version be made, or it cannot be told beforehand that it does. Nothing was sent.")
    }
    return body
  }

  /// The number of a call's project, if it may be seen.
  private func project(_ call: ToolCall, _ subject: Subject) async throws(VendorError) -> Int {
    let rule = JiraRecords.project.rule(call)
    guard !rule.admitsNone else { throw JiraContext.absence }
    let project = try await jira.project(call.string("project") ?? "", rule, as: subject)
    guard let number = Int(project.id) else { throw VendorError(.invalidAnswer, "Jira described the project in no known form.") }
    return number
  }

  private func create(_ body: JSONObject, in project: Int, _ subject: Subject) async throws(VendorError) -> JSONValue {
    let body = JSONValue.object(body.merging(["projectId": .int(project)]))
    guard let version = try await jira.api.post(jira.api.core + ["version"], body, as: subject).flatMap({ JiraRecords.named($0) }) else {
      throw VendorError(.invalidAnswer, "Jira did not name the new version.", mayHaveHadEffect: true)
    }
    return version
  }

  private var createVersion: Tool {
    let shape = JiraRecords.named
    return jira.tool(
      "create_version", "Create a version", "Creates a version of a project, to be released.", [Self.project, Self.name] + Self.content, output: shape.oneSchema,
      annotations: .adding, meta: JiraContext.projectMeta(shape, isList: false)
    ) { call, subject throws(VendorError) in
      try jira.check(call.string("project") ?? "")
      let body = try new(call) { call[$0] }
      return shape.result(try await create(body, in: try await project(call, subject), subject))
    }
  }

  private var createVersions: Tool {
    let shape = JiraRecords.named
    var output = shape.listSchema
    output["properties"]?["failed"] = [
      "type": "array", "items": ["type": "object", "properties": ["number": ["type": "integer"], "reason": ["type": "string"]], "required": ["number", "reason"]],
    ]
    return jira.tool(
      "create_versions", "Create several versions",
      "Creates up to 20 versions of a project, one after the other. Those that Jira refuses are named with the reason; the others are created.",
      [
        Self.project,
        Field("versions", ["type": "array", "minItems": 1, "maxItems": 20, "items": Field.arguments([Self.name] + Self.content)], required: true),
      ], output: output, annotations: .adding, meta: JiraContext.projectMeta(shape)
    ) { call, subject throws(VendorError) in
      try jira.check(call.string("project") ?? "")
      var bodies: [JSONObject] = []
      for version in call["versions"].map({ Array($0.elements) }) ?? [] { bodies.append(try new(call) { version[$0] }) }
      let project = try await project(call, subject)
      var (created, failed): ([JSONValue], [JSONValue]) = ([], [])
      var stop: String?
      for (index, body) in bodies.enumerated() {
        var reason = stop
        if stop == nil {
          do throws(VendorError) { created.append(try await create(body, in: project, subject)) } catch {
            // What is wrong with one says nothing of the others; anything else holds for them too.
            let isItsOwn = error.code == .invalid || error.code == .conflict
            guard isItsOwn || !created.isEmpty else { throw error }
            reason = error.description
            if !isItsOwn { stop = "Not tried: the one before failed." }
          }
        }
        if let reason { failed.append(["number": .int(index + 1), "reason": .string(reason)]) }
      }
      var result = shape.result(created)
      if !failed.isEmpty {
        result.structured?["failed"] = .array(failed)
        result.content.append(.text("Failed: " + failed.map(\.text).joined(separator: " ")))
      }
      return result
    }
  }

  private var updateVersion: Tool {
    let shape = JiraRecords.named
    return jira.tool(
      "update_version", "Change a version", "Changes a version: its name, dates, and whether it is released or archived.",
      [
        Self.project, Field.text("version", "The version's id, as list_versions gives it.", required: true, length: 20), Field.text("name", "Its name.", length: 255),
      ] + Self.content + [Field.flag("released", "Whether it is out."), Field.flag("archived", "Whether it is put away.")],
      output: shape.oneSchema, annotations: .changing, meta: JiraContext.projectMeta(shape, isList: false)
    ) { call, subject throws(VendorError) in
      try jira.check(call.string("project") ?? "")
      let (body, changes) = Self.content { call[$0] }
      guard !body.isEmpty else { throw VendorError(.refused, "Say what to change.") }
      let path = jira.api.core + ["version", try call.number("version")]
      let project = try await project(call, subject)
      let now = try await jira.looking { () async throws(VendorError) in try await jira.api.get(path, as: subject) }
      let rule = shape.rule(call)
      guard JiraRecords.text(now["projectId"]) == String(project), let record = JiraRecords.named(now)?.object, rule.admits(.object(record)) else {
        throw JiraContext.absence
      }
      guard rule.admits(.object(record.merging(changes))) else {
        throw VendorError(.forbidden, "Policy does not let a version be so. Nothing was sent.")
      }
      guard let version = try await jira.api.put(path, .object(body), as: subject).flatMap({ JiraRecords.named($0) }) else {
        throw VendorError(.invalidAnswer, "Jira described the version in no known form.", mayHaveHadEffect: true)
      }
      return shape.result(version)
    }
  }
}
