import Foundation
import Gateway
import JSON
import Ledger
import MCP
import Testing

@testable import SluiceKit

/// What the audit log says afterwards, read with the commands that operators use.
@Suite("The audit log", .timeLimit(.minutes(3)))
struct AuditTests {
  @Test("every call has an intent and an outcome that say who, what, when, with what result, and why; refusals and lists have one leaf")
  func leaves() async throws {
    try await withEcho({ $0.policies = Self.asking }) { gateway in
      let ada = try await gateway.client("ada")
      let before = GatewayTime.text(milliseconds: Int64(Date().timeIntervalSince1970 * 1000) - 1)
      _ = try await ada.modern("tools/list")
      let arguments: JSONValue = ["text": "very private", "purpose": "to test the log"]
      #expect(try await ada.call("echo__say", arguments).content == "very private")
      _ = try await ada.call("echo__nothing")
      _ = try await ada.call("echo__say", ["text": "no purpose given"])
      let leaves = try gateway.leaves()
      #expect(leaves.map { $0["kind"]?.string } == ["access", "intent", "outcome", "refusal", "intent", "outcome"])
      for leaf in leaves {
        #expect(leaf["v"]?.int == 1)
        let time = try #require(leaf["time"]?.string)
        #expect(time > before && time.hasSuffix("Z") && time.utf8.count == 24)
      }
      #expect(Set(leaves.compactMap { $0["exchange"]?.string }).count == 4)

      let intent = leaves[1]
      #expect(intent["who"]?["id"] == "ada")
      #expect(intent["who"]?["token"]?.string?.hasPrefix("tok_") == true)
      #expect(intent["who"]?["client"] == "test-client")
      #expect(intent["who"]?["address"] == "127.0.0.1")
      #expect(intent["what"]?["method"] == "tools/call")
      #expect(intent["what"]?["name"] == "echo__say")
      #expect(intent["what"]?["upstream"] == "echo")
      #expect(intent["what"]?["definition"]?.string?.count == 64)
      #expect(intent["why"] == "to test the log")
      #expect(intent["policy"]?["permits"] == ["say-why"])
      #expect(intent["policy"]?["version"]?.string?.count == 16)
      #expect(intent["arguments"]?["bytes"]?.int == arguments.text.utf8.count)
      #expect(intent["arguments"]?["sha256"]?.string?.count == 64)

      let outcome = leaves[2]
      #expect(outcome["exchange"] == intent["exchange"])
      #expect(outcome["intent"]?.int == 1)
      #expect(outcome["result"] == "ok")
      #expect(outcome["answer"]?["bytes"]?.int ?? 0 > 0)
      #expect(outcome["ms"]?.int != nil)

      #expect(leaves[3]["result"]?["refused"] == "not_found")
      #expect(leaves[3]["what"]?["name"] == "echo__nothing")
      #expect(leaves[3]["who"]?["id"] == "ada")
      #expect(leaves[4]["why"] == nil)
      #expect(!leaves.contains { $0.text.contains("very private") || $0.text.contains(ada.token ?? "-") }, "neither arguments nor tokens are in the log")
    }
  }

  @Test("the purpose argument is in the schema where policy asks for it, taken off before the call, and renamed where the tool has its own")
  func purpose() async throws {
    let server = Server(name: "echo", version: "1")
    let seen = Seen<String>()
    let properties: JSONValue = ["purpose": ["type": "string"], "text": ["type": "string"]]
    server.add(
      Tool(name: "own", inputSchema: ["type": "object", "properties": properties], annotations: SDKUpstream.reading) { call in
        seen.add(call.arguments.text)
        return ToolResult(text: "ok")
      })
    server.add(
      Tool(name: "none", inputSchema: ["type": "object", "additionalProperties": false], annotations: SDKUpstream.reading) { call in
        seen.add(call.arguments.text)
        return ToolResult(text: "ok")
      })
    try await withUpstream(server) { port in
      var configuration = TestConfiguration()
      configuration.policies = #"@purpose("required") permit (principal in Role::"reader", action, resource) unless { action == Action::"reveal" };"#
      configuration.add("echo", port: port)
      try await withGateway(configuration) { gateway in
        let ada = try await gateway.client("ada")
        let tools = try await ada.list("tools/list", "tools")
        #expect(tools[0]["inputSchema"]?["properties"]?["audit_purpose"]?["type"] == "string")
        #expect(tools[0]["inputSchema"]?["required"] == ["audit_purpose"])
        #expect(tools[1]["inputSchema"]?["properties"]?["purpose"]?["type"] == "string")

        #expect(try await ada.call("echo__own", ["purpose": "the tool's", "text": "x"]).code == "purpose_required")
        #expect(try await ada.call("echo__own", ["purpose": "the tool's", "audit_purpose": "ours", "text": "x"]).content == "ok")
        #expect(try await ada.call("echo__none", ["purpose": "ours, too"]).content == "ok")
        #expect(seen.all == [#"{"purpose":"the tool's","text":"x"}"#, "{}"])
        #expect(try gateway.leaves().of("intent").compactMap { $0["why"]?.string } == ["ours", "ours, too"])
      }
    }
  }

  @Test("an intent has the time at which the call came, an outcome the time at which it was over")
  func times() async throws {
    let (arrived, gate) = (Tally(), Gate())
    let server = Server(name: "slow", version: "1")
    server.add(
      Tool(name: "wait", annotations: SDKUpstream.reading) { _ in
        arrived.add()
        await gate.pass()
        return ToolResult(text: "done")
      })
    try await withUpstream(server) { port in
      var configuration = TestConfiguration()
      configuration.add("slow", port: port)
      try await withGateway(configuration) { gateway in
        async let reply = gateway.client("ada").call("slow__wait")
        try await eventually("the call is at the upstream") { arrived.count == 1 }
        #expect(try gateway.leaves().map { $0["kind"]?.string } == ["intent"], "the intent is there before the effect is over, the outcome is not")
        try await Task.sleep(for: .milliseconds(5))
        let during = GatewayTime.text(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        gate.open()
        #expect(try await reply.content == "done")
        let leaves = try gateway.leaves()
        #expect(leaves[0]["time"]?.string ?? "~" < during)
        #expect(leaves[1]["time"]?.string ?? "" >= during)
        #expect(leaves[1]["ms"]?.int ?? 0 >= 5)
      }
    }
  }

  private static let asking = #"@id("say-why") @purpose("optional") permit (principal in Role::"reader", action, resource) unless { action == Action::"reveal" };"#

  // MARK: The commands

  /// A log with something in it, of a gateway that has ended.
  private func withLog(_ body: @Sendable (_ state: String) async throws -> Void) async throws {
    try await withUpstream(SDKUpstream.echo()) { port in
      try await withDirectory { state in
        var configuration = TestConfiguration()
        configuration.policies = Self.asking
        configuration.add("echo", port: port)
        try await withGateway(configuration.parsed(state: state)) { gateway in
          let (ada, bob) = (try await gateway.client("ada"), try await gateway.client("bob"))
          for number in 0..<10 { _ = try await ada.call("echo__say", ["text": "x", "purpose": .string("reason \(number)")]) }
          _ = try await bob.call("echo__structure", ["value": ["a": 1]])
          _ = try await bob.call("echo__nothing")
        }
        try await body(state)
      }
    }
  }

  @Test("audit tail, search, show and prove", .enabled(if: SluiceBinary.path != nil, "no sluice executable beside the tests: audit commands not tested"))
  func commands() async throws {
    try await withLog { state in
      let log = ["--log", "\(state)/audit"]
      let tail = try await SluiceBinary.run(["audit", "tail", "-n", "3"] + log)
      #expect(tail.status == 0)
      #expect(tail.output.split(separator: "\n").count == 3)
      #expect(tail.output.contains("echo__nothing"))
      #expect(tail.output.contains("refused: not_found"))

      let table: [([String], Int)] = [
        (["--user", "ada"], 10), (["--user", "ada", "--kind", "intent"], 10), (["--kind", "outcome"], 11), (["--kind", "refusal"], 1),
        (["--name", "echo__*"], 12), (["--name", "*structure"], 1), (["--text", "reason 7"], 1), (["--user", "nobody"], 0), (["--until", "2020-01-01"], 0),
        (["--since", "2020-01-01"], 23),
      ]
      for (conditions, count) in table {
        let found = try await SluiceBinary.run(["audit", "search", "--json"] + conditions + log)
        #expect(found.status == 0)
        #expect(found.output.split(separator: "\n").count == count, "\(conditions): \(found.output)\(found.errors)")
      }

      let show = try await SluiceBinary.run(["audit", "show", "0"] + log)
      #expect(show.output.contains("under the signed checkpoint"))
      #expect(show.output.contains(#""why": "reason 0""#))
      #expect(try await SluiceBinary.run(["audit", "show", "5000"] + log).status != 0)

      let proof = try await SluiceBinary.run(["audit", "prove", "3"] + log)
      #expect(proof.status == 0)
      let reader = try LogReader(directory: "\(state)/audit")
      let parsed = try LogProof(parsing: Array(proof.output.utf8))
      let key = try reader.publicKeyBesideLog()
      try parsed.verify(leaf: reader.leaf(at: 3).bytes, key: key)
      #expect(throws: LedgerError.self) { try parsed.verify(leaf: try reader.leaf(at: 4).bytes, key: key) }
    }
  }

  @Test(
    "audit verify, on a copy and with the public key alone; a changed byte is found and its leaf named",
    .enabled(if: SluiceBinary.path != nil, "no sluice executable beside the tests: audit verify not tested"))
  func verify() async throws {
    try await withLog { state in
      let files = FileManager.default
      let key = String(decoding: try Data(contentsOf: URL(filePath: "\(state)/audit/key.pub")), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      func verify(_ copy: String, _ further: [String] = []) async throws -> (SluiceBinary.Outcome, JSONValue) {
        let outcome = try await SluiceBinary.run(["audit", "verify", "--json", "--key", key, "--log", copy] + further)
        return (outcome, (try? JSONValue(parsing: outcome.output.trimmingCharacters(in: .whitespacesAndNewlines))) ?? .null)
      }
      func copy(_ name: String) throws -> String {
        let path = "\(state)/\(name)"
        try files.copyItem(atPath: "\(state)/audit", toPath: path)
        // What verifies needs no secret.
        for secret in try files.subpathsOfDirectory(atPath: path) where secret.hasSuffix(".key") || secret.contains("private") || secret == "key" {
          try files.removeItem(atPath: "\(path)/\(secret)")
        }
        return path
      }

      let whole = try copy("whole")
      let (good, report) = try await verify(whole)
      #expect(good.status == 0, "\(good.output)\(good.errors)")
      #expect(report["valid"] == true)
      #expect(report["leaves"]?.int == 23)
      let plain = try await SluiceBinary.run(["audit", "verify", "--log", whole])
      #expect(plain.status == 0 && plain.output.hasPrefix("ok: 23 leaves"))

      // One byte of one leaf, wherever a leaf is kept.
      let changed = try copy("changed")
      var touched = 0
      for path in try files.subpathsOfDirectory(atPath: changed) {
        let url = URL(filePath: "\(changed)/\(path)")
        guard let data = try? Data(contentsOf: url), let place = data.range(of: Data("reason 4".utf8)) else { continue }
        var bytes = data
        bytes[place.upperBound - 1] = UInt8(ascii: "5")
        try files.setAttributes([.posixPermissions: 0o644], ofItemAtPath: url.path)
        try bytes.write(to: url)
        touched += 1
      }
      #expect(touched > 0)
      let (bad, findings) = try await verify(changed)
      #expect(bad.status == 1, "\(bad.output)\(bad.errors)")
      #expect(findings["valid"] == false)
      #expect(findings["first_bad_leaf"]?.int == 8, "the intent of the fifth call: \(bad.output)")
      let said = try await SluiceBinary.run(["audit", "verify", "--log", changed])
      #expect(said.status == 1 && said.output.contains("first bad leaf: 8") && said.output.contains("NOT VALID"))

      // Another log's key.
      let other = try await SluiceBinary.run(["audit", "verify", "--log", whole, "--key", String(key.dropLast(4)) + "AAA="])
      #expect(other.status != 0)
      // A checkpoint of this log saved elsewhere is continued by it; a log that was cut back behind it is found out.
      let saved = "\(state)/saved-checkpoint"
      try files.copyItem(atPath: "\(whole)/checkpoint", toPath: saved)
      #expect(try await verify(whole, ["--previous", saved]).0.status == 0)
    }
  }

  @Test("a log's directory holds nothing that others may read but should not, and its key is the owner's alone")
  func permissions() async throws {
    try await withLog { state in
      let files = FileManager.default
      for path in try files.subpathsOfDirectory(atPath: state) where path.contains("key") && !path.hasSuffix(".pub") || path.hasSuffix(".sqlite") || path.hasSuffix(".db")
      {
        let mode = try files.attributesOfItem(atPath: "\(state)/\(path)")[.posixPermissions] as? Int ?? 0
        #expect(mode & 0o077 == 0, "\(path) has mode \(String(mode, radix: 8))")
      }
    }
  }
}
