import Foundation
import Gateway
import JSON
import Ledger
import MCP
import MCPHTTP
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import SluiceKit

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// `kill -9` in the middle of load: nothing that a client was told is lost, and nothing happened that is not written down.
@Suite("A killed gateway", .enabled(if: SluiceBinary.path != nil, "no sluice executable beside the tests: crashes not tested"), .timeLimit(.minutes(5)))
struct CrashTests {
  private static let rounds = 20
  private static let connections = 8

  @Test("20 kills under load: the log verifies, every answered call has both leaves, every effect has its intent")
  func kills() async throws {
    let effects = Seen<String>()
    let server = Server(name: "counter", version: "1")
    server.add(
      Tool(name: "add", inputSchema: ["type": "object"], annotations: ToolAnnotations(readOnly: false, destructive: false)) { call in
        effects.add(call.string("nonce") ?? "")
        return ToolResult(text: call.string("nonce") ?? "")
      })
    try await withUpstream(server) { upstream in
      try await withDirectory { state in
        var configuration = TestConfiguration()
        configuration.policies = #"@purpose("required") permit (principal in Role::"reader", action, resource) unless { action == Action::"reveal" };"#
        configuration.limits = ["requests_per_minute": 100_000_000, "requests_per_day": 100_000_000, "in_flight_per_user": 1000]
        configuration.add("counter", port: upstream)
        let (port, token) = try await ServeProcess.prepare(configuration, state: state)
        var random = SeededRandom(seed: 20_260_728)
        var answered = Set<String>()
        var previous: String?

        for round in 0..<Self.rounds {
          let process = try await ServeProcess.start(state: state, port: port, token: token)
          let delay = Int.random(in: 50...300, using: &random)
          let replies = Tally()
          async let told = Self.load(process, round: round, replies)
          // On a slow machine nothing may be answered in that time: some are killed after an answer.
          if round % 4 == 0 { try await eventually("a call is answered") { replies.count > 0 } }
          try await Task.sleep(for: .milliseconds(delay))
          process.running.kill(SIGKILL)
          answered.formUnion(await told)
          await process.running.waitForEnd()

          var arguments = ["audit", "verify", "--json", "--log", "\(state)/audit"]
          if let previous { arguments += ["--previous", previous] }
          let verified = try await SluiceBinary.run(arguments)
          #expect(verified.status == 0, "round \(round): \(verified.output)\(verified.errors)")
          let saved = "\(state)/checkpoint-\(round)"
          try FileManager.default.copyItem(atPath: "\(state)/audit/checkpoint", toPath: saved)
          previous = saved
          try Self.check(AuditTrail.leaves(state: state), answered: answered, effects: Set(effects.all), "round \(round)")
        }
        print("crash test: \(answered.count) answered calls, \(effects.all.count) effects, \(Self.rounds) kills")
        #expect(answered.count >= Self.rounds / 4, "there was load: \(answered.count) calls were answered")
        #expect(effects.all.count >= answered.count)

        // What was cut off in the middle is recovered, signed and gone on with.
        let process = try await ServeProcess.start(state: state, port: port, token: token)
        #expect(try await process.client.call("counter__add", ["nonce": "last", "purpose": "last"]).content == "last")
        process.running.kill(SIGTERM)
        await process.running.waitForEnd()
        #expect(process.running.process.terminationStatus == 0)
        let report = try await SluiceBinary.run(["audit", "verify", "--json", "--log", "\(state)/audit"])
        #expect(report.status == 0)
        #expect(try JSONValue(parsing: report.output.trimmingCharacters(in: .whitespacesAndNewlines))["unsigned"]?.int == 0, "a graceful end signs all")
      }
    }
  }

  /// Calls as fast as it can until the gateway is gone. Returns the nonces of the calls that were answered.
  private static func load(_ process: ServeProcess, round: Int, _ replies: Tally) async -> Set<String> {
    await withTaskGroup(of: Set<String>.self) { group in
      for connection in 0..<connections {
        group.addTask {
          // A client of its own, so that no connection of a dead gateway is met again.
          let http = HTTPClient(eventLoopGroup: loops)
          let client = MCPClient(port: process.port, token: process.token, http: http)
          var answered = Set<String>()
          var number = 0
          while true {
            let nonce = "r\(round)-c\(connection)-\(number)"
            number += 1
            guard let reply = try? await client.call("counter__add", ["nonce": .string(nonce), "purpose": .string(nonce)], seconds: 60) else { break }
            guard reply.status == 200, reply.content == nonce else { break }
            answered.insert(nonce)
            replies.add()
          }
          await http.shutdown()
          return answered
        }
      }
      return await group.reduce(into: []) { $0.formUnion($1) }
    }
  }

  private static func check(_ leaves: [JSONValue], answered: Set<String>, effects: Set<String>, _ when: String) throws {
    var intents: [String: (index: Int, exchange: String)] = [:]
    for (index, leaf) in leaves.enumerated() where leaf["kind"] == "intent" {
      let nonce = try #require(leaf["why"]?.string)
      #expect(intents[nonce] == nil, "\(when): \(nonce) has two intents")
      intents[nonce] = (index, leaf["exchange"]?.string ?? "")
    }
    var outcomes: [String: JSONValue] = [:]
    for leaf in leaves.of("outcome") { outcomes[leaf["exchange"]?.string ?? ""] = leaf }
    let unwritten = effects.filter { intents[$0] == nil }
    #expect(unwritten.isEmpty, "\(when): effects without an intent")
    let lost = answered.filter { nonce in
      guard let intent = intents[nonce], let outcome = outcomes[intent.exchange] else { return true }
      return outcome["intent"]?.int != intent.index || outcome["result"] != "ok"
    }
    #expect(lost.isEmpty, "\(when): answered calls whose leaves are missing or do not fit")
  }
}
