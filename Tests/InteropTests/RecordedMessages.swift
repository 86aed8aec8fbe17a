import Foundation
import JSON
import MCP
import Synchronization
import Testing

/// The messages of a client of ours and its server, in order, and whether each is valid in its revision.
final class RecordedMessages: Sendable {
  private let lines = Mutex<[String]>([])

  /// The same transport, its messages noted here.
  func noting(_ transport: ClientTransport) -> ClientTransport {
    transport.observed { message in
      let entry: JSONValue = ["from": message.direction == .sent ? "client" : "server", "text": .string(JSONValue(message.text).text)]
      self.lines.withLock { $0.append(entry.text) }
    }
  }

  /// Holds what was noted to the published schemas, where these are here.
  func check() async throws {
    guard PythonProgram.interpreter != nil, PythonProgram.shared != nil else { return }
    let file = FileManager.default.temporaryDirectory.appending(path: "messages-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try (lines.withLock { $0 }.joined(separator: "\n") + "\n").write(to: file, atomically: true, encoding: .utf8)
    try await PythonProgram.run("recorded_messages.py", file.path)
  }
}
