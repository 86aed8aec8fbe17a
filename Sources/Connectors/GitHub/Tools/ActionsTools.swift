internal import MCPHTTP
internal import ConnectorKit
internal import JSON
internal import MCP

/// GitHub Actions: workflows, runs, jobs and artifacts.
struct ActionsTools {
  let github: GitHub

  var tools: [Tool] { [list, get] }
  var writes: [Tool] { [trigger] }

  private var list: Tool {
    github.tool(
      "actions_list", "List of Actions", .reading,
      "Lists workflows (list_workflows), runs of the repository or of a workflow (list_runs), jobs of a run (list_jobs) or its artifacts (list_artifacts).",
      [
        .choice("method", ["list_workflows", "list_runs", "list_jobs", "list_artifacts"], "What to list.", required: true), .owner, .repo,
        .text("workflow", "For runs: a workflow's id or file name.", longest: 200), .number("run_id", "For jobs and artifacts: the run's id."),
        .text("branch", "For runs: the branch.", longest: 300), .text("actor", "For runs: who started it.", longest: 100),
        .text("event", "For runs: push, pull_request, schedule and so on.", longest: 60),
        .text("status", "For runs: queued, in_progress, completed, success, failure and so on.", longest: 40),
        .text("created", "For runs: a date or range: >=2026-11-01.", longest: 60), .text("head_sha", "For runs: the commit.", longest: 64),
        .choice("filter", ["latest", "all"], "For jobs: those of the latest attempt, or all."), .listFields,
      ] + Argument.page,
      output: Output.object([
        ("workflows", Output.array(of: .workflow)), ("runs", Output.array(of: .run)), ("jobs", Output.array(of: .job)), ("artifacts", Output.array(of: .artifact)),
        ("total_count", ["type": "integer"]), ("next_cursor", Output.cursor),
      ]), holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let actions = repository.path + ["actions"]
      func query(_ names: String...) -> [(name: String, value: String?)] { names.map { ($0, call.string($0).flatMap { $0.isEmpty ? nil : $0 }) } }
      let (page, source, member, shape): (GitHub.Page, String, String, Shape)
      switch call.string("method") {
      case "list_workflows": (page, source, member, shape) = (try await github.page(call, actions + ["workflows"]), "workflows", "workflows", .workflow)
      case "list_runs":
        let path = call.string("workflow").flatMap { $0.isEmpty ? nil : actions + ["workflows", $0, "runs"] } ?? actions + ["runs"]
        let filters = query("actor", "branch", "event", "status", "created", "head_sha")
        (page, source, member, shape) = (try await github.page(call, path, filters), "workflow_runs", "runs", .run)
      case "list_jobs":
        let path = actions + ["runs", String(try call.needNumber("run_id")), "jobs"]
        (page, source, member, shape) = (try await github.page(call, path, query("filter")), "jobs", "jobs", .job)
      default:
        let path = actions + ["runs", String(try call.needNumber("run_id")), "artifacts"]
        (page, source, member, shape) = (try await github.page(call, path), "artifacts", "artifacts", .artifact)
      }
      var more = JSONObject()
      if let total = page.json["total_count"]?.int { more["total_count"] = .int(total) }
      return try await github.listing(call, page, page.json[source]?.elements.map { $0 } ?? [], member, shape, more: more)
    }
  }

  private var get: Tool {
    github.tool(
      "actions_get", "One of Actions", .reading,
      "Shows a workflow (get_workflow), a run (get_run), how long one took and what of that is billed (get_run_usage), or a job with the steps that failed (get_job).",
      [
        .choice("method", ["get_workflow", "get_run", "get_run_usage", "get_job"], "What to show.", required: true), .owner, .repo,
        .text("workflow", "A workflow's id or file name.", longest: 200), .number("run_id", "The run's id."), .number("job_id", "The job's id."),
      ], output: Output.object([("workflow", Shape.workflow.schema), ("run", Shape.run.schema), ("usage", Shape.runUsage.schema), ("job", Shape.job.schema)]),
      holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let actions = repository.path + ["actions"]
      let (path, member, shape): ([String], String, Shape)
      switch call.string("method") {
      case "get_workflow": (path, member, shape) = (["workflows", try call.need("workflow")], "workflow", .workflow)
      case "get_run": (path, member, shape) = (["runs", String(try call.needNumber("run_id"))], "run", .run)
      case "get_run_usage": (path, member, shape) = (["runs", String(try call.needNumber("run_id")), "timing"], "usage", .runUsage)
      default: (path, member, shape) = (["jobs", String(try call.needNumber("job_id"))], "job", .job)
      }
      return github.showing(shape.record(try await github.get(call, actions + path), isWhole: true), member, shape)
    }
  }

  private var trigger: Tool {
    github.tool(
      "actions_trigger", "Run Actions", .changing,
      "Starts a workflow (run_workflow), a run anew (rerun) or its failed jobs (rerun_failed), stops a run (cancel) or deletes its logs (delete_logs).",
      [
        .choice("method", ["run_workflow", "rerun", "rerun_failed", "cancel", "delete_logs"], "What to do.", required: true), .owner, .repo,
        .text("workflow", "A workflow's id or file name.", longest: 200), .text("ref", "To run a workflow: the branch or tag.", longest: 300),
        .map("inputs", "To run a workflow: its inputs."), .number("run_id", "The run's id."), .flag("enable_debug_logging", "To run anew: with debug output."),
      ], output: GitHub.doneOutput, holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      let actions = repository.path + ["actions"]
      if call.string("method") == "run_workflow" {
        var body = call.body("ref", "inputs")
        body["ref"] = .string(try call.need("ref"))
        try await github.write(call, .post, actions + ["workflows", try call.need("workflow"), "dispatches"], body)
        return github.done("Started the workflow. Its run shows in actions_list in a moment.")
      }
      let run = actions + ["runs", String(try call.needNumber("run_id"))]
      let debug = call.body("enable_debug_logging")
      switch call.string("method") {
      case "rerun": try await github.write(call, .post, run + ["rerun"], debug.isEmpty ? nil : debug)
      case "rerun_failed": try await github.write(call, .post, run + ["rerun-failed-jobs"], debug.isEmpty ? nil : debug)
      case "cancel": try await github.write(call, .post, run + ["cancel"], isIdempotent: true)
      default: try await github.write(call, .delete, run + ["logs"], isIdempotent: true)
      }
      return github.done("Done: \(call.string("method") ?? "").")
    }
  }
}
