import Foundation
import JSON
import MCP
import MCPHTTP
import Testing

/// A server of PyPI that a Swift client talks to.
struct PythonServer: Sendable, CustomTestStringConvertible {
  var interpreter: String
  var program: String
  var arguments: [String]
  var testDescription: String

  /// The packages that are installed: `mcp` of both generations, and `fastmcp`.
  static let all: [PythonServer] = {
    var servers: [PythonServer] = []
    let marks = ["--marks", FileManager.default.temporaryDirectory.path]
    if let python = PythonProgram.interpreter {
      servers.append(PythonServer(interpreter: python, program: "upstream_server.py", arguments: ["py"] + marks, testDescription: "mcp 2"))
    }
    if let python = PythonProgram.legacyInterpreter {
      servers.append(PythonServer(interpreter: python, program: "upstream_server.py", arguments: ["py"] + marks, testDescription: "mcp 1"))
    }
    if let python = PythonProgram.fastmcpInterpreter {
      servers.append(PythonServer(interpreter: python, program: "fastmcp_server.py", arguments: [], testDescription: "fastmcp 4"))
    }
    return servers
  }()

  var isLegacy: Bool { testDescription == "mcp 1" }
  private var eras: [Era] { isLegacy ? [.legacy] : [.modern, .legacy] }

  /// A server in an era that it has.
  struct InEra: Sendable, CustomTestStringConvertible {
    /// What comes of a subscription to its list of tools.
    enum Changes {
      case told
      /// `mcp` 2 has our server tell those who listen, and in the legacy era nobody can.
      case untold
      /// `fastmcp` 4.1 knows no `subscriptions/listen`.
      case refused
    }

    var server: PythonServer
    var era: Era

    var versions: [ProtocolVersion] { ProtocolVersion.allCases.filter { $0.era == era } }
    var testDescription: String { "\(server.testDescription), \(era)" }

    var changes: Changes {
      switch (server.testDescription, era) {
      case ("mcp 2", .legacy): .untold
      case ("fastmcp 4", .modern): .refused
      default: .told
      }
    }
  }

  /// Every server in each of its eras.
  static let inEras: [InEra] = all.flatMap { server in server.eras.map { InEra(server: server, era: $0) } }

  private var path: String { PythonProgram.root.appending(path: "Tests/InteropTests/Python/\(program)").path }
  private func arguments(_ wire: String) -> [String] { [path, wire] + arguments }

  /// Runs `body` with a transport to the server, over its pipes or over HTTP, and holds every message to the schema of its revision.
  func withTransport(_ wire: InteropTests.Wire, _ body: (ClientTransport) async throws -> Void) async throws {
    let messages = RecordedMessages()
    try await open(wire) { try await body(messages.noting($0)) }
    try await messages.check()
  }

  private func open(_ wire: InteropTests.Wire, _ body: (ClientTransport) async throws -> Void) async throws {
    guard wire == .http else {
      return try await body(.stdio(interpreter, arguments("stdio"), environment: ["PYTHONDONTWRITEBYTECODE": "1"]))
    }
    let process = Process()
    process.executableURL = URL(filePath: interpreter)
    process.arguments = arguments("http")
    process.standardInput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    let output = Pipe()
    process.standardOutput = output
    try PythonProgram.start(process)
    defer { process.terminate() }
    let line = try await Self.firstLine(of: output.fileHandleForReading)
    guard let url = try JSONValue(parsing: line)["url"]?.string else { throw CocoaError(.fileReadCorruptFile) }
    try await body(.http(url))
  }

  private static func firstLine(of file: FileHandle) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
      // Reading blocks, so not on a thread of the tests.
      Thread.detachNewThread {
        var line = Data()
        while let byte = try? file.read(upToCount: 1), !byte.isEmpty {
          if byte.first == UInt8(ascii: "\n") { return continuation.resume(returning: String(decoding: line, as: UTF8.self)) }
          line += byte
        }
        continuation.resume(throwing: CocoaError(.fileReadUnknown))
      }
    }
  }
}
