import Foundation
import Testing

/// `Examples/EverythingServer` on its wire, every row of the fixtures that conformance tooling agrees on, each message against its schema.
@Suite(
  .serialized,
  .enabled(
    if: PythonProgram.interpreter != nil,
    "no Python with the packages of scripts/python-requirements.txt (scripts/python.sh, or SLUICE_PYTHON): the everything server not tested"),
  .enabled(if: PythonProgram.shared != nil, "shared/spec not present: messages of the everything server not tested against the schemas"))
struct EverythingServerTests {
  private static let measuresMemory = ProcessInfo.processInfo.environment["SANITIZE"] == nil && FileManager.default.fileExists(atPath: "/proc/self/status")

  @Test(
    "The everything server behaves as the fixtures say, in each revision",
    arguments: ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"])
  func revision(_ revision: String) async throws {
    try await PythonProgram.run("everything.py", revision)
  }

  @Test("Its tasks work, ask, end, fail and are cancelled")
  func tasks() async throws {
    try await PythonProgram.run("everything.py", "tasks")
  }

  @Test(
    "A thousand open subscriptions cost it little memory each, and hear of a change",
    .enabled(if: measuresMemory, "a sanitizer's memory, or no /proc: what a subscription costs not measured"), .timeLimit(.minutes(3)))
  func streams() async throws {
    try await PythonProgram.run("many_streams.py")
  }

  @Test("It speaks the oldest revision over stdio, questions included")
  func stdio() async throws {
    try await PythonProgram.run("everything.py", "stdio")
  }
}
