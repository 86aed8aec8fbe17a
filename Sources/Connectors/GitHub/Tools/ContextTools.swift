internal import MCPHTTP
internal import ConnectorKit
internal import JSON
internal import MCP

/// Who asks, and how much may still be asked.
struct ContextTools {
  let github: GitHub

  var tools: [Tool] { [me, limits] }

  private var me: Tool {
    github.tool(
      "get_me", "Who am I", .reading, "Tells the GitHub account in whose name this connector asks.", [],
      output: Output.object([("account", Shape.user.schema)], required: ["account"])
    ) { [github] call in
      let user = try await github.get(call, ["user"])
      return github.showing(Shape.user.record(user, isWhole: true), "account", .user)
    }
  }

  private var limits: Tool {
    github.tool(
      "get_rate_limits", "Rate limits", .reading, "Tells what is left of GitHub's limits and when they start anew. Costs nothing itself.", [],
      output: Output.object([("limits", ["type": "array", "items": Output.anything])], required: ["limits"])
    ) { [github] call in
      let json = try await github.api.json(VendorRequest(.get, ["rate_limit"], bucket: "rate_limit"), as: try github.subject(call))
      let now = github.environment.time.seconds()
      let limits: [JSONValue] = (json["resources"]?.members.map { $0 } ?? []).compactMap { name, value in
        guard let limit = value["limit"]?.int, let remaining = value["remaining"]?.int, let reset = value["reset"]?.int else { return nil }
        return ["resource": .string(name.string ?? ""), "limit": .int(limit), "remaining": .int(remaining), "resets_in": .int(max(Int64(reset) - now, 0))]
      }
      return github.result(["limits": .array(limits)], text: CompactTable(limits, columns: ["resource", "limit", "remaining", "resets_in"]).text)
    }
  }
}
