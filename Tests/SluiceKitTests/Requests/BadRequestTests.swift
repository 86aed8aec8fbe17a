import Gateway
import JSON
import MCP
import MCPHTTP
import NIOCore
import Testing

@testable import SluiceKit

/// Requests that are wrong in every way a client or an attacker can think of. Each gets a clear error, and the next one is served.
@Suite("Bad requests", .timeLimit(.minutes(2)))
struct BadRequestTests {
  /// One wrong request and what it is answered with.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    var method = "POST"
    var headers: MCPClient.Headers = MCPClient.modernHeaders("tools/call", ["name": "echo__say"])
    var body: String?
    let status: Int
    var code: Int?
    /// As JSON text; nil for an answer without id.
    var id: String? = "7"
    /// A word that the message must hold, to say what is wrong.
    var says = ""
    var testDescription: String { name }
  }

  private static let meta = #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#
  private static func call(_ params: String) -> String { #"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{\#(params),\#(meta)}}"# }
  private static let good = call(#""name":"echo__say","arguments":{"text":"x"}"#)
  private static let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
  private static let deepObject = String(repeating: #"{"a":"#, count: 10_000) + "1" + String(repeating: "}", count: 10_000)

  private static func headers(_ method: String, _ name: String?, version: String? = "2026-07-28") -> MCPClient.Headers {
    [("MCP-Protocol-Version", version), ("Mcp-Method", method), ("Mcp-Name", name)]
  }

  static let malformed: [Case] = [
    Case(name: "an empty body", body: "", status: 400, code: -32700, id: nil),
    Case(name: "no JSON", body: "tools/call please", status: 400, code: -32700, id: nil),
    Case(name: "truncated JSON", body: String(good.dropLast(5)), status: 400, code: -32700, id: nil),
    Case(name: "text after the message", body: good + "{}", status: 400, code: -32700, id: nil),
    Case(name: "10,000 arrays in one another", body: call(#""name":"echo__say","arguments":{"x":\#(deep)}"#), status: 400, code: -32700, id: nil),
    Case(name: "10,000 objects in one another", body: call(#""name":"echo__say","arguments":{"x":\#(deepObject)}"#), status: 400, code: -32700, id: nil),
    Case(name: "unclosed depth", body: String(repeating: "[", count: 100_000), status: 400, id: nil),
    Case(
      name: "a repeated key in the message", body: #"{"jsonrpc":"2.0","id":7,"method":"tools/list","method":"tools/call","params":{}}"#, status: 400, code: -32700,
      id: nil),
    Case(name: "a repeated key in the arguments", body: call(#""name":"echo__say","arguments":{"text":"a","text":"b"}"#), status: 400, code: -32700, id: nil),
    Case(name: "a key repeated by an escape", body: call(#""name":"echo__say","arguments":{"text":"a","\u0074ext":"b"}"#), status: 400, code: -32700, id: nil),
    Case(name: "a lone surrogate", body: call(#""name":"echo__say","arguments":{"text":"\ud800"}"#), status: 400, code: -32700, id: nil),
    Case(name: "a raw control character", body: call("\"name\":\"echo__say\",\"arguments\":{\"text\":\"a\u{01}b\"}"), status: 400, code: -32700, id: nil),
    Case(name: "an array in place of a message", body: "[]", status: 400, code: -32600, id: nil),
    Case(name: "a string in place of a message", body: "\"tools/call\"", status: 400, code: -32600, id: nil),
    Case(name: "no jsonrpc", body: good.replacing(#""jsonrpc":"2.0","#, with: ""), status: 400, code: -32600),
    Case(name: "another jsonrpc", body: good.replacing(#""2.0""#, with: #""1.0""#), status: 400, code: -32600),
    Case(name: "an object as id", body: good.replacing(#""id":7"#, with: #""id":{}"#), status: 400, code: -32600, id: nil),
    Case(name: "null as id", body: good.replacing(#""id":7"#, with: #""id":null"#), status: 400, code: -32600, id: nil),
    Case(name: "a method that is a number", body: good.replacing(#""tools/call""#, with: "5"), status: 400, code: -32600),
    Case(name: "params that are an array", body: #"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":[1]}"#, status: 400),
    Case(name: "a response", body: #"{"jsonrpc":"2.0","id":7,"result":{}}"#, status: 400, code: -32600, id: nil),
  ]

  static let mismatched: [Case] = [
    Case(name: "another method in the header", headers: headers("tools/list", "echo__say"), body: good, status: 400, code: -32020, says: "Mcp-Method"),
    Case(
      name: "no method in the header", headers: headers("tools/call", "echo__say").filter { $0.name != "Mcp-Method" }, body: good, status: 400, code: -32020,
      says: "Mcp-Method"),
    Case(name: "another name in the header", headers: headers("tools/call", "echo__structure"), body: good, status: 400, code: -32020, says: "Mcp-Name"),
    Case(name: "no name in the header", headers: headers("tools/call", nil), body: good, status: 400, code: -32020, says: "Mcp-Name"),
    Case(
      name: "another version in the header", headers: headers("tools/call", "echo__say", version: "2025-11-25"), body: good, status: 400, code: -32020,
      says: "MCP-Protocol-Version"),
    Case(
      name: "no version in the header", headers: headers("tools/call", "echo__say", version: nil), body: good, status: 400, code: -32020, says: "MCP-Protocol-Version"),
    Case(
      name: "no version in the body", body: #"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo__say"}}"#, status: 400, code: -32602),
    Case(
      name: "an unknown version", headers: headers("tools/call", "echo__say", version: "2031-01-01"), body: good.replacing("2026-07-28", with: "2031-01-01"),
      status: 400, code: -32022),
    Case(
      name: "neither version nor session", headers: [], body: #"{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{}}"#, status: 400, code: -32600,
      says: "initialize"),
    Case(
      name: "a session that never was", headers: [("Mcp-Session-Id", "abc")], body: #"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#, status: 404, code: -32600,
      says: "initialize"),
    Case(name: "an unknown method", headers: headers("tools/frobnicate", nil), body: good.replacing("tools/call", with: "tools/frobnicate"), status: 404, code: -32601),
    Case(
      name: "another content type", headers: headers("tools/call", "echo__say") + [("Content-Type", "text/plain")], body: good, status: 415, code: -32600, id: nil,
      says: "application/json"),
    Case(name: "no content type", headers: headers("tools/call", "echo__say") + [("Content-Type", nil)], body: good, status: 415, code: -32600, id: nil),
    Case(
      name: "an Accept that fits nothing", headers: headers("tools/call", "echo__say") + [("Accept", "text/html")], body: good, status: 406, code: -32600, id: nil,
      says: "text/event-stream"),
    Case(name: "a foreign Origin", headers: headers("tools/call", "echo__say") + [("Origin", "https://evil.example")], body: good, status: 403, id: nil, says: "Origin"),
    Case(name: "the Origin null", headers: headers("tools/call", "echo__say") + [("Origin", "null")], body: good, status: 403, id: nil),
    Case(
      name: "an Origin that looks like ours", headers: headers("tools/call", "echo__say") + [("Origin", "http://localhost.evil.example")], body: good, status: 403,
      id: nil),
    Case(name: "PUT", method: "PUT", body: good, status: 405, id: nil),
    Case(name: "GET without a session", method: "GET", status: 405, id: nil),
    Case(name: "DELETE of a modern client", method: "DELETE", status: 405, id: nil),
  ]

  static let invalid: [Case] = [
    Case(name: "no tool name", headers: headers("tools/call", nil), body: call(#""arguments":{}"#), status: 400, code: -32602, says: "name"),
    Case(name: "a tool name that is a number", headers: headers("tools/call", nil), body: call(#""name":5"#), status: 400, code: -32602, says: "name"),
    Case(
      name: "an unknown tool", headers: headers("tools/call", "echo__nothing"), body: call(#""name":"echo__nothing""#), status: 400, code: -32602, says: "List the tools"),
    Case(name: "arguments that are an array", body: call(#""name":"echo__say","arguments":[1]"#), status: 400, code: -32602, says: "arguments"),
    Case(
      name: "a cursor of nowhere", headers: headers("tools/list", nil),
      body: #"{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"cursor":"AAAA",\#(meta)}}"#, status: 400, code: -32602, says: "without a cursor"),
    Case(
      name: "a state of nowhere", body: call(#""name":"echo__say","requestState":"AAAA""#), status: 400, code: -32602, says: "without it"),
    Case(
      name: "a reference to nothing", headers: headers("completion/complete", nil),
      body: #"{"jsonrpc":"2.0","id":7,"method":"completion/complete","params":{"ref":{"type":"x"},"argument":{},\#(meta)}}"#, status: 400, code: -32602, says: "ref"),
    Case(
      name: "a subscription to nothing", headers: headers("subscriptions/listen", nil),
      body: #"{"jsonrpc":"2.0","id":7,"method":"subscriptions/listen","params":{\#(meta)}}"#, status: 400, code: -32602, says: "notifications"),
  ]

  @Test("are answered with status, code, id and advice, and leave the gateway serving", arguments: [malformed, mismatched, invalid])
  func table(_ cases: [Case]) async throws {
    try await withEcho { gateway in
      let ada = try await gateway.client("ada")
      for wrong in cases {
        let reply = try await ada.send(wrong.method, headers: wrong.headers, body: wrong.body.map { ByteBuffer(string: $0) })
        #expect(reply.status == wrong.status, "\(wrong.name): \(reply.status) \(reply.text.prefix(300))")
        if let code = wrong.code { #expect(reply.error?["code"]?.int == code, "\(wrong.name): \(reply.text.prefix(300))") }
        let id = reply.message["id"].flatMap { $0.isNull ? nil : $0.text }
        #expect(id == wrong.id, "\(wrong.name): \(reply.text.prefix(300))")
        if wrong.status != 405 {
          let message = reply.error?["message"]?.string ?? ""
          #expect(message.contains(wrong.says) && !message.isEmpty, "\(wrong.name): \(reply.text.prefix(300))")
        }
        Leaks.check(reply.text, gateway, ada, wrong.name)
        #expect(try await ada.call("echo__say", ["text": "well"]).content == "well", "after \(wrong.name)")
      }
    }
  }

  @Test("codes of the gateway's own are stable and stand in data.code")
  func ownCodes() async throws {
    try await withEcho { gateway in
      let ada = try await gateway.client("ada")
      let table: [(Reply, String)] = [
        (try await ada.call("echo__nothing"), "not_found"),
        (try await ada.modern("tools/call", ["name": "echo__say", "arguments": [1]]), "invalid_params"),
        (try await ada.modern("tools/call", ["name": "echo__say", "requestState": "AAAA"]), "invalid_state"),
        (try await ada.modern("resources/read", ["uri": "x://y"]), "not_found"),
        (try await ada.modern("prompts/get", ["name": "echo__nothing"]), "not_found"),
        (try await gateway.stranger.call("echo__say"), "unauthenticated"),
      ]
      for (reply, code) in table { #expect(reply.code == code, "\(reply.text)") }
      let known = Set(Refusal.Code.allCases.map(\.rawValue))
      for leaf in try gateway.leaves().of("refusal") { #expect(known.contains(leaf["result"]?["refused"]?.string ?? "")) }
    }
  }

  @Test("bytes that are no UTF-8 are no JSON", arguments: [[0xFF, 0xFE], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]] as [[UInt8]])
  func invalidUTF8(_ bytes: [UInt8]) async throws {
    try await withEcho { gateway in
      let ada = try await gateway.client("ada")
      let parts = Self.good.split(separator: #""x""#, maxSplits: 1)
      let body = ByteBuffer(bytes: Array(parts[0].utf8) + [0x22] + bytes + [0x22] + Array(parts[1].utf8))
      let reply = try await ada.send(headers: MCPClient.modernHeaders("tools/call", ["name": "echo__say"]), body: body)
      #expect(reply.status == 400)
      #expect(reply.error?["code"]?.int == -32700)
      #expect(try await ada.call("echo__say", ["text": "well"]).content == "well")
    }
  }

  @Test("a body over the bound is refused with 413, whether announced or not")
  func tooLarge() async throws {
    try await withEcho({ $0.limits = ["request_bytes": 4096] }) { gateway in
      let ada = try await gateway.client("ada")
      let body = Self.call(#""name":"echo__say","arguments":{"text":"\#(String(repeating: "x", count: 8000))"}"#)
      let reply = try await ada.send(headers: MCPClient.modernHeaders("tools/call", ["name": "echo__say"]), body: ByteBuffer(string: body))
      #expect(reply.status == 413)

      let socket = try RawSocket(port: gateway.port)
      socket.send(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(ada.token ?? "")\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
      for _ in 0..<10 { socket.send("400\r\n\(String(repeating: " ", count: 1024))\r\n") }
      #expect(await socket.readAnswer().status == 413)
      #expect(try await ada.call("echo__say", ["text": "well"]).content == "well")
    }
  }

  @Test("a foreign Host is refused before authentication", arguments: ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io:80", ""])
  func host(_ host: String) async throws {
    try await withEcho { gateway in
      let socket = try RawSocket(port: gateway.port)
      socket.send("POST /mcp HTTP/1.1\r\nHost: \(host)\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
      let answer = await socket.readAnswer()
      #expect(answer.status == 403 || host.isEmpty && answer.status == 400, "\(answer.text)")
    }
  }

  @Test("half-closed connections get their answer; slow and vanishing senders hurt nobody")
  func connections() async throws {
    try await withEcho { gateway in
      let ada = try await gateway.client("ada")
      let head = """
        POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(ada.token ?? "")\r\nContent-Type: application/json\r\n\
        MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: echo__say\r\nContent-Length: \(Self.good.utf8.count)\r\n\r\n
        """
      let halfClosed = try RawSocket(port: gateway.port)
      halfClosed.send(head + Self.good)
      halfClosed.finishSending()
      let answer = await halfClosed.readAnswer()
      #expect(answer.status == 200, "\(answer.text)")
      #expect(answer.body.contains(#""text":"x""#))

      // Slow ones hold their connections open, byte by byte, while others are served.
      let slow = try (0..<50).map { _ in try RawSocket(port: gateway.port) }
      for socket in slow { socket.send(String(head.prefix(60))) }
      let stuck = try (0..<50).map { _ in try RawSocket(port: gateway.port) }
      for socket in stuck { socket.send(head + "{") }
      for _ in 0..<5 { #expect(try await ada.call("echo__say", ["text": "well"]).content == "well") }
      for socket in slow.prefix(25) + stuck.prefix(25) { socket.disconnect() }
      let late = try #require(stuck.last)
      late.send(String(Self.good.dropFirst()))
      #expect(await late.readAnswer().status == 200, "a slow sender within its time is served")
      let truncated = try RawSocket(port: gateway.port)
      truncated.send(head + "{")
      truncated.finishSending()
      #expect(await truncated.readToEnd().contains(" 200 ") == false)
      #expect(try await ada.call("echo__say", ["text": "well"]).content == "well")
    }
  }

  @Test(
    "what is no HTTP is refused, and requests cannot be smuggled in",
    arguments: [
      "GET /mcp\r\n\r\n", "\u{16}\u{03}\u{01}\u{02}\u{00}", "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
      "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      "POST /mcp HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 0\r\n\r\n",
      "POST /mcp HTTP/1.1\r\nHost : localhost\r\nContent-Length: 0\r\n\r\n", "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
      "POST /mcp HTTP/1.1\r\nX: \(String(repeating: "y", count: 40_000))\r\n\r\n",
    ])
  func noHTTP(_ text: String) async throws {
    try await withEcho { gateway in
      let socket = try RawSocket(port: gateway.port)
      socket.send(text)
      let answers = await socket.readToEnd()
      #expect(RawAnswer(answers).status >= 400 || answers.isEmpty, "\(answers.prefix(200))")
      #expect(!answers.contains(" 200 "))
      #expect(try await gateway.client("ada").call("echo__say", ["text": "well"]).content == "well")
    }
  }

  @Test("random bytes in place of parts of a request never break anything")
  func noise() async throws {
    try await withEcho { gateway in
      let ada = try await gateway.client("ada")
      var random = SeededRandom(seed: 2026)
      for _ in 0..<300 {
        var bytes = Array(Self.good.utf8)
        for _ in 0..<Int.random(in: 1...6, using: &random) {
          let place = Int.random(in: bytes.indices, using: &random)
          switch Int.random(in: 0..<3, using: &random) {
          case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
          case 1: bytes.remove(at: place)
          default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
          }
        }
        let reply = try await ada.send(headers: MCPClient.modernHeaders("tools/call", ["name": "echo__say"]), body: ByteBuffer(bytes: bytes))
        #expect([200, 202, 400, 404, 429].contains(reply.status), "\(reply.status) \(reply.text) for \(String(decoding: bytes, as: UTF8.self))")
      }
    }
  }
}

/// What no answer may hold.
enum Leaks {
  static func check(_ text: String, _ gateway: GatewayUnderTest, _ client: MCPClient, _ what: String, _ further: [String] = []) {
    var secrets = [gateway.state, "/work/", "/tmp/", ".swift", "Fatal", "0x0", "NIO"] + further
    if let token = client.token { secrets.append(token) }
    for secret in secrets where text.contains(secret) { Issue.record("\(what): the answer holds \(secret): \(text.prefix(500))") }
  }
}
