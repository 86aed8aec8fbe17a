internal import MCPHTTP
internal import ConnectorKit
internal import JSON
internal import MCP

/// Alerts of code scanning, Dependabot and secret scanning.
struct SecurityTools {
  let github: GitHub

  var tools: [Tool] { [list, get] }
  var writes: [Tool] { [update] }

  private static let kinds = ["code-scanning", "dependabot", "secret-scanning"]
  private static let kind = Argument.choice("kind", kinds, "Which alerts.", required: true)

  private var list: Tool {
    github.tool(
      "list_alerts", "List alerts", .reading, "Lists security alerts of a repository. The secrets that secret scanning found are never shown.",
      [
        Self.kind, .owner, .repo, .text("state", "open, dismissed, fixed, resolved, auto_dismissed.", longest: 40),
        .text("severity", "critical, high, medium, low; of code scanning also error, warning, note.", longest: 40),
        .text("ref", "Code scanning: the branch.", longest: 300), .text("tool_name", "Code scanning: the tool.", longest: 100),
        .text("package", "Dependabot: names of packages, with commas.", longest: 300), .text("ecosystem", "Dependabot: npm, pip and so on.", longest: 100),
        .text("secret_type", "Secret scanning: types, with commas.", longest: 300), .text("resolution", "Secret scanning: resolutions, with commas.", longest: 200),
        .fields(.alert),
      ] + Argument.page,
      output: Output.list("alerts", of: .alert), holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let kind = call.string("kind") ?? ""
      let names: [String] =
        switch kind {
        case "code-scanning": ["state", "severity", "ref", "tool_name"]
        case "dependabot": ["state", "severity", "package", "ecosystem"]
        default: ["state", "secret_type", "resolution"]
        }
      for name in ["severity", "ref", "tool_name", "package", "ecosystem", "secret_type", "resolution"] where !names.contains(name) {
        if call.string(name)?.isEmpty == false { throw VendorError(.refused, "\(kind) alerts cannot be chosen by \(name); there are: \(names.joined(separator: ", ")).") }
      }
      var query = names.map { (name: $0, value: call.string($0).flatMap { $0.isEmpty ? nil : $0 }) }
      if kind == "secret-scanning" { query.append(("hide_secret", "true")) }
      let page = try await github.page(call, repository.path + [kind, "alerts"], query)
      return try await github.listing(call, page, page.json.elements.map { $0 }, "alerts", .alert)
    }
  }

  private var get: Tool {
    github.tool(
      "get_alert", "Alert", .reading, "Shows one security alert.", [Self.kind, .owner, .repo, .number("alert_number", "The alert's number.", required: true)],
      output: Output.object([("alert", Shape.alert.schema)], required: ["alert"]), holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let kind = call.string("kind") ?? ""
      let alert = try await github.get(
        call, repository.path + [kind, "alerts", String(call.number("alert_number"))], [("hide_secret", kind == "secret-scanning" ? "true" : nil)])
      return github.showing(Shape.alert.record(alert, isWhole: true), "alert", .alert)
    }
  }

  private var update: Tool {
    github.tool(
      "update_alert", "Change alert", .removing, "Dismisses, resolves or opens a security alert.",
      [
        Self.kind, .owner, .repo, .number("alert_number", "The alert's number.", required: true),
        .choice("state", ["open", "dismissed", "resolved"], "dismissed for code scanning and Dependabot, resolved for secret scanning.", required: true),
        .text(
          "reason",
          "Why: `false positive`, `won't fix`, `used in tests`; Dependabot: fix_started, inaccurate, no_bandwidth, not_used, tolerable_risk; secrets: false_positive, wont_fix, revoked, used_in_tests.",
          longest: 60),
        .text("comment", "More about it.", longest: 280),
      ], output: Output.object([("alert", Shape.alert.schema)], required: ["alert"]), holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let (kind, state) = (call.string("kind") ?? "", call.string("state") ?? "")
      let isSecret = kind == "secret-scanning"
      guard state == "open" || (state == "resolved") == isSecret else {
        throw VendorError(.refused, "\(kind) alerts are open or \(isSecret ? "resolved" : "dismissed").")
      }
      guard state == "open" || call.string("reason")?.isEmpty == false else { throw VendorError(.refused, "Say the reason.") }
      var body: JSONObject = ["state": .string(state)]
      if let reason = call.string("reason"), !reason.isEmpty { body[isSecret ? "resolution" : "dismissed_reason"] = .string(reason) }
      if let comment = call.string("comment"), !comment.isEmpty { body[isSecret ? "resolution_comment" : "dismissed_comment"] = .string(comment) }
      let made = try await github.write(
        call, .patch, repository.path + [kind, "alerts", String(call.number("alert_number"))], body, isIdempotent: true)
      return github.showing(Shape.alert.record(made ?? .null), "alert", .alert, note: "Changed the alert.")
    }
  }
}
