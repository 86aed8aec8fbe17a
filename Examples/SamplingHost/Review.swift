import JSON
import MCP

/// The human in the loop: says whether a request may go to the model, and whether its answer may go to the server.
struct Review: Sendable {
  let request: @Sendable (SamplingRequest) async -> Bool
  let result: @Sendable (SamplingResult) async -> Bool

  /// Lets everything pass. For servers that are trusted with the model.
  static let none = Review(request: { _ in true }, result: { _ in true })

  /// Shows both, and waits for a `y`. Whatever else is typed, and the end of input, mean no.
  static let atTerminal = Review(
    request: { request in
      print("The server asks the model:")
      for message in request.messages { print("  \(message.role.rawValue): \(summary(message))") }
      if !request.tools.isEmpty { print("  tools: \(request.tools.compactMap { $0["name"]?.string }.joined(separator: ", "))") }
      return confirm("Send it to the model?")
    },
    result: { result in
      print("The model answers:\n  \(summary(result.message))")
      return confirm("Send it to the server?")
    })

  private static func confirm(_ question: String) -> Bool {
    print("\(question) [y/N]")
    return readLine()?.lowercased() == "y"
  }

  private static func summary(_ message: SamplingMessage) -> String {
    message.content.map { block in
      switch block.kind {
      case .text(let text): text
      case .image(let bytes, let type), .audio(let bytes, let type): "\(type), \(bytes.count) bytes"
      case .toolUse(_, let name, let input): "use \(name) \(input.text)"
      case .toolResult(_, let content, _, _): "result \(content.compactMap { if case .text(let text) = $0.kind { text } else { nil } }.joined(separator: " "))"
      }
    }.joined(separator: "; ")
  }
}
