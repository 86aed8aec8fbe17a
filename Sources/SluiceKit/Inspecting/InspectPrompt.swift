internal import MCP

/// The inspector's prompt: actions line by line, of a person or of a script.
struct InspectPrompt: Sendable {
  let inspector: Inspector
  let input: TerminalInput
  let output: InspectOutput
  let label: String

  /// Reads until the end of the input, or `quit`.
  ///
  /// - Returns: how many lines there were, and whether every one did what it says.
  func run() async -> (lines: Int, succeeded: Bool) {
    if input.isInteractive { output.note("help tells what there is, quit or Ctrl-D leaves.") }
    var (lines, succeeded) = (0, true)
    while let line = await input.line("\(label)> ") {
      let words: [String]
      do throws(CommandWords.Unfinished) { words = try CommandWords.split(line, keepsJSON: true) } catch {
        output.note("Error: \(error)")
        succeeded = false
        continue
      }
      guard let first = words.first, !first.hasPrefix("#") else { continue }
      lines += 1
      switch first {
      case "quit", "exit": return (lines, succeeded)
      case "help", "?": output.note(InspectAction.help + "\nquit")
      default: if await !perform(words) { succeeded = false }
      }
    }
    if input.isInteractive { output.note("") }
    return (lines, succeeded)
  }

  private func perform(_ words: [String]) async -> Bool {
    do {
      let action = try InspectAction(words)
      // A subscription would keep the prompt for ever: a person looks for a while, and asks again.
      let bounds = input.isInteractive ? Inspector.Bounds(time: .seconds(60)) : Inspector.Bounds(changes: 1)
      return try await inspector.perform(action, bounds)
    } catch {
      output.note("Error: \(error)")
      return false
    }
  }
}
