import JSON
import MCP

/// A model double, so that the example needs no account and its answers stay the same: it uses the first tool that it is offered, once,
/// with the city that the conversation names, and then writes a sentence from what the tool said.
struct ScriptedModel: Model {
  func write(_ request: SamplingRequest) async throws -> SamplingResult {
    let results = request.messages.flatMap(\.content).compactMap { block in
      if case .toolResult(_, let content, _, _) = block.kind { content } else { nil }
    }.joined()
    if results.isEmpty, request.toolChoice != "none", let tool = request.tools.first?["name"]?.string {
      let city = request.messages.first?.text.split(separator: " ").drop { $0 != "in" }.dropFirst().first ?? "here"
      let use = SamplingContent.toolUse(id: "use-1", name: tool, input: ["city": .string(String(city))])
      return SamplingResult(SamplingMessage(.assistant, [use]), model: "scripted", stopReason: "toolUse")
    }
    let said = results.compactMap { if case .text(let text) = $0.kind { text } else { nil } }.joined(separator: " ")
    let place = said.contains("rain") ? "a museum" : "the river"
    return SamplingResult(text: "Visit \(place) (\(said)).", model: "scripted")
  }
}
