internal import MCPHTTP
internal import ConnectorKit
internal import JSON
internal import MCP

/// The account's notifications.
struct NotificationTools {
  let github: GitHub

  var tools: [Tool] { [list, get] }
  var writes: [Tool] { [write, watch] }

  private static let holding: [Holding] = [.within(.repository), .within(.issue), .within(.pullRequest), .within(.commit)]

  /// Titles are those of issues, pull requests and commits, of which a notification says too little to be checked: where policy limits
  /// such records, they are left out. The repository it shows.
  private func admits(_ raw: RawJSON, _ call: ToolCall) -> Bool {
    guard github.admits(raw) else { return false }
    if let rule = github.rule(call, .repository) {
      guard let repository = raw["repository"], rule.admits(Shape.repository.record(repository, isWhole: true)) else { return false }
    }
    switch raw["subject"]?["type"]?.string {
    case "Issue": return github.rule(call, .issue) == nil
    case "PullRequest": return github.rule(call, .pullRequest) == nil
    case "Commit": return github.rule(call, .commit) == nil
    default: return true
    }
  }

  private func notification(_ call: ToolCall, _ path: [String]) async throws(VendorError) -> RawJSON {
    let raw = try await github.get(call, path)
    guard admits(raw, call) else {
      throw VendorError(.notFound, "The notification is about a repository that may not be reached, or you are not permitted to see what it is about.")
    }
    return raw
  }

  private var list: Tool {
    github.tool(
      "list_notifications", "List notifications", .reading, "Lists the account's notifications: unread ones, or all.",
      [
        .flag("all", "Read ones as well."), .flag("participating", "Only where the account takes part or is mentioned."),
        .text("since", "Only after this time: 2026-11-29T00:00:00Z.", longest: 40), .text("before", "Only before this time.", longest: 40), .fields(.notification),
      ] + Argument.page, output: Output.list("notifications", of: .notification), holding: Self.holding
    ) { [github, self] call in
      func flag(_ name: String) -> String? { call.bool(name).map { $0 ? "true" : "false" } }
      func text(_ name: String) -> String? { call.string(name).flatMap { $0.isEmpty ? nil : $0 } }
      let page = try await github.page(
        call, ["notifications"], [("all", flag("all")), ("participating", flag("participating")), ("since", text("since")), ("before", text("before"))])
      return try await github.listing(call, page, page.json.elements.filter { admits($0, call) }, "notifications", .notification)
    }
  }

  private var get: Tool {
    github.tool(
      "get_notification", "Notification", .reading, "Shows one notification.", [.text("thread_id", "The notification's id.", required: true, longest: 30)],
      output: Output.object([("notification", Shape.notification.schema)], required: ["notification"]), holding: Self.holding
    ) { [github, self] call in
      let raw = try await notification(call, ["notifications", "threads", call.string("thread_id") ?? ""])
      return github.showing(Shape.notification.record(raw, isWhole: true), "notification", .notification)
    }
  }

  private var write: Tool {
    github.tool(
      "notification_write", "Mark notifications", .setting,
      """
      Marks one notification as read (read) or done (done), or all up to a time as read (read_all); of what one is about tells all that comes (subscribe), nothing \
      any more (ignore), or only what mentions the account (unsubscribe).
      """,
      [
        .choice("method", ["read", "done", "read_all", "subscribe", "ignore", "unsubscribe"], "What to do.", required: true),
        .text("thread_id", "The notification's id.", longest: 30), .text("last_read_at", "For all: up to this time; now if not given.", longest: 40),
      ], output: GitHub.doneOutput, holding: Self.holding
    ) { [github, self] call in
      let isLimited = !github.settings.repositories.admitsAll || [Shape.repository, .issue, .pullRequest, .commit].contains { github.rule(call, $0) != nil }
      if call.string("method") == "read_all" {
        guard !isLimited else {
          throw VendorError(.refused, "This connector may reach some notifications only, and GitHub marks all or one: name them by thread_id. Nothing was changed.")
        }
        try await github.write(call, .put, ["notifications"], call.body("last_read_at"), isIdempotent: true)
        return github.done("Done.")
      }
      let path = ["notifications", "threads", try call.need("thread_id")]
      if isLimited { _ = try await notification(call, path) }
      switch call.string("method") {
      case "done": try await github.write(call, .delete, path, isIdempotent: true)
      case "subscribe": try await github.write(call, .put, path + ["subscription"], ["ignored": false], isIdempotent: true)
      case "ignore": try await github.write(call, .put, path + ["subscription"], ["ignored": true], isIdempotent: true)
      case "unsubscribe": try await github.write(call, .delete, path + ["subscription"], isIdempotent: true)
      default: try await github.write(call, .patch, path, isIdempotent: true)
      }
      return github.done("Done.")
    }
  }

  private var watch: Tool {
    github.tool(
      "repository_subscription_write", "Watch a repository", .setting,
      "Has the account told of all that happens in a repository (watch), of nothing (ignore), or only of where it takes part (unwatch).",
      [.choice("method", ["watch", "ignore", "unwatch"], "What to do.", required: true), .owner, .repo], output: GitHub.doneOutput, holding: [.within(.repository)]
    ) { [github] call in
      let path = try await github.permitted(call).path + ["subscription"]
      switch call.string("method") {
      case "watch": try await github.write(call, .put, path, ["subscribed": true, "ignored": false], isIdempotent: true)
      case "ignore": try await github.write(call, .put, path, ["subscribed": false, "ignored": true], isIdempotent: true)
      default: try await github.write(call, .delete, path, isIdempotent: true)
      }
      return github.done("Done.")
    }
  }
}
