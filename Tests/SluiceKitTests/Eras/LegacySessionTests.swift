import JSON
import MCP
import MCPHTTP
import NIOCore
import Testing

@testable import SluiceKit

/// Sessions of the legacy era at the gateway: sealed ids that any replica can read and nobody else can use.
@Suite("Legacy sessions", .timeLimit(.minutes(2)))
struct LegacySessionTests {
  @Test("initialize agrees on a version; an unknown one gets the newest legacy one")
  func versions() async throws {
    try await withEcho { gateway in
      let ada = try await gateway.client("ada")
      for (asked, given) in [("2025-11-25", "2025-11-25"), ("2025-03-26", "2025-03-26"), ("2024-11-05", "2024-11-05"), ("1999-01-01", "2025-11-25")] {
        #expect(try await ada.initialize(asked).version == given)
      }
      let missing = try await ada.send(body: MCPClient.body("initialize", [:]))
      #expect(missing.error?["code"]?.int == -32602)
    }
  }

  @Test("the session works with its own version only")
  func versionHeader() async throws {
    try await withEcho { gateway in
      let session = try await gateway.client("ada").initialize("2025-06-18")
      #expect(try await session.call("echo__say", ["text": "hi"]).content == "hi")
      #expect(try await session.request("ping").result == [:])
      let other = try await session.request("tools/list", headers: [("MCP-Protocol-Version", "2025-11-25")])
      #expect(other.status == 400)
      #expect(other.message["id"]?.int == 1)
      let unknown = try await session.request("tools/list", headers: [("MCP-Protocol-Version", "2031-01-01")])
      #expect(unknown.status == 400)
      #expect(unknown.error?["data"]?["supported"]?.array?.isEmpty == false)
      // 2025-06-18, transports: without the header the server goes by what it knows of the session.
      #expect(try await session.request("tools/list", headers: [("MCP-Protocol-Version", nil)]).status == 200)
    }
  }

  @Test("a session is its caller's alone: another gets the answer for no such session")
  func otherCaller() async throws {
    try await withEcho { gateway in
      let session = try await gateway.client("ada").initialize()
      let bob = try await gateway.client("bob")
      let unknown = try await session.request("tools/list", headers: [("Mcp-Session-Id", "made-up")], as: bob)
      #expect(unknown.status == 404)
      for reply in [try await session.request("tools/list", as: bob), try await session.end(as: bob)] {
        #expect(reply.status == 404)
      }
      #expect(try await session.request("tools/list", as: bob).text == unknown.text)
      #expect(try await session.request("tools/list").status == 200)
      // The same user with another token is the same caller.
      #expect(try await session.request("tools/list", as: gateway.client("ada")).status == 200)
    }
  }

  @Test("an altered session id is no session")
  func altered() async throws {
    try await withEcho { gateway in
      let session = try await gateway.client("ada").initialize()
      var random = SeededRandom(seed: 7)
      for _ in 0..<20 {
        var bytes = Array(session.session.utf8)
        let place = Int.random(in: bytes.indices.dropLast(), using: &random)
        bytes[place] = bytes[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        let reply = try await session.request("tools/list", headers: [("Mcp-Session-Id", String(decoding: bytes, as: UTF8.self))])
        #expect(reply.status == 404)
      }
      #expect(try await session.request("tools/list", headers: [("Mcp-Session-Id", nil)]).status == 400)
    }
  }

  @Test("a session goes on after a restart; one that was ended stays ended")
  func restart() async throws {
    try await withUpstream(SDKUpstream.echo()) { port in
      try await withDirectory { state in
        var configuration = TestConfiguration()
        configuration.add("echo", port: port)
        let parsed = try configuration.parsed(state: state)
        let (kept, ended) = try await withGateway(parsed) { gateway in
          let ada = try await gateway.client("ada")
          let (kept, ended) = (try await ada.initialize(), try await ada.initialize())
          #expect(try await ended.end().status == 204)
          #expect(try await ended.call("echo__say").status == 404)
          #expect(try await ended.end().status == 404)
          return (kept, ended)
        }
        try await withGateway(parsed) { gateway in
          let ada = MCPClient(port: gateway.port, token: kept.client.token)
          let alive = try await kept.request("tools/call", ["name": "echo__say", "arguments": ["text": "still"]], as: ada)
          #expect(alive.content == "still")
          let dead = try await ended.request("tools/list", as: ada)
          #expect(dead.status == 404)
        }
      }
    }
  }

  @Test("batches are answered in 2025-03-26 and refused in every other version")
  func batches() async throws {
    try await withEcho { gateway in
      let ada = try await gateway.client("ada")
      let batch = ByteBuffer(
        string: """
          [{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo__say","arguments":{"text":"one"}}},\
          {"jsonrpc":"2.0","method":"notifications/initialized"},{"jsonrpc":"2.0","id":2,"method":"ping"},{"id":3}]
          """)
      let old = try await ada.initialize("2025-03-26")
      let answers = try await ada.send(headers: old.headers, body: batch)
      #expect(answers.status == 200)
      #expect(answers.message.array?.compactMap { $0["id"]?.int } == [1, 2, 3])
      #expect(answers.message.array?.last?["error"]?["code"]?.int == -32600)
      for version in ["2025-06-18", "2025-11-25"] {
        let session = try await ada.initialize(version)
        let refused = try await ada.send(headers: session.headers, body: batch)
        #expect(refused.status == 400)
        #expect(refused.error?["code"]?.int == -32600)
      }
      let modern = try await ada.send(headers: [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "ping")], body: batch)
      #expect(modern.status == 400)
    }
  }

  @Test("methods of the other era do not exist")
  func otherEra() async throws {
    try await withEcho { gateway in
      let ada = try await gateway.client("ada")
      let session = try await ada.initialize()
      for method in ["server/discover", "subscriptions/listen", "no/such"] {
        let reply = try await session.request(method, ["notifications": [:]])
        #expect(reply.error?["code"]?.int == -32601, "\(method): \(reply.text)")
      }
      for method in ["ping", "logging/setLevel", "resources/subscribe", "no/such"] {
        let reply = try await ada.modern(method, ["uri": "x", "level": "info"])
        #expect(reply.status == 404)
        #expect(reply.error?["code"]?.int == -32601, "\(method): \(reply.text)")
      }
    }
  }
}
