import JSON
import MCP
import MCPHTTP
import NIOCore
import Testing

@testable import SluiceKit

/// Upstreams that hang, die, flood or talk nonsense. The caller learns what happened and nothing of the inside.
@Suite("Bad upstreams", .timeLimit(.minutes(2)))
struct BadUpstreamTests {
  private static let ok: JSONValue = ["resultType": "complete", "content": [["type": "text", "text": "fine"]]]

  /// How each tool of the upstream misbehaves, and what the caller is told.
  static let behaviours: [(tool: String, code: String, acts: @Sendable (RawUpstream.Call) -> [RawUpstream.Act])] = [
    ("dies", "upstream_unavailable", { _ in [.close] }),
    ("dies_in_the_head", "upstream_unavailable", { _ in [.send("HTTP/1.1 200 OK\r\nContent-Ty"), .close] }),
    (
      "dies_in_the_body", "upstream_unavailable",
      { _ in [.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"jsonrpc\""), .close] }
    ),
    (
      "dies_in_the_stream", "upstream_unavailable",
      { _ in
        [.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n6\r\ndata: \r\n"), .close]
      }
    ),
    (
      "ends_the_stream_early", "upstream_unavailable",
      { _ in
        [.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
      }
    ),
    ("hangs", "upstream_timeout", { _ in [.hang] }),
    ("hangs_in_the_body", "upstream_timeout", { _ in [.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"), .hang] }),
    (
      "hangs_in_the_stream", "upstream_timeout",
      { _ in
        [.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: here I am\n\n"), .hang]
      }
    ),
    ("no_http", "upstream_invalid_answer", { _ in [.send("SSH-2.0-OpenSSH_9.2\r\n\r\n")] }),
    ("two_lengths", "upstream_invalid_answer", { _ in [.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}}")] }),
    (
      "server_error", "upstream_unavailable",
      { _ in [RawUpstream.answer("<html>stack trace at /srv/app.py token=hunter2</html>", status: "500 Oops", type: "text/html")] }
    ),
    (
      "not_allowed", "upstream_unavailable",
      { _ in [RawUpstream.answer("secret-realm", status: "401 Unauthorized", type: "text/plain", extra: "WWW-Authenticate: Basic realm=hunter2\r\n")] }
    ),
    ("redirects", "upstream_unavailable", { _ in [RawUpstream.answer("", status: "302 Found", extra: "Location: http://169.254.169.254/\r\n")] }),
    ("no_json", "upstream_invalid_answer", { _ in [RawUpstream.answer("hunter2 is not JSON")] }),
    ("empty", "upstream_unavailable", { _ in [RawUpstream.answer("")] }),
    ("truncated_json", "upstream_invalid_answer", { call in [RawUpstream.answer(#"{"jsonrpc":"2.0","id":\#(call.id.text),"result":{"#)] }),
    (
      "duplicate_keys", "upstream_invalid_answer",
      { call in
        [RawUpstream.answer(#"{"jsonrpc":"2.0","id":\#(call.id.text),"result":{"content":[],"content":[{"type":"text","text":"x"}]}}"#)]
      }
    ),
    (
      "deep", "upstream_invalid_answer",
      { call in
        let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
        return [RawUpstream.answer(#"{"jsonrpc":"2.0","id":\#(call.id.text),"result":{"content":[],"structuredContent":{"x":\#(deep)}}}"#)]
      }
    ),
    (
      "bad_utf8", "upstream_invalid_answer",
      { call in
        let body = Array(#"{"jsonrpc":"2.0","id":\#(call.id.text),"result":{"content":[{"type":"text","text":""#.utf8) + [0xFF, 0xC0] + Array(#""}]}}"#.utf8)
        return [.bytes(Array("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)]
      }
    ),
    ("another_id", "upstream_invalid_answer", { _ in [RawUpstream.result(987_654, BadUpstreamTests.ok)] }),
    ("text_id", "upstream_invalid_answer", { call in [RawUpstream.result(.string(call.id.text), BadUpstreamTests.ok)] }),
    ("null_id", "upstream_invalid_answer", { _ in [RawUpstream.result(.null, BadUpstreamTests.ok)] }),
    (
      "result_and_error", "upstream_invalid_answer",
      { call in
        [RawUpstream.answer(#"{"jsonrpc":"2.0","id":\#(call.id.text),"result":{},"error":{"code":1,"message":"x"}}"#)]
      }
    ),
    ("a_request", "upstream_invalid_answer", { call in [RawUpstream.answer(#"{"jsonrpc":"2.0","id":\#(call.id.text),"method":"sampling/createMessage"}"#)] }),
    ("result_is_text", "upstream_invalid_answer", { call in [RawUpstream.result(call.id, "hunter2")] }),
    ("huge", "result_too_large", { call in [RawUpstream.text(call.id, String(repeating: "x", count: 200_000))] }),
    (
      "floods", "upstream_invalid_answer",
      { _ in
        [.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n"), .flood(String(repeating: " ", count: 65_536))]
      }
    ),
    (
      "floods_one_event", "upstream_invalid_answer",
      { _ in
        [.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: "), .flood(String(repeating: "x", count: 65_536))]
      }
    ),
    ("floods_headers", "upstream_invalid_answer", { _ in [.send("HTTP/1.1 200 OK\r\n"), .flood("X-Y: \(String(repeating: "z", count: 1000))\r\n")] }),
  ]

  @Test("every misbehaviour is told by its code, with advice, without internals, and the next call is served", arguments: ["modern", "legacy"])
  func table(_ era: String) async throws {
    let scripts = Dictionary(uniqueKeysWithValues: Self.behaviours.map { ($0.tool, $0.acts) })
    let upstream = try await RawUpstream(tools: Self.behaviours.map(\.tool) + ["fine"]) { call in
      scripts[call.tool]?(call) ?? [RawUpstream.result(call.id, Self.ok)]
    }
    var configuration = TestConfiguration()
    // The same server twice: one name for what must time out, and one for what must be found out before it could.
    for (name, timeout) in [("bad", 60), ("badly_slow", 1)] {
      configuration.add(
        name, port: upstream.port,
        ["timeout_seconds": .int(timeout), "retries": 0, "headers": ["Authorization": "Bearer upstream-secret-1", "X-Api-Key": "upstream-secret-2"]])
    }
    configuration.limits = ["bytes": 65_536]
    try await withGateway(configuration) { gateway in
      let ada = try await gateway.client("ada")
      // Ready is also a gateway whose upstream did not list its tools within its second.
      try await eventually("both are listed") { try await ada.list("tools/list", "tools").count == 2 * (Self.behaviours.count + 1) }
      let session = try await ada.initialize()
      // All at once: one that hangs delays nobody.
      let replies = try await withThrowingTaskGroup(of: (String, Reply).self) { group in
        for (tool, code, _) in Self.behaviours {
          let name = "\(code == "upstream_timeout" ? "badly_slow" : "bad")__\(tool)"
          group.addTask { (tool, era == "modern" ? try await ada.call(name, seconds: 90) : try await session.call(name)) }
        }
        return try await group.reduce(into: [String: Reply]()) { $0[$1.0] = $1.1 }
      }
      for (tool, code, _) in Self.behaviours {
        let reply = try #require(replies[tool])
        #expect(reply.status == 200, "\(tool): \(reply.status) \(reply.text.prefix(300))")
        #expect(reply.code == code, "\(tool): \(reply.text.prefix(300))")
        #expect(reply.isToolError, "\(tool): the model learns of it: \(reply.text.prefix(300))")
        #expect(reply.message["id"]?.int == 1)
        #expect(reply.content.contains("bad") || code == "result_too_large", "\(tool): the message names the upstream: \(reply.content)")
        Leaks.check(reply.text, gateway, ada, tool, ["hunter2", "127.0.0.1", "upstream-secret", "169.254", "stack trace", "realm"])
      }
      #expect(try await ada.call("bad__fine").content == "fine")
      #expect(upstream.calls.all.allSatisfy { $0.head.contains("Bearer upstream-secret-1") })
      #expect(upstream.calls.all.allSatisfy { !$0.head.contains(ada.token ?? "-") && !$0.request.text.contains(ada.token ?? "-") }, "the caller's token stays here")
      let leaves = try gateway.leaves()
      #expect(leaves.of("intent").count == Self.behaviours.count + 1)
      #expect(leaves.of("outcome").count == Self.behaviours.count + 1)
    }
  }

  @Test("a stream of notifications without an answer ends at the upstream's timeout")
  func endlessNotifications() async throws {
    let upstream = try await RawUpstream(tools: ["talk", "fine"]) { call in
      guard call.tool == "talk" else { return [RawUpstream.result(call.id, Self.ok)] }
      return [
        .send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"),
        .flood("data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":\"x\"}}\n\n"),
      ]
    }
    var configuration = TestConfiguration()
    configuration.add("bad", port: upstream.port, ["timeout_seconds": 1, "retries": 0])
    try await withGateway(configuration) { gateway in
      let ada = try await gateway.client("ada")
      try await eventually("it is listed") { try await ada.list("tools/list", "tools").count == 2 }
      let reply = try await ada.call("bad__talk", seconds: 60)
      #expect(reply.code == "upstream_timeout", "\(reply.text.prefix(300))")
      try await eventually("the upstream is used as before") { try await ada.call("bad__fine").content == "fine" }
    }
  }

  @Test("a read that found the upstream busy is sent again, a write is not")
  func retries() async throws {
    let upstream = try await RawUpstream(tools: ["look", "change"]) { call in
      [RawUpstream.answer("", status: "503 Busy")]
    }
    var configuration = TestConfiguration()
    configuration.add("busy", port: upstream.port, ["retries": 2, "read_tools": ["look"], "write_tools": ["change"]])
    try await withGateway(configuration) { gateway in
      let ada = try await gateway.client("ada")
      let read = try await ada.call("busy__look")
      #expect(read.code == "upstream_unavailable")
      #expect(upstream.calls.all.count == 3)
      let write = try await ada.call("busy__change")
      #expect(write.code == "upstream_unavailable")
      #expect(write.content.contains("may have had its effect"))
      #expect(upstream.calls.all.count == 4)
    }
  }

  @Test("an upstream that cannot be reached neither delays the start nor the others, and is used once it is there")
  func unreachable() async throws {
    let closed = try SluiceBinary.freePort()
    let hanging = try await RawUpstream(tools: []) { _ in [.hang] }
    try await withUpstream(SDKUpstream.echo()) { port in
      var configuration = TestConfiguration()
      configuration.add("down", port: closed)
      configuration.add("echo", port: port)
      configuration.add("empty", port: hanging.port)
      try await withGateway(configuration) { gateway in
        let ada = try await gateway.client("ada")
        #expect(try await ada.call("echo__say", ["text": "here"]).content == "here")
        #expect(try await ada.call("down__anything").code == "not_found")
      }
    }
  }
}
