internal import JSON
internal import MCP
internal import Synchronization

/// Where the inspector writes: results to standard output, all else to standard error.
final class InspectOutput: Sendable {
  /// Results as JSON, one value a line.
  let isJSON: Bool
  private let hasColour: Bool
  /// Held while a whole line is written, so that lines of different tasks do not mix.
  private let lines = Mutex(())

  init(isJSON: Bool) {
    self.isJSON = isJSON
    hasColour = TerminalText.mayHaveColour(2)
  }

  /// A result as it is for scripts.
  func json(_ value: JSONValue) { lines.withLock { _ in StandardOutput.write(value.text + "\n") } }

  /// A result for people.
  func text(_ text: String) { lines.withLock { _ in StandardOutput.write(TerminalText.harmless(text) + "\n") } }

  /// Something beside the results.
  func note(_ text: String) { error(TerminalText.harmless(text)) }

  /// A message as it passed.
  func show(_ message: WireMessage) {
    let arrow = message.direction == .sent ? "-> " : "<- "
    error(TerminalText.coloured(arrow, message.direction == .sent ? .sent : .received, hasColour) + TerminalText.json(JSONValue(message.text), colour: hasColour))
  }

  private func error(_ line: String) { lines.withLock { _ in StandardOutput.writeError(line + "\n") } }
}
