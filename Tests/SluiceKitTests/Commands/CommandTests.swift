import Foundation
import JSON
import MCP
import Testing

@testable import SluiceKit

/// The command line, run as people run it.
@Suite("The commands", .enabled(if: SluiceBinary.path != nil, "no sluice executable beside the tests: commands not tested"), .timeLimit(.minutes(3)))
struct CommandTests {
  @Test("what init writes serves as it is, and token and call work with it")
  func initialize() async throws {
    try await withDirectory { directory in
      let file = "\(directory)/sluice.yaml"
      let written = try await SluiceBinary.run(["init", "--config", file], environment: ["USER": "ada"])
      #expect(written.status == 0, "\(written.errors)")
      #expect(written.output.contains("sluice serve --config"))
      let again = try await SluiceBinary.run(["init", "--config", file])
      #expect(again.status != 0 && again.errors.contains("--force"))

      let created = try await SluiceBinary.run(["token", "create", "--config", file, "--user", "ada", "--json"])
      let token = try JSONValue(parsing: created.output.trimmingCharacters(in: .whitespacesAndNewlines))
      let secret = try #require(token["token"]?.string)
      let port = try SluiceBinary.freePort()
      let running = try SluiceBinary.start(["serve", "--config", file, "--listen", "127.0.0.1:\(port)", "--log-level", "error"])
      defer { running.kill() }
      try await eventually("sluice serve is ready") { (try? await MCPClient(port: port).send("GET", path: "/readyz", seconds: 2).status) == 200 }
      let url = ["--url", "http://127.0.0.1:\(port)/mcp"]
      let listed = try await SluiceBinary.run(["call"] + url, environment: ["SLUICE_TOKEN": secret])
      #expect(listed.status == 0, "\(listed.errors)")
      let unknown = try await SluiceBinary.run(["call", "no__tool"] + url, environment: ["SLUICE_TOKEN": secret])
      #expect(unknown.status != 0 && unknown.errors.contains("Unknown tool"))

      let list = try await SluiceBinary.run(["token", "list", "--config", file])
      #expect(list.output.contains(token["id"]?.string ?? "-") && !list.output.contains(secret))
      #expect(try await SluiceBinary.run(["token", "revoke", "--config", file, token["id"]?.string ?? ""]).status == 0)
      let refused = try await SluiceBinary.run(["call"] + url, environment: ["SLUICE_TOKEN": secret])
      #expect(refused.status != 0 && refused.errors.contains("refuses the token") && !refused.errors.contains(secret))
    }
  }

  @Test("a second start of the demo keeps its tokens and what was changed; SIGTERM ends it in good order")
  func demo() async throws {
    try await withDirectory { directory in
      let state = "\(directory)/demo"
      try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
      try DemoUnderTest.copySample(to: "\(state)/crm.sqlite")
      let port = try SluiceBinary.freePort()
      var announcements: [JSONValue] = []
      for start in 0..<2 {
        let running = try SluiceBinary.start(["demo", "--json", "--listen", "127.0.0.1:\(port)", "--state", state, "--log-level", "error"])
        defer { running.kill() }
        let line = await offLoop { () -> String in
          var text = Data()
          while !text.contains(UInt8(ascii: "\n")) {
            let piece = running.output.fileHandleForReading.availableData
            if piece.isEmpty { break }
            text += piece
          }
          return String(decoding: text, as: UTF8.self)
        }
        let announcement = try JSONValue(parsing: line.trimmingCharacters(in: .whitespacesAndNewlines))
        announcements.append(announcement)
        #expect(announcement["endpoint"]?.string == "http://127.0.0.1:\(port)/mcp")
        let rep = MCPClient(port: port, token: try #require(announcement["tokens"]?["rep"]?.string))
        // It is announced after ten seconds even if its tools are not listed by then.
        try await eventually("the CRM is listed") { try await !rep.list("tools/list", "tools").isEmpty }
        let rows = try await rep.call("crm__list_opportunities", ["closed": false, "order": "id", "limit": 1])
        let row = try #require(rows.structured?["opportunities"]?.array?.first)
        if start == 0 {
          let update = try await rep.call("crm__update_opportunity_stage", ["id": row["id"] ?? "", "stage": "negotiation", "purpose": "second start"])
          #expect(update.isToolError == false, "\(update.text)")
        } else {
          #expect(row["stage"] == "negotiation")
        }
        running.kill(SIGTERM)
        await running.waitForEnd()
        #expect(running.process.terminationStatus == 0)
      }
      #expect(announcements.count == 2 && announcements[0] == announcements[1])
      let verified = try await SluiceBinary.run(["audit", "verify", "--log", "\(state)/audit"])
      #expect(verified.status == 0 && verified.output.contains(", 0 after it"), "\(verified.output)")
    }
  }

  @Test(
    "a configuration that is wrong is refused with the file, the place and what would be right",
    arguments: [
      ("listen: nowhere", "HOST:PORT"), ("lisen: 127.0.0.1:1", "lisen"), ("upstreams: {Bad Name: {url: http://x/}}", "upstream's name"),
      ("upstreams: {a: {url: ftp://x/}}", "http"), ("upstreams: {a: {}}", "exactly one of"), ("policy: {cedar: 'permit (principal'}", "policy"),
      ("limits: {requests_per_minute: 0}", "requests_per_minute"), ("identity: {jwt: {issuer: https://x}}", "jwks"), ("a: [", "yaml"),
      ("upstreams: {a: {url: http://127.0.0.1:1/mcp, headers: {X: '${vault:x}'}}}", "${env:NAME}"),
    ])
  func configuration(_ text: String, _ says: String) async throws {
    try await withDirectory { directory in
      let file = "\(directory)/sluice.yaml"
      try Data(text.utf8).write(to: URL(filePath: file))
      let outcome = try await SluiceBinary.run(["serve", "--config", file, "--listen", "127.0.0.1:0"])
      #expect(outcome.status != 0)
      #expect(outcome.errors.contains(says), "\(outcome.errors)")
      #expect(!outcome.errors.contains("Fatal error") && !outcome.errors.contains("CedarError("), "\(outcome.errors)")
    }
  }

  @Test("two gateways on one state directory: the second says so and leaves the first alone")
  func locked() async throws {
    try await withEcho { gateway in
      let file = "\(gateway.state)/second.yaml"
      try Data(TestConfiguration().json(state: gateway.state).text.utf8).write(to: URL(filePath: file))
      let second = try await SluiceBinary.run(["serve", "--config", file])
      #expect(second.status != 0)
      #expect(second.errors.contains("another process writes this log"), "\(second.errors)")
      #expect(try await gateway.client("ada").call("echo__say", ["text": "well"]).content == "well")
    }
  }
}
