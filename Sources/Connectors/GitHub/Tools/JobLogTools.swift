internal import ConnectorKit
internal import JSON
internal import MCP

/// Logs of GitHub Actions: of one job, or of the jobs of a run.
struct JobLogTools {
  let github: GitHub

  var tools: [Tool] { [logs] }

  /// How many logs one call reads.
  private static let mostLogs = 10
  /// How many jobs of a run are looked through, in pages of 100.
  private static let mostPages = 5
  private static let failures: Set<String> = ["failure", "timed_out"]

  private static let job = Output.object(
    [
      ("id", ["type": "integer"]), ("name", ["type": "string"]), ("conclusion", ["type": "string"]), ("log", ["type": "string"]),
      ("lines", ["type": "integer"]), ("truncated", ["type": "boolean"]), ("error", ["type": "string", "description": "Why there is no log."]),
    ], required: ["id"])

  private var logs: Tool {
    github.tool(
      "get_job_logs", "Job logs", .reading,
      """
      Shows the end of the log of a job (job_id), or of the jobs of a run (run_id), with failed_only of those that failed: the last lines, which most \
      often say why. Of a run 10 logs at most; further jobs are named.
      """,
      [
        .owner, .repo, .number("job_id", "The job's id, as actions_list tells it. Either this or run_id."),
        .number("run_id", "The run's id: its latest attempt is meant."),
        .flag("failed_only", "Of a run: only jobs that failed; all that ran if not given."),
        .number("tail_lines", "How many of the last lines of each log; 200 if not given, 100 KB in all at most."),
      ],
      output: Output.object([
        ("log", ["type": "string"]), ("lines", ["type": "integer"]), ("truncated", ["type": "boolean"]), ("jobs", ["type": "array", "items": Self.job]),
        ("more_jobs", ["type": "boolean", "description": "The run has more jobs than were looked through."]),
      ]),
      holding: [.within(.repository)]
    ) { [github] call in
      let repository = try await github.permitted(call)
      switch (call.int("job_id"), call.int("run_id")) {
      case (let job?, nil):
        guard call.bool("failed_only") != true else { throw VendorError(.refused, "failed_only goes with run_id: a job is one anyway.") }
        let log = try await Self.log(github, call, repository, job, most: FileContent.mostText)
        return github.result(log.members, text: log.tail, untrusted: ["/log"], isFramed: true)
      case (nil, let run?): return try await Self.logs(github, call, repository, run)
      default: throw VendorError(.refused, "Give either job_id, for one job, or run_id, for the jobs of a run.")
      }
    }
  }

  /// The end of a log.
  private struct Log {
    var tail: String
    var lines: Int
    var isCut: Bool

    var members: JSONObject { ["log": .string(tail), "lines": .int(lines), "truncated": .bool(isCut)] }
  }

  private static func log(_ github: GitHub, _ call: ToolCall, _ repository: GitHub.Repository, _ job: Int, most: Int) async throws(VendorError) -> Log {
    let text = try await github.download(call, repository, repository.path + ["actions", "jobs", String(job), "logs"], maximumBytes: 32 << 20).text
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var tail = lines.suffix(min(call.int("tail_lines") ?? 200, lines.count)).joined(separator: "\n")
    if tail.utf8.count > most { tail = String(decoding: Array(tail.utf8.suffix(most)), as: UTF8.self) }
    return Log(tail: tail, lines: lines.count, isCut: tail.utf8.count < text.utf8.count)
  }

  private static func logs(_ github: GitHub, _ call: ToolCall, _ repository: GitHub.Repository, _ run: Int) async throws(VendorError) -> ToolResult {
    let (jobs, hasMore) = try await jobs(github, call, repository, run)
    let failedOnly = call.bool("failed_only") ?? false
    let wanted = jobs.filter { job in
      let conclusion = job["conclusion"]?.string ?? ""
      return failedOnly ? failures.contains(conclusion) : conclusion != "skipped"
    }
    var records: [JSONValue] = []
    var texts: [String] = []
    for job in wanted.prefix(100) {
      guard let id = job["id"]?.int else { continue }
      let (name, conclusion) = (job["name"]?.string ?? "", job["conclusion"]?.string ?? job["status"]?.string ?? "")
      var record: JSONObject = ["id": .int(id), "name": .string(name), "conclusion": .string(conclusion)]
      defer { records.append(.object(record)) }
      guard records.count < mostLogs else { continue }
      let heading = "--- job \(id), \(name): \(conclusion)\n"
      do throws(VendorError) {
        let log = try await log(github, call, repository, id, most: FileContent.mostText / min(wanted.count, mostLogs))
        for (name, value) in log.members { record[name] = value }
        texts.append(heading + log.tail)
      } catch {
        // A job that still runs, or whose log is gone, does not keep the others from being read.
        guard error.code == .notFound || error.code == .tooLarge else { throw error }
        record["error"] = .string(error.message)
        texts.append(heading + "There is no log: \(error.message)")
      }
    }
    if records.isEmpty { texts.append(failedOnly && !jobs.isEmpty ? "No job of the run failed." : "The run has no job that ran.") }
    if records.count > mostLogs { texts.append("\(records.count - mostLogs) more jobs: read their logs with job_id.") }
    var structured: JSONObject = ["jobs": .array(records)]
    if hasMore || wanted.count > 100 {
      structured["more_jobs"] = true
      texts.append("The run has more jobs than were looked through: actions_list lists them.")
    }
    return github.result(structured, text: texts.joined(separator: "\n\n"), untrusted: ["/jobs/*/log", "/jobs/*/name"], isFramed: !records.isEmpty)
  }

  /// The jobs of a run's latest attempt, and whether there are more than these.
  private static func jobs(
    _ github: GitHub, _ call: ToolCall, _ repository: GitHub.Repository, _ run: Int
  ) async throws(VendorError) -> ([RawJSON], Bool) {
    var jobs: [RawJSON] = []
    for page in 1...mostPages {
      let query: [(name: String, value: String?)] = [("filter", "latest"), ("per_page", "100"), ("page", page == 1 ? nil : String(page))]
      let answer = try await github.get(call, repository.path + ["actions", "runs", String(run), "jobs"], query)
      let found = answer["jobs"]?.elements.map { $0 } ?? []
      jobs += found
      if found.isEmpty || jobs.count >= answer["total_count"]?.int ?? 0 { return (jobs, false) }
    }
    return (jobs, true)
  }
}
