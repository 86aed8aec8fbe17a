internal import ConnectorKit
internal import JSON
internal import MCP

/// Security advisories: those that all the world knows, and those that repositories prepare or published.
struct AdvisoryTools {
  let github: GitHub

  var tools: [Tool] { [global, one, repository] }

  private static let direction = Argument.choice("direction", ["asc", "desc"], "desc if not given.")
  private static let filters = ["type", "severity", "ecosystem", "affects", "cve_id", "cwes", "published", "updated", "sort", "direction"]

  private var global: Tool {
    github.tool(
      "list_global_advisories", "Advisories", .reading, "Lists advisories of GitHub's database, of packages everywhere; reviewed ones if no type is given.",
      [
        .choice("type", ["reviewed", "malware", "unreviewed"], "The kind."), .choice("severity", ["unknown", "low", "medium", "high", "critical"], "The severity."),
        .text("ecosystem", "npm, pip, maven, go, rust, swift and so on.", longest: 40), .text("affects", "Packages, with commas: left-pad,lodash@4.17.0.", longest: 2000),
        .text("cve_id", "A CVE number.", longest: 40), .text("cwes", "CWE numbers, with commas: 79,284.", longest: 200),
        .text("published", "A date or range: 2026-11-01..2026-11-30, >=2026-11-01.", longest: 60), .text("updated", "The same, of the last change.", longest: 60),
        .flag("is_withdrawn", "Only those that were withdrawn."), .choice("sort", ["published", "updated"], "published if not given."), Self.direction,
        .fields(.advisory),
      ] + Argument.page, output: Output.list("advisories", of: .advisory)
    ) { [github] call in
      let query = Self.filters.map { (name: $0, value: call.string($0).flatMap { $0.isEmpty ? nil : $0 }) }
      let page = try await github.page(call, ["advisories"], query + [("is_withdrawn", call.bool("is_withdrawn").map { $0 ? "true" : "false" })])
      return try await github.listing(call, page, page.json.elements.map { $0 }, "advisories", .advisory)
    }
  }

  private var one: Tool {
    github.tool(
      "get_global_advisory", "Advisory", .reading, "Shows an advisory of GitHub's database.", [.text("ghsa_id", "GHSA-xxxx-xxxx-xxxx.", required: true, longest: 40)],
      output: Output.object([("advisory", Shape.advisory.schema)], required: ["advisory"])
    ) { [github] call in
      let advisory = try await github.get(call, ["advisories", call.string("ghsa_id") ?? ""])
      return github.showing(Shape.advisory.record(advisory, isWhole: true), "advisory", .advisory)
    }
  }

  private var repository: Tool {
    github.tool(
      "list_repository_advisories", "Advisories of repositories", .reading,
      "Lists the advisories of a repository, or of all repositories of an organization, those that are not published included.",
      [
        .text("owner", "The repository's owner, or the organization.", required: true, longest: 100),
        .text("repo", "The repository's name; all of the organization's if not given.", longest: 100),
        .choice("state", ["triage", "draft", "published", "closed"], "The state."), .choice("sort", ["created", "updated", "published"], "created if not given."),
        Self.direction, .fields(.advisory),
      ] + Argument.page, output: Output.list("advisories", of: .advisory), holding: [.within(.repository)]
    ) { [github] call in
      let query = ["state", "sort", "direction"].map { (name: $0, value: call.string($0)) }
      guard let name = call.string("repo"), !name.isEmpty else {
        guard let org = try call.name("owner") else { throw VendorError(.refused, "Give owner.") }
        let page = try await github.page(call, ["orgs", org, "security-advisories"], query)
        var (known, items): ([String: Bool], [RawJSON]) = ([:], [])
        for item in page.json.elements where try await github.visibleRepository(of: item, &known, call) != nil { items.append(item) }
        return try await github.listing(call, page, items, "advisories", .advisory)
      }
      let page = try await github.page(call, try await github.permitted(call).path + ["security-advisories"], query)
      return try await github.listing(call, page, page.json.elements.map { $0 }, "advisories", .advisory)
    }
  }
}
