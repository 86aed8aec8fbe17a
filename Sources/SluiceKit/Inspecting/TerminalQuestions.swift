internal import JSON
internal import MCP
internal import MCPHTTP

/// Puts the questions of a server to the person at the terminal.
struct TerminalQuestions: Sendable {
  let input: TerminalInput
  let output: InspectOutput
  let server: String

  /// The handlers of a client with a terminal; without one it declares that it cannot be asked.
  static func handlers(_ input: TerminalInput, _ output: InspectOutput, server: String, roots: [Root]) -> ClientHandlers {
    var handlers = ClientHandlers()
    if !roots.isEmpty { handlers.roots = { roots } }
    guard input.isInteractive else { return handlers }
    let questions = TerminalQuestions(input: input, output: output, server: server)
    handlers.form = { await questions.fillIn($0) }
    handlers.url = { await questions.visit($0) }
    handlers.sampling = { try await questions.write($0) }
    return handlers
  }

  // MARK: Forms

  func fillIn(_ form: FormElicitation) async -> ElicitationResult {
    output.note("\n\(server) asks: \(form.message)\nEmpty takes the default or leaves it out, ! declines, Ctrl-D cancels.")
    let required = Set(form.requestedSchema["required"]?.array?.compactMap(\.string) ?? [])
    var content = JSONObject()
    for (name, property) in form.requestedSchema["properties"]?.object ?? JSONObject() {
      asking: while true {
        guard let line = await input.line(Self.label(name, property, isRequired: required.contains(name))) else { return .cancel }
        if line == "!" { return .decline }
        if line.isEmpty {
          if let value = property["default"] { content[name] = value }
          if property["default"] != nil || !required.contains(name) { break asking }
          output.note("  \(name) is needed")
          continue
        }
        let value = Self.value(line, property)
        if let problem = Self.problem(value, property) {
          output.note("  \(problem)")
          continue
        }
        content[name] = value
        break asking
      }
    }
    return .accept(content)
  }

  private static func label(_ name: String, _ property: JSONValue, isRequired: Bool) -> String {
    var label = "  \(property["title"]?.string ?? name)"
    if let description = property["description"]?.string { label += " - \(description)" }
    let choices = choices(property)
    if !choices.isEmpty { label += " [\(choices.map { $0.title == $0.value ? $0.value : "\($0.value): \($0.title)" }.joined(separator: ", "))]" }
    if property["type"] == "boolean" { label += " [yes, no]" }
    if property["type"] == "array" { label += " (several: with commas)" }
    if let value = property["default"] { label += " (default \(value.string ?? value.text))" } else if !isRequired { label += " (optional)" }
    return label + ": "
  }

  private static func choices(_ property: JSONValue) -> [(value: String, title: String)] {
    let source = property["type"] == "array" ? property["items"] ?? .null : property
    if let titled = (source["oneOf"] ?? source["anyOf"])?.array {
      return titled.compactMap { option in option["const"]?.string.map { ($0, option["title"]?.string ?? $0) } }
    }
    let titles = source["enumNames"]?.array?.compactMap(\.string) ?? []
    return (source["enum"]?.array?.compactMap(\.string) ?? []).enumerated().map { ($1, $0 < titles.count ? titles[$0] : $1) }
  }

  static func value(_ line: String, _ property: JSONValue) -> JSONValue {
    switch property["type"]?.string {
    case "boolean":
      switch line.lowercased() {
      case "y", "yes", "true": return true
      case "n", "no", "false": return false
      default: return .string(line)
      }
    case "integer", "number":
      if let number = try? JSONValue(parsing: line), number.double != nil { return number }
      return .string(line)
    case "array": return .array(line.split(separator: ",").map { .string(Self.trimmed($0)) })
    default: return .string(line)
    }
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }

  static func problem(_ value: JSONValue, _ property: JSONValue) -> String? {
    guard let schema = try? JSONSchema(property, options: .init(checksFormats: true)) else { return nil }
    return schema.validate(value.raw).first.map { "this \($0.message)" }
  }

  // MARK: Addresses

  func visit(_ request: URLElicitation) async -> ElicitationResult {
    guard let url = HTTPURL(request.url) else {
      output.note("\n\(server) asks to visit an address that is none: \(request.url)")
      return .decline
    }
    output.note("\n\(server) asks: \(request.message)\nIt wants you to visit \(url.origin), to be exact: \(request.url)\nOpen it in a browser yourself if you trust it.")
    switch await input.line("  Tell the server that you agree? [y/N] ")?.lowercased() {
    case "y", "yes": return .accept
    case nil: return .cancel
    default: return .decline
    }
  }

  // MARK: Sampling

  func write(_ request: SamplingRequest) async throws -> SamplingResult {
    output.note("\n\(server) asks for a message of a model, of at most \(request.maxTokens) tokens:")
    if let system = request.systemPrompt { output.note("  system: \(system)") }
    for message in request.messages { output.note("  \(message.role.rawValue): \(message.text)") }
    output.note("Be the model: write the answer, and a line with a dot alone at its end. A dot at once refuses.")
    var lines: [String] = []
    while let line = await input.line("  "), line != "." { lines.append(line) }
    guard !lines.isEmpty else { throw RPCError(.internalError, "The user refused") }
    return SamplingResult(text: lines.joined(separator: "\n"), model: "the person at the terminal")
  }
}
