import Foundation
import Gateway
import JSON
import MCP
import MCPHTTP
import Testing

@testable import SluiceKit

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// When the log cannot be written, nothing is done.
@Suite(
  "An audit log that cannot be written", .enabled(if: SluiceBinary.path != nil, "no sluice executable beside the tests: a full disk is not tested"),
  .timeLimit(.minutes(3)))
struct UnwritableTests {
  @Test(
    "calls are refused with 503 and Retry-After, nothing reaches the upstream, and it goes on once there is room",
    .enabled(if: FullDisk.canMount, "not root, or no tmpfs can be mounted: a full disk is not tested"))
  func fullDisk() async throws {
    let effects = Tally()
    let server = Server(name: "counter", version: "1")
    server.add(
      Tool(name: "add", inputSchema: ["type": "object"], annotations: ToolAnnotations(readOnly: false)) { _ in
        effects.add()
        return ToolResult(text: "done")
      })
    try await withUpstream(server) { upstream in
      try await withDirectory { state in
        try await FullDisk.with("\(state)/audit", kilobytes: 2048) { disk in
          var configuration = TestConfiguration()
          configuration.add("counter", port: upstream)
          let (port, token) = try await ServeProcess.prepare(configuration, state: state)
          let process = try await ServeProcess.start(state: state, port: port, token: token)
          defer { process.running.kill() }
          #expect(try await process.client.call("counter__add").content == "done")
          let session = try await process.client.initialize()

          // Fill the disk with a file of our own and then the log's own reserve, if it has one.
          let ballast = "\(disk)/ballast"
          FullDisk.fill(ballast)
          // A smaller leaf may fit where a larger one does not, and the log makes room of its own when it has packed what it holds.
          var done = 1
          for request in [
            { try await process.client.call("counter__add") }, { try await session.call("counter__add") }, { try await process.client.modern("tools/list") },
          ] as [@Sendable () async throws -> Reply] {
            let (refusal, answered) = try await FullDisk.refusal(of: request)
            let reply = try #require(refusal, "the log has no room, yet it goes on")
            done += answered
            #expect(reply.code == "audit_unavailable")
            #expect(reply.headers["Retry-After"].flatMap { Int($0) } ?? 0 > 0)
            #expect(reply.message["id"]?.int != nil)
            #expect(!reply.text.contains(state) && !reply.text.contains("No space"), "\(reply.text)")
            #expect(effects.count == done, "nothing reaches the upstream of a call that is refused")
          }

          try FileManager.default.removeItem(atPath: ballast)
          try await eventually("the gateway goes on") { try await process.client.call("counter__add").content == "done" }
          #expect(effects.count == done + 1)
          process.running.kill(SIGTERM)
          await process.running.waitForEnd()
          let report = try await SluiceBinary.run(["audit", "verify", "--json", "--log", disk])
          #expect(report.status == 0, "\(report.output)\(report.errors)")
          let leaves = try AuditTrail.leaves(state: state)
          #expect(leaves.of("outcome").count == effects.count)
          #expect(leaves.of("intent").count >= effects.count)
        }
      }
    }
  }
}

extension UnwritableTests {
  @Test(
    "a call whose outcome cannot be written gets no answer, is told that it may have happened, and leaves a log that can be read",
    .enabled(if: FullDisk.canMount, "not root, or no tmpfs can be mounted: a full disk is not tested"))
  func fullDuringCall() async throws {
    let (arrived, gates) = (Tally(), (0..<10).map { _ in Gate() })
    let server = Server(name: "counter", version: "1")
    server.add(
      Tool(name: "wait", inputSchema: ["type": "object"], annotations: ToolAnnotations(readOnly: false)) { call in
        arrived.add()
        await gates[call.int("attempt") ?? 0].pass()
        return ToolResult(text: "done")
      })
    server.add(Tool(name: "add", inputSchema: ["type": "object"], annotations: ToolAnnotations(readOnly: false)) { _ in ToolResult(text: "done") })
    try await withUpstream(server) { upstream in
      try await withDirectory { state in
        try await FullDisk.with("\(state)/audit", kilobytes: 2048) { disk in
          var configuration = TestConfiguration()
          // The call waits while the disk is filled.
          configuration.add("counter", port: upstream, ["timeout_seconds": 600])
          configuration.limits = ["requests_per_minute": 1_000_000]
          let (port, token) = try await ServeProcess.prepare(configuration, state: state)
          let process = try await ServeProcess.start(state: state, port: port, token: token)
          defer { process.running.kill() }
          let ballast = "\(disk)/ballast"
          var lost: Reply?
          // The outcome may find room that the log has just made by packing what it holds: then once more.
          for (attempt, gate) in gates.enumerated() where lost == nil {
            async let waiting = process.client.call("counter__wait", ["attempt": .int(attempt)], seconds: 600)
            try await eventually("the call is at the upstream") { arrived.count == attempt + 1 }
            FullDisk.fill(ballast)
            for method in ["tools/call", "tools/list"] {
              let parameters: JSONValue = method == "tools/call" ? ["name": "counter__add", "arguments": [:]] : [:]
              _ = try #require(try await FullDisk.refusal(of: { try await process.client.modern(method, parameters) }).refusal)
            }
            FullDisk.fill(ballast)
            gate.open()
            let reply = try await waiting
            if reply.status == 503 { lost = reply } else { #expect(reply.content == "done") }
            try FileManager.default.removeItem(atPath: ballast)
            try await eventually("the gateway goes on") { try await process.client.call("counter__add").content == "done" }
          }
          let reply = try #require(lost, "the log has no room, yet outcomes are written")
          #expect(reply.code == "audit_unavailable")
          #expect(reply.error?["message"]?.string?.contains("may have had its effect") == true, "\(reply.text)")
          process.running.kill(SIGTERM)
          await process.running.waitForEnd()
          #expect(try await SluiceBinary.run(["audit", "verify", "--log", disk]).status == 0)
          // Reading is strict: a leaf that says something twice is not JSON.
          let leaves = try AuditTrail.leaves(state: state)
          let outcomes = leaves.of("outcome").compactMap { $0["exchange"]?.string }
          #expect(Set(outcomes).count == outcomes.count, "no call has two outcomes")
        }
      }
    }
  }
}

/// A small file system of its own.
enum FullDisk {
  static let canMount: Bool = {
    guard geteuid() == 0 else { return false }
    let path = FileManager.default.temporaryDirectory.appending(path: "sluice-mount-\(UUID().uuidString)").path
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    guard run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", path]) else { return false }
    return run(["umount", path])
  }()

  /// What a request is answered that finds no room in the log, and how many calls were answered before.
  static func refusal(of request: () async throws -> Reply) async throws -> (refusal: Reply?, answered: Int) {
    var answered = 0
    for _ in 0..<20_000 {
      let reply = try await request()
      if reply.status == 503 { return (reply, answered) }
      if reply.content == "done" { answered += 1 }
    }
    return (nil, answered)
  }

  static func with<R>(_ path: String, kilobytes: Int, _ body: (String) async throws -> R) async throws -> R {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    guard run(["mount", "-t", "tmpfs", "-o", "size=\(kilobytes)k,mode=700", "tmpfs", path]) else { throw NeverHappened(description: "a mount") }
    do {
      let result = try await body(path)
      _ = run(["umount", "-l", path])
      return result
    } catch {
      _ = run(["umount", "-l", path])
      throw error
    }
  }

  /// Writes until nothing more fits.
  static func fill(_ path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    let page = [UInt8](repeating: 0, count: 512)
    while page.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) > 0 {}
    close(descriptor)
  }

  private static func run(_ command: [String]) -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    guard (try? ProcessStart.run(process)) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}
