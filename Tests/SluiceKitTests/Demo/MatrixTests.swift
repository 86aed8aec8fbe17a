import Crypto
import Demo
import Foundation
import JSON
import Testing

@testable import Gateway
@testable import SluiceKit

/// Who sees and gets what in the demo: role by tool by row, as a file that a person reads and a change must answer for.
@Suite("The role x tool x row matrix", .timeLimit(.minutes(3)))
struct MatrixTests {
  private static let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Golden/matrix.txt")

  /// A call of every tool of the catalog, the same for everybody.
  static let calls: [(tool: String, arguments: JSONObject)] = [
    ("crm__list_tables", [:]),
    ("crm__describe_table", ["table": "contacts"]),
    ("crm__query", ["sql": "SELECT team, count(*) AS n FROM opportunities GROUP BY team ORDER BY team"]),
    ("crm__query", ["sql": "SELECT id, email, card_number FROM contacts ORDER BY id", "limit": 3]),
    ("crm__list_opportunities", ["limit": 50, "order": "id"]),
    ("crm__list_opportunities", ["limit": 50, "closed": false]),
    ("crm__get_account", ["id": "acc_00001"]),
    ("crm__search_contacts", ["query": "", "limit": 50, "purpose": "golden matrix"]),
    ("crm__list_activities", ["limit": 50]),
    ("crm__update_opportunity_stage", ["id": "opp_00001", "stage": "proposal", "purpose": "golden matrix"]),
    ("crm__update_opportunity_forecast", ["id": "opp_00001", "forecast_category": "commit", "forecast_amount": 1000, "purpose": "golden matrix"]),
    ("crm__update_account", ["id": "acc_00001", "tier": "enterprise", "purpose": "golden matrix"]),
    ("crm__revenue_summary", ["by": "team"]),
  ]

  @Test("is the one in Golden/matrix.txt")
  func matrix() async throws {
    let text = try await withDemo { demo in
      var lines: [String] = []
      // Records that are somebody's, so that the same calls show who may reach them.
      let own = try Records(demo)
      for person in DemoPeople.all {
        let client = try demo.client(person)
        lines.append("# \(person.key): \(person.id), \(person.roles.joined(separator: ", "))")
        lines.append("tools")
        var takesPurpose = Set<String>()
        for tool in try await client.list("tools/list", "tools") {
          if tool["inputSchema"]?["properties"]?["purpose"] != nil { takesPurpose.insert(tool["name"]?.string ?? "") }
          let purpose = tool["inputSchema"]?["properties"]?["purpose"] == nil ? "" : " purpose"
          let isRequired = tool["inputSchema"]?["required"]?.array?.contains("purpose") ?? false
          lines.append("  \(tool["name"]?.string ?? "")\(purpose)\(isRequired ? " required" : "")")
        }
        lines.append("prompts")
        for prompt in try await client.list("prompts/list", "prompts") { lines.append("  \(prompt["name"]?.string ?? "")") }
        lines.append("resources")
        for resource in try await client.list("resources/list", "resources") { lines.append("  \(resource["uri"]?.string ?? "")") }
        for template in try await client.list("resources/templates/list", "resourceTemplates") { lines.append("  \(template["uriTemplate"]?.string ?? "")") }
        lines.append("calls")
        for (tool, all) in Self.calls + own.calls {
          var arguments = all
          if !takesPurpose.contains(tool) { arguments["purpose"] = nil }
          let reply = try await client.call(tool, .object(arguments))
          lines.append("  \(tool) \(JSONValue.object(arguments).text)")
          lines.append("    \(Self.summary(reply))")
        }
        lines.append("")
      }
      return lines.joined(separator: "\n")
    }
    if ProcessInfo.processInfo.environment["SLUICE_UPDATE_GOLDEN"] == "1" { try Data(text.utf8).write(to: Self.file) }
    let golden = String(decoding: try Data(contentsOf: Self.file), as: UTF8.self)
    for (line, (found, expected)) in zip(text.split(separator: "\n", omittingEmptySubsequences: false), golden.split(separator: "\n", omittingEmptySubsequences: false))
      .enumerated()
    {
      #expect(found == expected, "line \(line + 1) of Golden/matrix.txt; SLUICE_UPDATE_GOLDEN=1 rewrites it")
    }
    #expect(text.count == golden.count)
  }

  @Test("covers every tool of the catalog")
  func isComplete() async throws {
    let tools = try await withDemo { $0.gateway.server.gateway.catalog.snapshot.toolList.map(\.name) }
    #expect(Set(tools) == Set(Self.calls.map(\.tool)))
  }

  /// Calls with the ids of the first open opportunity of each: hers, a colleague's, and one of another team.
  private struct Records {
    let calls: [(tool: String, arguments: JSONObject)]

    init(_ demo: DemoUnderTest) throws {
      let rep = DemoPeople.rep
      let team = rep.groups[0]
      let conditions: [(label: String, sql: String)] = [
        ("rep's", "owner = '\(rep.id)'"), ("colleague's", "owner <> '\(rep.id)' AND team = '\(team)'"), ("other team's", "team <> '\(team)'"),
      ]
      var calls: [(String, JSONObject)] = []
      for (label, condition) in conditions {
        let opportunity = try demo.ids("SELECT min(id) FROM opportunities WHERE closed = 0 AND \(condition)").first ?? ""
        let account = try demo.ids("SELECT min(id) FROM accounts WHERE \(condition)").first ?? ""
        let why = "golden matrix, \(label)"
        calls += [
          ("crm__get_account", ["id": .string(account)]),
          ("crm__update_opportunity_stage", ["id": .string(opportunity), "stage": "proposal", "purpose": .string(why)]),
          ("crm__update_opportunity_forecast", ["id": .string(opportunity), "forecast_category": "commit", "forecast_amount": 1000, "purpose": .string(why)]),
          ("crm__update_account", ["id": .string(account), "tier": "enterprise", "purpose": .string(why)]),
        ]
      }
      self.calls = calls
    }
  }

  // MARK: Summaries

  /// What came back in one line: rows as their number and a hash of their ids, and the masked fields.
  static func summary(_ reply: Reply) -> String {
    if let error = reply.error { return "refused \(reply.code ?? "without code") \(error["code"]?.text ?? "")" }
    if let code = reply.code { return "refused \(code)" }
    if reply.isToolError { return "error: \(reply.content.prefix(120))" }
    guard let object = reply.structured?.object else { return "text sha256 \(hash(reply.content))" }
    var parts: [String] = []
    for (name, value) in object {
      switch value {
      case .array(let elements):
        let ids = elements.map { $0["id"]?.string ?? $0.text }
        parts.append("\(name): \(elements.count) rows sha256 \(hash(ids.joined(separator: "\n")))")
      case .object(let row): parts.append("\(name): \(row["id"]?.string ?? "object") sha256 \(hash(value.text))")
      default: parts.append(name == "next_cursor" ? "and more" : "\(name): \(value.text)")
      }
    }
    var masked = Set<String>()
    collectMasked(.object(object), "", &masked)
    if !masked.isEmpty { parts.append("masked: \(masked.sorted().joined(separator: " "))") }
    return parts.joined(separator: "; ")
  }

  private static func hash(_ text: String) -> String {
    SHA256.hash(data: Data(text.utf8)).prefix(6).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func collectMasked(_ value: JSONValue, _ path: String, _ found: inout Set<String>) {
    switch value {
    case .object(let object): for (name, member) in object { collectMasked(member, path.isEmpty ? name : "\(path).\(name)", &found) }
    case .array(let elements): for element in elements { collectMasked(element, "\(path)[]", &found) }
    case .string(let text):
      for placeholder in [
        "[masked]", "[masked: pii]", "[masked: internal]", "[masked: confidential]", "[email]", "[phone]", "[card]", "[national id]", "[token]", "[key]",
      ] where text.contains(placeholder) {
        found.insert("\(path)=\(placeholder)")
      }
    default: break
    }
  }
}
