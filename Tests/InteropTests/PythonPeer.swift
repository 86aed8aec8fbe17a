import Foundation
import JSON
import Synchronization

/// A Python program beside this file that does what it is told a line at a time (Python/line_protocol.py), such as being an
/// authorization server.
struct PythonPeer: Sendable {
  /// What the program said of itself when it was ready.
  let about: JSONValue
  private let lines: PeerLines
  private let input: FileHandle

  /// Runs a program for the length of `body`, for at most two minutes.
  static func with<R: Sendable>(_ interpreter: String, _ program: String, _ arguments: [String] = [], body: (PythonPeer) async throws -> R) async throws -> R {
    let process = Process()
    process.executableURL = URL(filePath: interpreter)
    process.arguments = [PythonProgram.root.appending(path: "Tests/InteropTests/Python/\(program)").path] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    let errors = FileManager.default.temporaryDirectory.appending(path: "sluice-peer-\(UUID().uuidString)")
    try Data().write(to: errors)
    defer { try? FileManager.default.removeItem(at: errors) }
    process.standardError = try FileHandle(forWritingTo: errors)
    try PythonProgram.start(process)
    let watch = Task {
      try await Task.sleep(for: .seconds(120))
      process.terminate()
    }
    defer {
      watch.cancel()
      // The end of its input ends it in good order.
      try? input.fileHandleForWriting.close()
    }
    let lines = PeerLines(output.fileHandleForReading)
    do {
      let about = try JSONValue(parsing: try await lines.next())
      return try await body(PythonPeer(about: about, lines: lines, input: input.fileHandleForWriting))
    } catch let error as PeerError {
      throw PeerError(description: "\(program): \(error)\n\((try? String(contentsOf: errors, encoding: .utf8))?.suffix(4000) ?? "")")
    }
  }

  /// Has something done, and gives what came of it.
  @discardableResult
  func ask(_ action: String, _ arguments: JSONObject = [:]) async throws -> JSONValue {
    var message = arguments
    message["do"] = .string(action)
    let text = JSONValue.object(message).text + "\n"
    let answer = try JSONValue(parsing: try await lines.next(after: { try input.write(contentsOf: Data(text.utf8)) }))
    if let error = answer["error"]?.string { throw PeerError(description: "\(action): \(error)") }
    return answer["result"] ?? .null
  }
}

struct PeerError: Error, CustomStringConvertible {
  let description: String
}

/// The lines of a pipe, for whoever asks, in the order of asking.
private final class PeerLines: Sendable {
  private struct State {
    var lines: [String] = []
    var waiting: [CheckedContinuation<String, any Error>] = []
    var hasEnded = false
  }

  /// Guards lines that nobody has asked for, and askers who have no line.
  private let state = Mutex(State())

  init(_ file: FileHandle) {
    // Reading blocks, so not on a thread of the tests.
    Thread.detachNewThread { [self] in
      var rest = Data()
      while case let chunk = file.availableData, !chunk.isEmpty {
        rest += chunk
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
          give(String(decoding: rest[..<end], as: UTF8.self))
          rest = Data(rest[rest.index(after: end)...])
        }
      }
      let left = state.withLock { state in
        state.hasEnded = true
        defer { state.waiting = [] }
        return state.waiting
      }
      for one in left { one.resume(throwing: PeerError(description: "it ended")) }
    }
  }

  private func give(_ line: String) {
    let first = state.withLock { state -> CheckedContinuation<String, any Error>? in
      if !state.waiting.isEmpty { return state.waiting.removeFirst() }
      state.lines.append(line)
      return nil
    }
    first?.resume(returning: line)
  }

  /// The next line. `action` runs in the same order as lines are given out.
  func next(after action: () throws -> Void = {}) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
      do {
        let line = try state.withLock { state -> String? in
          if state.hasEnded { throw PeerError(description: "it has ended") }
          try action()
          if !state.lines.isEmpty { return state.lines.removeFirst() }
          state.waiting.append(continuation)
          return nil
        }
        if let line { continuation.resume(returning: line) }
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }
}
