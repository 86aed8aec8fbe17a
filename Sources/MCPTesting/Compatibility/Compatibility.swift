public import JSON
public import MCP

/// Suites that every server should pass, whatever it does.
public enum Compatibility {
  /// Lists and calls over every wire, and compares.
  ///
  /// - Every list can be read to its end, twice with the same result, and is the same over all wires of a revision.
  /// - Names, URIs, templates and schemas are valid.
  /// - An unknown tool is refused.
  /// - Each sample answers the same over all wires; structured content fits its schema.
  ///
  /// - Parameters:
  ///   - server: evaluated for each wire: an expression that makes a server gives each wire its own.
  ///   - samples: calls to make. Tools without one are only listed.
  ///   - answers: what the server gets when it asks for something.
  /// - Throws: ``WireFailure`` where a wire cannot be used at all. What is wrong with the server is in the report.
  public static func report(
    on server: @autoclosure () throws -> any RequestHandler, wires: [Wire] = Wire.all, samples: [ToolSample] = [],
    answers: ScriptedAnswers = ScriptedAnswers(), within limit: Duration = .seconds(60)
  ) async throws -> CompatibilityReport {
    var report = CompatibilityReport()
    var findings: [(wire: Wire, found: Findings)] = []
    for wire in wires {
      let before = report
      let (found, after) = try await withClient(of: try server(), over: wire, answers: answers, within: limit, checksResults: false) { client, _ in
        try await Findings.make(client, wire, samples, before)
      }
      report = after
      findings.append((wire, found))
    }
    compare(findings, samples, &report)
    return report
  }

  private static func compare(_ findings: [(wire: Wire, found: Findings)], _ samples: [ToolSample], _ report: inout CompatibilityReport) {
    guard let first = findings.first else { return }
    for (wire, found) in findings.dropFirst() {
      // What an older revision cannot say is left out of its lists.
      let like = findings.first { $0.wire.version == wire.version } ?? first
      for (list, items) in found.lists {
        guard let expected = like.found.lists[list] else { continue }
        for (name, item) in items where expected[name] != item {
          report.add(nil, name, expected[name] == nil ? "is in \(list) over \(wire), not over \(like.wire)" : "differs in \(list) over \(wire) and \(like.wire)")
        }
        for name in expected.keys where items[name] == nil { report.add(nil, name, "is in \(list) over \(like.wire), not over \(wire)") }
      }
      for (index, sample) in samples.enumerated() {
        guard let here = found.answers[index], let there = first.found.answers[index] else { continue }
        let (mine, other) = (here.compared(sample.comparing, with: wire.version), there.compared(sample.comparing, with: wire.version))
        if mine != other {
          let (one, another) = (mine.text.prefix(300), other.text.prefix(300))
          report.add(nil, sample.tool, "answers \(sample.arguments.text.prefix(200)) with \(one) over \(wire), with \(another) over \(first.wire)")
        }
      }
    }
  }
}

/// What one wire showed of a server.
private struct Findings: Sendable {
  /// By the name of the list, then by the name of the item: the whole definition.
  var lists: [String: [String: JSONValue]] = [:]
  /// By the place of the sample.
  var answers: [Int: JSONValue] = [:]

  static func make(
    _ client: Client, _ wire: Wire, _ samples: [ToolSample], _ report: CompatibilityReport
  ) async throws -> (Findings, CompatibilityReport) {
    var found = Findings()
    var check = DefinitionCheck(wire, report)
    let capabilities = client.server?.capabilities
    let fresh = RequestOptions(usesCache: false)
    var unstable: [String] = []
    var tools: [ToolDefinition] = []
    if capabilities?["tools"] != nil {
      tools = try await client.listTools(options: fresh)
      check.check(tools)
      if try await client.listTools(options: fresh).map(\.raw.text) != tools.map(\.raw.text) { unstable.append("tools/list") }
      found.lists["tools/list"] = named(tools.map { ($0.name, $0.raw) })
    }
    if capabilities?["prompts"] != nil {
      let prompts = try await client.listPrompts(options: fresh)
      check.check(prompts)
      if try await client.listPrompts(options: fresh).map(\.raw.text) != prompts.map(\.raw.text) { unstable.append("prompts/list") }
      found.lists["prompts/list"] = named(prompts.map { ($0.name, $0.raw) })
    }
    if capabilities?["resources"] != nil {
      let resources = try await client.listResources(options: fresh)
      let templates = try await client.listResourceTemplates(options: fresh)
      check.check(resources, templates)
      found.lists["resources/list"] = named(resources.map { ($0.uri, $0.raw) })
      found.lists["resources/templates/list"] = named(templates.map { ($0.uriTemplate, $0.raw) })
    }
    var report = check.report
    for list in unstable { report.add(wire, list, "gives another list the second time") }
    report.tools = max(report.tools, tools.count)
    if capabilities?["tools"] != nil { try await refusesUnknown(client, wire, &report) }
    for (index, sample) in samples.enumerated() {
      guard let tool = tools.first(where: { $0.name == sample.tool }) else {
        report.add(wire, sample.tool, "there is a sample of it, but it is not listed")
        continue
      }
      found.answers[index] = try await answer(to: sample, of: tool, client, wire, &report)
    }
    return (found, report)
  }

  private static func named(_ items: [(String, RawJSON)]) -> [String: JSONValue] {
    Dictionary(items.map { ($0, JSONValue($1)) }, uniquingKeysWith: { one, _ in one })
  }

  private static func refusesUnknown(_ client: Client, _ wire: Wire, _ report: inout CompatibilityReport) async throws(ClientError) {
    let name = "no-such-tool-\(UInt32.random(in: 0 ... .max))"
    do throws(ClientError) {
      if try await !client.callTool(name).isError { report.add(wire, "tools/call", "a tool that does not exist gives a result instead of an error") }
    } catch {
      guard case .server = error else { throw error }
    }
  }

  private static func answer(
    to sample: ToolSample, of tool: ToolDefinition, _ client: Client, _ wire: Wire, _ report: inout CompatibilityReport
  ) async throws(ClientError) -> JSONValue {
    report.calls += 1
    let result: CallResult
    do throws(ClientError) { result = try await client.callTool(sample.tool, sample.arguments) } catch {
      guard case .server(let refusal) = error else { throw error }
      if !sample.fails { report.add(wire, sample.tool, "refuses its sample \(sample.arguments.text.prefix(200)): \(refusal)") }
      return ["refused": .int(refusal.code.rawValue)]
    }
    if result.isError != sample.fails {
      let failure = "fails with its sample \(sample.arguments.text.prefix(200)): \(result.text.prefix(300))"
      report.add(wire, sample.tool, sample.fails ? "is meant to fail with its sample, and does not" : failure)
    }
    if let schema = tool.outputSchema, !result.isError {
      if let structured = result.structured {
        for violation in (try? JSONSchema(schema))?.validate(structured.raw) ?? [] {
          report.add(wire, sample.tool, "its structured content does not fit its outputSchema: \(violation)")
        }
      } else {
        report.add(wire, sample.tool, "has an outputSchema and gives no structured content")
      }
    }
    return JSONValue(result.raw)
  }
}

extension JSONValue {
  /// What of a tool's result must be the same, as far as `version` can say it.
  fileprivate func compared(_ comparison: ToolSample.Comparison, with version: ProtocolVersion) -> JSONValue {
    if let refused = self["refused"] { return ["refused": refused] }
    var part: JSONValue = ["isError": .bool(self["isError"]?.bool ?? false)]
    switch comparison {
    case .everything:
      part["content"] = self["content"]
      // Before 2026-07-28 structured content is an object or not there.
      if let structured = self["structuredContent"], version.era == .modern || structured.object != nil { part["structuredContent"] = structured }
    case .form: part["content"] = .array(self["content"]?.array?.map { ["type": $0["type"] ?? .null] } ?? [])
    }
    return part
  }
}
