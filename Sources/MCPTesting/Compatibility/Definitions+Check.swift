internal import JSON
internal import MCP

/// Holds what a server lists against the specification (2026-07-28, server/tools, server/resources, server/prompts).
struct DefinitionCheck {
  let wire: Wire
  private(set) var report: CompatibilityReport

  init(_ wire: Wire, _ report: CompatibilityReport) {
    self.wire = wire
    self.report = report
  }

  mutating func check(_ tools: [ToolDefinition]) {
    unique(tools.map(\.name), "a tool")
    for tool in tools {
      if !Self.isToolName(tool.name) { add(tool.name, "a tool's name has 1 to 128 of A-Z a-z 0-9 _ - .") }
      if (tool.description ?? "").isEmpty { add(tool.name, "has no description: a model cannot know what it is for") }
      schema(tool.raw["inputSchema"], of: tool.name, "inputSchema", isRequired: true)
      schema(tool.raw["outputSchema"], of: tool.name, "outputSchema", isRequired: false)
    }
  }

  mutating func check(_ prompts: [PromptDefinition]) {
    unique(prompts.map(\.name), "a prompt")
    for prompt in prompts {
      unique(prompt.arguments.map(\.name), "an argument of \(prompt.name)")
      if prompt.name.isEmpty { add("a prompt", "has no name") }
    }
  }

  mutating func check(_ resources: [ResourceDefinition], _ templates: [ResourceTemplateDefinition]) {
    unique(resources.map(\.uri), "a resource")
    for resource in resources where !Self.hasScheme(resource.uri) { add(resource.uri, "is no URI: it has no scheme, such as file: or https:") }
    unique(templates.map(\.uriTemplate), "a resource template")
    for template in templates {
      do throws(URITemplate.ParseError) { _ = try URITemplate(template.uriTemplate) } catch { add(template.uriTemplate, "is no URI template (RFC 6570): \(error)") }
    }
  }

  private mutating func schema(_ schema: RawJSON?, of tool: String, _ member: String, isRequired: Bool) {
    guard let schema else {
      if isRequired { add(tool, "has no \(member)") }
      return
    }
    if isRequired, schema["type"]?.equals("object") != true { add(tool, "\(member) must say \"type\": \"object\"") }
    do throws(JSONSchemaError) { _ = try JSONSchema(schema) } catch { add(tool, "\(member) is no valid JSON Schema: \(error)") }
  }

  private mutating func unique(_ names: [String], _ what: String) {
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted { add(name, "\(what) is listed twice") }
  }

  private mutating func add(_ subject: String, _ message: String) { report.add(wire, subject, message) }

  private static func isToolName(_ name: String) -> Bool {
    (1...128).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || [0x5F, 0x2D, 0x2E].contains(byte)
      }
  }

  private static func hasScheme(_ uri: String) -> Bool {
    guard let colon = uri.firstIndex(of: ":"), colon != uri.startIndex else { return false }
    return uri[..<colon].utf8.allSatisfy { (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || [0x2B, 0x2D, 0x2E].contains($0) }
  }
}
