import MCPHTTP
import NIOCore
import NIOPosix
import Synchronization
import Testing

@Suite("HTTP client")
struct HTTPClientTests {
  @Test("a request goes out with its host, length and headers, and the answer comes back whole")
  func roundTrip() async throws {
    let responder = Responder { request in
      var headers = HTTPHeaders()
      headers.copy("X-Trace", from: request.headers)
      headers.add("X-Host", request.headers["HOST"] ?? "-")
      return .full(.accepted, headers, body: request.body)
    }
    try await withServer(responder) { port in
      let client = HTTPClient(eventLoopGroup: loops)
      let request = HTTPClientRequest(
        origin: origin(port), method: .post, path: "/mcp", headers: HTTPHeaders([("x-trace", "7"), ("Host", "forged")]),
        body: ByteBuffer(string: "hi"))
      let response = try await client.send(request, deadline: soon)
      #expect(response.status == .accepted)
      #expect(response.headers["x-Trace"] == "7")
      #expect(response.headers["x-host"] == "127.0.0.1:\(port)")
      #expect(text(response) == "hi")
      await client.shutdown()
    }
  }

  @Test("requests one after the other use one connection")
  func reuse() async throws {
    // A second connection would be closed by the server.
    try await withServer(.echo, { $0.maxConnections = 1 }) { port in
      let client = HTTPClient(eventLoopGroup: loops)
      let loop = loops.next()
      for _ in 0..<5 {
        let response = try await client.send(get(port, "/"), on: loop, deadline: soon)
        #expect(response.status == .ok)
      }
      await client.shutdown()
    }
  }

  @Test("requests side by side use as many connections as the bound allows, the others wait their turn")
  func connectionBound() async throws {
    let running = Mutex<(now: Int, most: Int)>((0, 0))
    let gate = Signal()
    try await withServer(
      Responder { _ in
        let now = running.withLock {
          $0.now += 1
          $0.most = max($0.most, $0.now)
          return $0.now
        }
        if now == 2 { gate.fire() }
        await gate.wait()
        running.withLock { $0.now -= 1 }
        return .text(.ok, "x")
      }
    ) { port in
      var configuration = HTTPClientConfiguration()
      configuration.maxConnectionsPerOrigin = 2
      let client = HTTPClient(eventLoopGroup: loops, configuration: configuration)
      let loop = loops.next()
      try await withThrowingTaskGroup(of: HTTPStatus.self) { group in
        for _ in 0..<10 {
          group.addTask { try await client.send(get(port, "/"), on: loop, deadline: soon).status }
        }
        for try await status in group { #expect(status == .ok) }
      }
      #expect(running.withLock { $0.most } == 2)
      await client.shutdown()
    }
  }

  static let answers: [(String, HTTPClientError.Code)] = [
    ("", .closedBeforeAnswer),
    ("HTTP/1.1 200 OK\r\n", .closedMidAnswer),
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", .closedMidAnswer),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n", .closedMidAnswer),
    ("HTTP/1.1 200 OK\nContent-Length: 0\n\n", .protocol),
    ("HTTP/2 200 OK\r\n\r\n", .protocol),
    ("ICY 200 OK\r\n\r\n", .protocol),
    ("HTTP/1.1 20 OK\r\n\r\n", .protocol),
    ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", .protocol),
    ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", .protocol),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .protocol),
    ("HTTP/1.1 101 Switching Protocols\r\n\r\n", .protocol),
    (String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 50), .protocol),
    ("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", .tooLarge),
    ("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 1001), .tooLarge),
    ("HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 1001), .tooLarge),
  ]

  @Test("an answer that is broken, cut or too large fails with its own code", arguments: answers)
  func brokenAnswers(_ answer: String, _ code: HTTPClientError.Code) async throws {
    try await withScript([ByteBuffer(string: answer)]) { port in
      var configuration = HTTPClientConfiguration()
      configuration.maxResponseBytes = 1000
      configuration.maxHeaderBytes = 1000
      let client = HTTPClient(eventLoopGroup: loops, configuration: configuration)
      let error = await #expect(throws: HTTPClientError.self) { try await client.send(get(port, "/"), deadline: soon) }
      #expect(error?.code == code)
      #expect(error?.requestWasSent == true)
      #expect(error?.isSafeToRetry == false)
      await client.shutdown()
    }
  }

  static let wholeAnswers: [(String, String)] = [
    ("HTTP/1.1 200 OK\r\n\r\nuntil close", "until close"),
    ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", "ab"),
    ("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nab", "ab"),
    ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", "x"),
    ("HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n1\r\na\r\n00002;q=\"1\"\r\nbc\r\n0\r\nTrailer: x\r\n\r\n", "abc"),
    ("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", ""),
  ]

  @Test("an answer split at every byte is understood all the same", arguments: wholeAnswers)
  func splitEverywhere(_ answer: String, _ content: String) async throws {
    let bytes = Array(answer.utf8)
    for split in 1..<bytes.count {
      try await withScript([bytes[..<split], bytes[split...]].map { ByteBuffer(bytes: $0) }) { port in
        let client = HTTPClient(eventLoopGroup: loops)
        let response = try await client.send(get(port, "/"), deadline: soon)
        #expect(text(response) == content)
        await client.shutdown()
      }
    }
  }

  @Test("a kept connection that the peer closes is not used again")
  func stale() async throws {
    try await withScript([ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")]) { port in
      let client = HTTPClient(eventLoopGroup: loops)
      let loop = loops.next()
      for _ in 0..<3 {
        // The script closes the connection behind its answer.
        let response = try? await client.send(get(port, "/"), on: loop, deadline: soon)
        if let response { #expect(text(response) == "x") }
        // The close needs a turn of the loop to be seen.
        try await Task.sleep(for: .milliseconds(20))
      }
      await client.shutdown()
    }
  }

  @Test("a refused connection is a connect error, and safe to retry")
  func refused() async throws {
    let port = try await withServer(.echo) { $0 }
    let client = HTTPClient(eventLoopGroup: loops)
    let error = await #expect(throws: HTTPClientError.self) { try await client.send(get(port, "/"), deadline: soon) }
    #expect(error?.code == .connect)
    #expect(error?.isSafeToRetry == true)
    await client.shutdown()
  }

  @Test("the deadline ends a request that waits for its answer")
  func timeout() async throws {
    try await withServer(
      Responder { request in
        if request.path == "/late" { try? await Task.sleep(for: .seconds(30)) }
        return .text(.ok, "x")
      }
    ) { port in
      let client = HTTPClient(eventLoopGroup: loops, configuration: quick)
      let loop = loops.next()
      // With a connection at hand the request is out at once, however slow the machine is.
      _ = try await client.send(get(port, "/"), on: loop, deadline: soon)
      let error = await #expect(throws: HTTPClientError.self) {
        try await client.send(get(port, "/late"), on: loop, deadline: .now() + .milliseconds(50))
      }
      #expect(error?.code == .timeout)
      #expect(error?.requestWasSent == true)
      await client.shutdown()
    }
  }

  @Test("the deadline ends a request that waits for a connection, which is safe to retry")
  func timeoutInQueue() async throws {
    let gate = Signal()
    let begun = Signal()
    try await withServer(
      Responder { _ in
        begun.fire()
        await gate.wait()
        return .text(.ok, "x")
      }
    ) { port in
      var configuration = quick
      configuration.maxConnectionsPerOrigin = 1
      let client = HTTPClient(eventLoopGroup: loops, configuration: configuration)
      let loop = loops.next()
      async let first = client.send(get(port, "/"), on: loop, deadline: soon)
      await begun.wait()
      let error = await #expect(throws: HTTPClientError.self) {
        try await client.send(get(port, "/"), on: loop, deadline: .now() + .milliseconds(50))
      }
      #expect(error?.code == .timeout)
      #expect(error?.isSafeToRetry == true)
      gate.fire()
      let answer = try await first
      #expect(text(answer) == "x\n")
      await client.shutdown()
    }
  }

  @Test("a cancelled request closes its connection, which cancels the work behind it")
  func cancellation() async throws {
    let begun = Signal()
    let cancelled = Signal()
    try await withServer(
      Responder { _ in
        begun.fire()
        try? await Task.sleep(for: .seconds(30))
        if Task.isCancelled { cancelled.fire() }
        return .text(.ok, "late")
      }
    ) { port in
      let client = HTTPClient(eventLoopGroup: loops)
      let task = Task { try await client.send(get(port, "/"), deadline: soon) }
      await begun.wait()
      task.cancel()
      let error = await #expect(throws: HTTPClientError.self) { try await task.value }
      #expect(error?.code == .cancelled)
      await cancelled.wait()
      await client.shutdown()
    }
  }

  @Test("an event stream is handed over as it arrives, and its connection serves again afterwards")
  func stream() async throws {
    let goOn = Signal()
    try await withServer(
      Responder { _ in
        .stream(.ok, HTTPHeaders([("Content-Type", "Text/Event-Stream; charset=utf-8")])) { writer in
          try await writer.write(SSE.event(data: ByteBuffer(string: "1"), id: "a"))
          await goOn.wait()
          try await writer.write(SSE.event(data: ByteBuffer(string: "2")))
        }
      }
    ) { port in
      let client = HTTPClient(eventLoopGroup: loops)
      var request = get(port, "/")
      request.streamsEvents = true
      let response = try await client.send(request, deadline: soon)
      guard case .stream(let body) = response.body else {
        Issue.record("not a stream")
        return
      }
      var parser = SSEParser()
      var seen: [String] = []
      for try await piece in body {
        seen += try parser.parse(piece).map { String(buffer: $0.data) }
        goOn.fire()
      }
      #expect(seen == ["1", "2"])
      await client.shutdown()
    }
  }

  @Test("a consumer that is behind stops the producer at the other end")
  func streamBackPressure() async throws {
    let counter = Counter()
    try await withServer(
      Responder { _ in
        .stream(.ok, HTTPHeaders([("Content-Type", "text/event-stream")])) { writer in
          for _ in 0..<2000 {
            try await writer.write(ByteBuffer(repeating: 0x78, count: 10_000))
            counter.increment()
          }
        }
      }
    ) { port in
      let client = HTTPClient(eventLoopGroup: loops)
      var request = get(port, "/")
      request.streamsEvents = true
      let response = try await client.send(request, deadline: soon)
      guard case .stream(let body) = response.body else {
        Issue.record("not a stream")
        return
      }
      await counter.waitUntilStill()
      #expect(counter.value < 2000)
      var total = 0
      for try await piece in body { total += piece.readableBytes }
      #expect(total == 20_000_000)
      await client.shutdown()
    }
  }

  @Test("a stream that is dropped, or whose consumer is cancelled, ends the producer", arguments: [true, false])
  func streamAbandoned(_ cancels: Bool) async throws {
    let ended = Signal()
    try await withServer(
      Responder { _ in
        .stream(.ok, HTTPHeaders([("Content-Type", "text/event-stream")])) { writer in
          defer { ended.fire() }
          try await writer.write(SSE.comment("hello"))
          try await Task.sleep(for: .seconds(600))
        }
      }
    ) { port in
      let client = HTTPClient(eventLoopGroup: loops)
      let consumed = Signal()
      let task = Task {
        var request = get(port, "/")
        request.streamsEvents = true
        let response = try await client.send(request, deadline: soon)
        guard cancels, case .stream(let body) = response.body else { return }
        for try await _ in body { consumed.fire() }
      }
      if cancels {
        await consumed.wait()
        task.cancel()
      }
      _ = try? await task.value
      await ended.wait()
      await client.shutdown()
    }
  }

  @Test("a large request and a large answer pass")
  func large() async throws {
    try await withServer(.echo) { port in
      let client = HTTPClient(eventLoopGroup: loops)
      let body = ByteBuffer(repeating: 0x79, count: 3_000_000)
      for _ in 0..<3 {
        let request = HTTPClientRequest(origin: origin(port), method: .post, path: "/", body: body)
        let response = try await client.send(request, deadline: soon)
        guard case .full(let echoed) = response.body else { return }
        #expect(echoed == body)
      }
      await client.shutdown()
    }
  }

  @Test("a path that could break the request line is refused", arguments: ["", "x", "/a b", "/a\r\nX: y", "/\u{e9}"])
  func badPath(_ path: String) async throws {
    try await withServer(.echo) { port in
      let client = HTTPClient(eventLoopGroup: loops)
      let error = await #expect(throws: HTTPClientError.self) { try await client.send(get(port, path), deadline: soon) }
      #expect(error?.code == .protocol)
      #expect(error?.requestWasSent == false)
      await client.shutdown()
    }
  }

  @Test("shutdown fails what is in flight and what comes later")
  func shutdown() async throws {
    let begun = Signal()
    try await withServer(
      Responder { _ in
        begun.fire()
        try? await Task.sleep(for: .seconds(30))
        return .text(.ok, "late")
      }
    ) { port in
      let client = HTTPClient(eventLoopGroup: loops)
      let first = Task { try await client.send(get(port, "/"), deadline: soon) }
      await begun.wait()
      await client.shutdown()
      await #expect(throws: HTTPClientError.self) { try await first.value }
      let error = await #expect(throws: HTTPClientError.self) { try await client.send(get(port, "/"), deadline: soon) }
      #expect(error?.code == .cancelled)
    }
  }
}

private var soon: NIODeadline { .now() + .seconds(20) }
private var quick: HTTPClientConfiguration {
  var configuration = HTTPClientConfiguration()
  configuration.tick = .milliseconds(10)
  return configuration
}

private func text(_ response: HTTPClientResponse) -> String? {
  if case .full(let body) = response.body { String(buffer: body) } else { nil }
}
