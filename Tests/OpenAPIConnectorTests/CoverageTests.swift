import ConnectorKit
import ConnectorTesting
import Foundation
import JSON
import MCP
import NIOCore
import Testing

/// Every operation of the descriptions that vendors publish, each of which is a tool.
@Suite("Coverage of the OpenAPI connector", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"), .timeLimit(.minutes(10)))
struct CoverageTests {
  /// Methods that may be sent again although it is not known whether they had their effect.
  private static let repeatable = ["GET", "HEAD", "PUT", "DELETE"]

  @Test("Each operation's request is valid against the description, as another reader of it has it", arguments: PublishedAPI.sources)
  func requests(_ source: PublishedAPI.Source) async throws {
    let api = try await PublishedAPI(source)
    let description = try OpenAPIDescription(source.file)
    for (tool, request) in try await api.requests() {
      let problems = description.problems(with: request)
      if source.contradictions[tool.name] == nil {
        #expect(problems.isEmpty, "\(tool.name): \(request): \(problems)")
      } else {
        #expect(!problems.isEmpty, "\(tool.name) is valid: take it from the contradictions")
      }
    }
  }

  @Test("GitHub's operations are called as ghapi calls them", .enabled(if: PythonClients.isPresent, "\(PythonClients.absence)"))
  func differential() async throws {
    let api = try await PublishedAPI(try #require(PublishedAPI.sources.first { $0.name == "github" }))
    let acts = try await ghapiActs(api)
    #expect(acts.count == api.tools.count)
    let folder = FileManager.default.temporaryDirectory.appending(path: "sluice-ghapi-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let file = folder.appending(path: "acts.json")
    try Data(JSONValue.array(acts.map(\.json)).text.utf8).write(to: file)
    let vendor = try await VendorDouble()
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] { vendor.always(method, "/**", .json([:])) }
    let theirs = try await PythonClients.capture("Tests/OpenAPIConnectorTests/Python/ghapi_acts.py", vendor, environment: ["ACTS": file.path])
    for act in acts {
      for problem in RequestDifference(Self.differences[act.tool] ?? []).problems(ours: [act.request], theirs: theirs[act.tool] ?? []) {
        Issue.record("\(act.tool): \(problem)")
      }
    }
  }

  /// Where ghapi, made of a description of 2026, differs from that of 2021 on purpose.
  private static let differences: [String: [RequestDifference.Exception]] = [
    "activity_mark_thread_as_read": [emptyBody], "actions_cancel_workflow_run": [emptyBody], "actions_re_run_workflow": [emptyBody],
  ]
  private static let emptyBody = RequestDifference.Exception.bodyEncoding(because: "ghapi sends an empty object along")

  private struct GHAPIAct {
    var tool: String
    /// `group.name` of ghapi.
    var operation: String
    var arguments: JSONObject
    /// Ours.
    var request: CapturedRequest
    var json: JSONValue { ["tool": .string(tool), "operation": .string(operation), "arguments": .object(arguments)] }
  }

  /// The same acts for both, with the arguments that ghapi, whose description is newer, still has.
  private func ghapiActs(_ api: PublishedAPI) async throws -> [GHAPIAct] {
    let table = try GHAPITable()
    var acts: [GHAPIAct] = []
    for (tool, request) in try await api.requests() {
      guard let operation = table.operation(request), let known = table.parameters(request) else {
        Issue.record("\(tool.name): ghapi has no \(request)")
        continue
      }
      var (ours, flat) = (JSONObject(), JSONObject())
      for (name, value) in api.arguments(tool).object ?? JSONObject() {
        if name == "body", let body = value.object {
          let members = body.reduce(into: JSONObject()) { if known.contains($1.name) { $0[$1.name] = $1.value } }
          ours[name] = .object(members)
          for (name, value) in members { flat[name] = value }
        } else if known.contains(name) {
          ours[name] = value
          flat[name] = value
        }
      }
      api.vendor.reset()
      api.answerAll()
      let result = try await api.api.call(tool.name, .object(ours))
      guard !result.isError, let request = api.vendor.requests.first else {
        Issue.record("\(tool.name): \(result.text.prefix(300))")
        continue
      }
      acts.append(GHAPIAct(tool: tool.name, operation: operation, arguments: flat, request: request))
    }
    return acts
  }

  // MARK: Recorded answers

  /// A recorded answer and the operation that it answers.
  private struct Recorded {
    var tool: String
    var name: String
    var status: Int
    var body: JSONValue
  }

  /// Octokit's recordings of GitHub, by the paths that were asked for.
  private func recordings(_ api: PublishedAPI) async throws -> [Recorded] {
    let description = try OpenAPIDescription(api.source.file)
    let tools = try await api.requests().reduce(into: [String: String]()) { tools, one in
      if let operation = description.operation(one.request) { tools[operation] = one.tool.name }
    }
    var found: [Recorded] = []
    for file in try SharedData.files("github/octokit-fixtures") where !file.hasSuffix(".raw.json") {
      let json = try SharedData.json("github/octokit-fixtures/\(file)")
      for exchange in json.array ?? [json] {
        let path = String((exchange["path"]?.string ?? "").prefix { $0 != "?" }).replacing("https://api.github.com", with: "")
        let asked = CapturedRequest(method: exchange["method"]?.string?.uppercased() ?? "", path: path, query: [], headers: [], body: ByteBuffer())
        guard let tool = description.operation(asked).flatMap({ tools[$0] }), let body = exchange["response"], body.object != nil || body.array != nil else { continue }
        found.append(Recorded(tool: tool, name: file.replacing(".json", with: ""), status: exchange["status"]?.int ?? 200, body: body))
      }
    }
    return found
  }

  @Test("Recorded answers of GitHub are given as they are, refusals in GitHub's words")
  func replay() async throws {
    let api = try await PublishedAPI(try #require(PublishedAPI.sources.first { $0.name == "github" }))
    let recordings = try await recordings(api)
    #expect(recordings.count > 15)
    for recorded in recordings {
      let tool = try #require(api.tools.first { $0.name == recorded.tool })
      api.vendor.reset()
      for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] { api.vendor.always(method, "/**", .json(recorded.body, status: recorded.status)) }
      let result = try await api.api.call(tool.name, api.arguments(tool))
      if recorded.status < 300 {
        #expect(
          result.structured?["body"] == recorded.body && result.structured?["status"]?.int == recorded.status,
          "\(recorded.name): \(tool.name): \(result.text.prefix(300))")
      } else {
        #expect(
          result.isError && result.text.contains(recorded.body["message"]?.string ?? "\(recorded.status)"), "\(recorded.name): \(tool.name): \(result.text.prefix(300))")
      }
    }
  }

  // MARK: Faults

  @Test("Each operation waits for a limit that ends, and tells of one that ends too late", arguments: PublishedAPI.sources)
  func limits(_ source: PublishedAPI.Source) async throws {
    let api = try await PublishedAPI(source)
    for (tool, request) in try await api.requests() {
      api.vendor.reset()
      api.vendor.on(request.method, request.path, .status(429, headers: [("Retry-After", "0")]), .json([:]), .status(429, headers: [("Retry-After", "3600")]))
      let waited = try await api.api.call(tool.name, api.arguments(tool))
      #expect(!waited.isError && api.vendor.requests.count == 2, "\(tool.name): \(waited.text.prefix(300))")
      let told = try await api.api.failure(tool.name, api.arguments(tool))
      #expect(told.contains("Try again in 3600 s") && api.vendor.requests.count == 3, "\(tool.name): \(told)")
      api.api.time.advance(3601)
    }
    #expect(api.api.time.waits.allSatisfy { $0 < 60 })
  }

  @Test("Each operation repeats an answer that is cut off where that is safe, and never where it is not", arguments: PublishedAPI.sources)
  func truncated(_ source: PublishedAPI.Source) async throws {
    let api = try await PublishedAPI(source)
    for (tool, request) in try await api.requests() {
      api.vendor.reset()
      api.vendor.on(request.method, request.path, .truncated(["padding": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]), .json([:]))
      let result = try await api.api.call(tool.name, api.arguments(tool))
      let isRepeatable = Self.repeatable.contains(request.method)
      #expect(result.isError != isRepeatable && api.vendor.requests.count == (isRepeatable ? 2 : 1), "\(tool.name): \(result.text.prefix(300))")
    }
  }

  // MARK: The page

  @Test("is written down, for every operation")
  func page() async throws {
    var rows: [CoverageTable.Row] = []
    var names: [String] = []
    for source in PublishedAPI.sources {
      let api = try await PublishedAPI(source)
      let recordings = source.name == "github" ? try await recordings(api) : []
      let methods = try await api.requests().reduce(into: [String: String]()) { $0[$1.tool.name] = $1.request.method }
      for tool in api.tools.map(\.name).sorted() {
        let recorded = Set(recordings.filter { $0.tool == tool }.map(\.name)).sorted()
        names.append("\(source.name): \(tool)")
        rows.append(
          CoverageTable.Row(
            "\(source.name): \(tool)", description: source.contradictions[tool].map { "– \($0)" } ?? "valid",
            differential: source.name == "github"
              ? (["equal to ghapi"] + (Self.differences[tool] ?? []).map(\.reason)).joined(separator: ", but: ") : "– no client by this description",
            replay: recorded.isEmpty ? "– none recorded" : recorded.map { "`\($0)`" }.joined(separator: ", "),
            faults: methods[tool].map {
              Self.repeatable.contains($0) ? "429 now and beyond the deadline, cut off (repeated)" : "429 now and beyond the deadline, cut off (not repeated)"
            }
              ?? ""))
      }
    }
    try CoverageTable(
      connector: "openapi", title: "OpenAPI",
      introduction: """
        The connector's tools are the operations of whatever description it is given; these are those of four that vendors publish: GitHub's of 2021, Jira Cloud v3 (2025), \
        Jira Software (2022) and Vault 1.15. Description: the request with every parameter, and of bodies what is required, is valid for another reader of the same file, strictly. \
        Differential: method, path, query and body are those of ghapi 2.1.4, with the arguments that its newer description still has. Replay: recordings of octokit/fixtures. \
        Faults of any operation, besides (`Tests/OpenAPIConnectorTests/FaultTests.swift`): limits and outages of each kind, slow and five-megabyte answers, a hang, an API that is not there, \
        pages that are short or end with the token, descriptions of five megabytes, cut off, or no text. A real service, Glances, is called by the description that it publishes.
        """, rows: rows
    ).check(tools: names)
  }
}
