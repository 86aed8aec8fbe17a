import MCPToolMacros

/// A tool that asks the client's model, and gives that model a tool of its own.
@Tools struct Outings {
  /// Suggests what to do in a city, as the client's model sees it.
  /// - Parameter city: Where.
  @Tool("suggest_outing", .readOnly)
  func suggestOuting(city: String, call: ToolCall) async throws -> String {
    var messages = [SamplingMessage.user("Suggest one outing in \(city) for today, in a sentence. Look up the weather first.")]
    // Models that ask for tools for ever are not waited for.
    for turn in 1...4 {
      let request = SamplingRequest(
        messages, maxTokens: 200, systemPrompt: "You know cities.", tools: [Self.weatherTool], toolChoice: turn == 4 ? "none" : "auto")
      let answer = try await call.sample(request, key: "turn\(turn)")
      let uses = answer.toolUses
      if uses.isEmpty { return answer.text }
      messages.append(answer.message)
      messages.append(SamplingMessage(.user, uses.map { .toolResult(id: $0.id, [.text(Self.weather(in: $0.input["city"]?.string ?? city))]) }))
    }
    throw ToolError("The model found no answer.")
  }

  private static let weatherTool: JSONValue = [
    "name": "look_up_weather", "description": "Tells the weather in a city at the moment.",
    "inputSchema": ["type": "object", "properties": ["city": ["type": "string"]], "required": ["city"]],
  ]

  private static func weather(in city: String) -> String { city.utf8.count.isMultiple(of: 2) ? "\(city): rain, 12 degrees" : "\(city): sun, 21 degrees" }
}
