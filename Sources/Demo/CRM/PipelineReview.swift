internal import JSON
internal import MCP
internal import SQLConnector

/// The prompt `pipeline_review`. It holds no rows: the model gets those by the tools, under the caller's rules.
struct PipelineReview {
  private static let name = "pipeline_review"
  private let connector: SQLConnector

  init(_ connector: SQLConnector) { self.connector = connector }

  func add(to server: Server) throws {
    server.add(
      Prompt(
        name: Self.name, title: "Review a pipeline", description: "Goes through the open opportunities of a rep or a team and says what needs attention.",
        arguments: [
          .init("owner", title: "Owner", description: "A sales rep's id. Leave it out for everything that you may see."),
          .init("team", title: "Team", description: "A sales team, such as emea-north."),
        ]
      ) { request in
        for (name, value) in request.arguments where value.utf8.count > 200 || value.contains(where: \.isNewline) {
          throw RPCError(.invalidParams, "Argument \"\(name)\" must be one line of at most 200 bytes")
        }
        return PromptResult([.user(Self.text(owner: request["owner"], team: request["team"]))])
      })
    let sellers = Employee.all.filter { $0.role == .salesRep || $0.role == .salesManager }
    server.addCompletion(for: .prompt(Self.name, argument: "owner")) { request in
      let typed = request.value.lowercased()
      let team = request.arguments["team"]
      return Completion(sellers.filter { team == nil || $0.team == team }.map(\.id).filter { $0.hasPrefix(typed) }.sorted())
    }
    server.addCompletion(for: .prompt(Self.name, argument: "team")) { request in
      Completion(Employee.salesTeams.map(\.team).filter { $0.hasPrefix(request.value.lowercased()) })
    }
  }

  private static func text(owner: String?, team: String?) -> String {
    let whose = owner.map { "of \($0)" } ?? team.map { "of the team \($0)" } ?? "that I may see"
    let how =
      owner.map { "list_opportunities with closed=false, owner=\"\($0)\" and order=\"close_date\"" }
      ?? team.map { "query for the rows of opportunities with team = '\($0)' and closed = 0, ordered by close_date" }
      ?? "list_opportunities with closed=false and order=\"close_date\""
    return """
      Review the open sales pipeline \(whose) as of \(SampleDay.today.text).

      1. Get it by \(how); follow next_cursor until there is no more.
      2. Sum amounts by stage and by currency. Do not add different currencies.
      3. Name the opportunities that need attention: a close date within 30 days in an early stage, or a forecast that does not fit the stage.
      4. For the three largest of those, look at list_activities and say what was agreed last.
      5. Close with at most five actions, each with the id of its opportunity.
      """
  }
}
