internal import ConnectorKit
internal import JSON
internal import MCP

/// Boards, sprints, service desks and projects, by what they belong to. Where neither settings nor policy limit anything, nothing more is
/// asked of Jira.
extension JiraContext {
  /// `_meta` of a tool that reaches a project and shows other records, or none.
  static func projectMeta(_ shape: RecordShape? = nil, isList: Bool = true) -> JSONObject {
    let project = (type: JiraRecords.project.type, rows: String?.none, isList: false)
    guard let shape else { return RecordType.meta([project]) }
    return RecordType.meta([(shape.type, "/" + (isList ? shape.list : shape.one), isList), project])
  }

  /// Sees that settings and policy let a project be seen, before something of it is read or changed.
  func permit(project key: String, _ request: some IncomingRequest, as subject: Subject) async throws(VendorError) {
    try check(key)
    let rule = JiraRecords.project.rule(request)
    guard rule.limits || !projects.admitsAll else { return }
    guard !rule.admitsNone else { throw Self.absence }
    _ = try await project(key, rule, as: subject)
  }

  /// A project that settings and a rule admit: one that got another key answers to its old one.
  func project(_ key: String, _ rule: RecordRule, as subject: Subject) async throws(VendorError) -> (id: String, json: JSONValue) {
    let json = try await looking { () async throws(VendorError) in try await api.get(api.core + ["project", key], as: subject) }
    guard let project = JiraRecords.project(json), let id = project["id"]?.string else {
      throw VendorError(.invalidAnswer, "Jira described the project in no known form.")
    }
    try check(project["key"]?.string ?? key)
    guard rule.admits(project) else { throw Self.absence }
    return (id, project)
  }

  /// Whether the settings let a board of a list be reached.
  ///
  /// - Parameter project: whose boards were asked for, which may be reached: boards that do not tell their project are taken for its.
  func admits(board: JSONValue, of project: String?) -> Bool {
    projects.admitsAll || board["project"]?.string.map { projects.admits($0) } ?? (project != nil)
  }

  /// Sees that the settings let a board's projects be reached.
  func permit(board id: String, as subject: Subject) async throws(VendorError) {
    guard !projects.admitsAll else { return }
    try await permit(board: id, looking { () async throws(VendorError) in try await api.get(JiraAPI.agile + ["board", id], as: subject) }, as: subject)
  }

  /// - Parameter json: what Jira says of the board.
  func permit(board id: String, _ json: RawJSON, as subject: Subject) async throws(VendorError) {
    guard !projects.admitsAll else { return }
    let isAdmitted = try await admits(board: id, json, as: subject)
    boards.learn(id, isAdmitted: isAdmitted)
    guard isAdmitted else { throw Self.absence }
  }

  private func admits(board id: String, _ json: RawJSON, as subject: Subject) async throws(VendorError) -> Bool {
    if let key = JiraRecords.board(json)?["project"]?.string { return projects.admits(key) }
    // Data Center, and boards of people, tell it at another place.
    let list = try await looking { () async throws(VendorError) in try await api.get(JiraAPI.agile + ["board", id, "project"], [("maxResults", "50")], as: subject) }
    let keys = Self.elements(list, "values").map { $0["key"]?.string ?? "" }
    return !keys.isEmpty && list["isLast"]?.bool != false && keys.allSatisfy { !$0.isEmpty && projects.admits($0) }
  }

  /// Sees that the settings let the board of a sprint be reached.
  ///
  /// - Parameter json: what Jira says of the sprint.
  func permit(sprint json: RawJSON, as subject: Subject) async throws(VendorError) {
    guard !projects.admitsAll else { return }
    guard let board = JiraRecords.text(json["originBoardId"]) else { throw Self.absence }
    try await permit(board: board, as: subject)
  }

  /// What Jira says of a sprint.
  func sprint(_ id: String, _ request: some IncomingRequest, as subject: Subject) async throws(VendorError) -> RawJSON {
    let path = JiraAPI.agile + ["sprint", id]
    guard JiraRecords.sprint.rule(request).limits || !projects.admitsAll else { return try await api.get(path, as: subject) }
    return try await looking { () async throws(VendorError) in try await api.get(path, as: subject) }
  }

  /// Sees that settings and policy let a sprint be seen, before it is changed.
  func permit(changing sprint: String, _ request: some IncomingRequest, as subject: Subject) async throws(VendorError) {
    let rule = JiraRecords.sprint.rule(request)
    guard !rule.admitsNone else { throw Self.absence }
    guard rule.limits || !projects.admitsAll else { return }
    let now = try await self.sprint(sprint, request, as: subject)
    guard JiraRecords.sprint(now).map(rule.admits) == true else { throw Self.absence }
    try await permit(sprint: now, as: subject)
  }

  /// Sees that the settings let the project of a service desk be reached.
  func permit(desk id: String, as subject: Subject) async throws(VendorError) {
    guard !projects.admitsAll else { return }
    let json = try await looking { () async throws(VendorError) in try await api.get(JiraAPI.serviceDesk + ["servicedesk", id], as: subject) }
    guard let key = json["projectKey"]?.string, projects.admits(key) else { throw Self.absence }
  }

  /// What is not there looks like what may not be seen.
  func looking(_ ask: () async throws(VendorError) -> RawJSON) async throws(VendorError) -> RawJSON {
    do throws(VendorError) { return try await ask() } catch { throw error.code == .notFound ? Self.absence : error }
  }
}
