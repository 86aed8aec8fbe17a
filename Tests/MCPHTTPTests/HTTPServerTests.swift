import MCPHTTP
import NIOCore
import NIOPosix
import ServiceLifecycle
import Logging
import Synchronization
import Testing

@Suite("HTTP server")
struct HTTPServerTests {
  @Test("a request reaches the responder with method, path, query and body, and the answer comes back framed")
  func roundTrip() async throws {
    try await withServer(.echo) { port in
      let socket = try RawSocket(port: port)
      socket.send("POST /mcp?a=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
      let answer = await socket.readToEnd()
      #expect(answer == "HTTP/1.1 200 OK\r\nX-Seen: POST /mcp a=1\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
    }
  }

  @Test("a request split at every byte is understood all the same")
  func splitEverywhere() async throws {
    let text = "POST /mcp HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: v\r\n\r\n"
    // The second half of each request waits for its task's turn, which on a busy machine comes late.
    try await withServer(.echo, { ($0.headerTimeout, $0.bodyTimeout) = (.minutes(5), .minutes(5)) }) { port in
      try await withThrowingTaskGroup(of: String.self) { group in
        for split in 1..<text.utf8.count {
          group.addTask {
            let socket = try RawSocket(port: port)
            let bytes = Array(text.utf8)
            socket.send(Array(bytes[..<split]))
            await Task.yield()
            socket.send(Array(bytes[split...]))
            return await socket.readToEnd()
          }
        }
        for try await answer in group { #expect(answer.hasSuffix("\r\n\r\nabc0123456789")) }
      }
    }
  }

  static let refusals: [(String, Int)] = [
    ("GET / HTTP/1.1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
    ("GET / HTTP/1.1\nHost: a\n\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400),
    ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
    ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET /\u{7f} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    ("GET / http/1.1\r\nHost: a\r\n\r\n", 400),
    ("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: a\u{0}b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
    ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\ng\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0000000000000001\r\nx\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n 1\r\nx\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nExpect: the-unexpected\r\nContent-Length: 1\r\n\r\n", 417),
    ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n", 413),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n" + String(repeating: "x", count: 101), 413),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 2000) + "\r\n\r\n", 431),
    ("GET /" + String(repeating: "x", count: 2000), 431),
  ]

  @Test("what is not strict HTTP/1.1 within bounds is refused with a status, in text, and the connection is closed", arguments: refusals)
  func refuses(_ request: String, _ status: Int) async throws {
    let configure: (inout HTTPServerConfiguration) -> Void = {
      $0.maxBodyBytes = 100
      $0.maxHeaderBytes = 1000
    }
    try await withServer(.echo, configure) { port in
      let socket = try RawSocket(port: port)
      socket.send(request)
      let answer = await socket.readToEnd()
      #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
      #expect(answer.contains("\r\nConnection: close\r\n"))
    }
  }

  @Test("the authority of a target in absolute form counts, whatever Host says", arguments: ["http", "HTTPS"])
  func absoluteAuthority(scheme: String) async throws {
    let responder = Responder { .text(.ok, "host=\($0.headers["Host"] ?? "-") x=\($0.headers["X"] ?? "-")") }
    try await withServer(responder) { port in
      let socket = try RawSocket(port: port)
      socket.send("GET \(scheme)://other.example:81/p HTTP/1.1\r\nX: 1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
      #expect(await socket.readToEnd().contains("host=other.example:81 x=1\n"))
      let odd = try RawSocket(port: port)
      odd.send("GET \(scheme)://localhost@other.example/p HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(await odd.readToEnd().hasPrefix("HTTP/1.1 400"))
    }
  }

  @Test("targets in absolute form lose their authority")
  func absoluteForm() async throws {
    try await withServer(.echo) { port in
      let socket = try RawSocket(port: port)
      socket.send("GET http://other:1/p?q HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      #expect(await socket.readToEnd().contains("X-Seen: GET /p q\r\n"))
    }
  }

  @Test("pipelined requests are answered one after the other, in order")
  func pipelining() async throws {
    try await withServer(.echo) { port in
      let socket = try RawSocket(port: port)
      let requests = (0..<50).map { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined()
      socket.send(requests + "GET /end HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      let seen = await socket.readToEnd().split(separator: "\r\n").filter { $0.hasPrefix("X-Seen") }
      #expect(seen.map(String.init) == (0..<50).map { "X-Seen: GET /\($0) -" } + ["X-Seen: GET /end -"])
    }
  }

  @Test("the next pipelined request does not start before the answer is out")
  func oneAtATime() async throws {
    let first = Signal()
    let started = Mutex<[String]>([])
    let responder = Responder { request in
      started.withLock { $0.append(request.path) }
      if request.path == "/1" { await first.wait() }
      return .text(.ok, request.path)
    }
    try await withServer(responder) { port in
      let socket = try RawSocket(port: port)
      socket.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      let other = try RawSocket(port: port)
      other.send("GET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      _ = await other.readToEnd()
      #expect(!started.withLock { $0.contains("/2") })
      first.fire()
      let answer = await socket.readToEnd()
      #expect(answer.contains("/1\n") && answer.hasSuffix("/2\n"))
    }
  }

  @Test("HTTP/1.0 is served without Host and closed, or kept alive when asked")
  func version10() async throws {
    try await withServer(.echo) { port in
      let socket = try RawSocket(port: port)
      socket.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      let kept = await socket.read { $0.hasSuffix("\r\n\r\n") }
      #expect(kept.contains("Connection: keep-alive"))
      socket.send("GET /b HTTP/1.0\r\n\r\n")
      let closed = await socket.readToEnd()
      #expect(closed.contains("/b") && closed.contains("Connection: close"))
    }
  }

  @Test("a client that expects 100 Continue gets it before it sends its body")
  func expectContinue() async throws {
    try await withServer(.echo) { port in
      let socket = try RawSocket(port: port)
      socket.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n")
      #expect(await socket.read { $0.hasSuffix("\r\n\r\n") } == "HTTP/1.1 100 Continue\r\n\r\n")
      socket.send("ok")
      #expect(await socket.readToEnd().hasSuffix("ok"))
    }
  }

  @Test("HEAD gets the length and no content; 204 gets neither")
  func bodiless() async throws {
    let responder = Responder { $0.path == "/none" ? .full(.noContent, HTTPHeaders(), body: ByteBuffer()) : .text(.ok, "abc") }
    try await withServer(responder) { port in
      let socket = try RawSocket(port: port)
      socket.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET /none HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      let answer = await socket.readToEnd()
      #expect(answer.contains("Content-Length: 4\r\n\r\nHTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"))
    }
  }

  @Test("answers carry the date, unless the responder sets it")
  func date() async throws {
    let responder = Responder { $0.path == "/own" ? .full(.ok, HTTPHeaders([("date", "mine")]), body: ByteBuffer()) : .text(.ok, "x") }
    try await withServer(responder, { $0.writesDate = true }) { port in
      let socket = try RawSocket(port: port)
      socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /own HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      let lines = await socket.readToEnd().split(separator: "\r\n").filter { $0.lowercased().hasPrefix("date: ") }
      #expect(lines.count == 2 && lines.last == "date: mine")
      #expect(lines.first?.wholeMatch(of: /Date: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/) != nil)
    }
  }

  @Test("a slow but living reader is not cut, whatever the idle and write timeouts")
  func slowReader() async throws {
    let responder = Responder { _ in .full(.ok, HTTPHeaders(), body: ByteBuffer(repeating: 0x78, count: 8_000_000)) }
    let configure: (inout HTTPServerConfiguration) -> Void = {
      $0.writeTimeout = .seconds(3)
      $0.idleTimeout = .seconds(3)
    }
    try await withServer(responder, configure) { port in
      let socket = try RawSocket(port: port, receiveBuffer: 32768)
      socket.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      #expect(await socket.readSlowly(pause: 20_000) > 8_000_000)
    }
  }

  @Test("a responder cannot forge framing or further fields")
  func headerInjection() async throws {
    let responder = Responder { _ in
      var headers = HTTPHeaders()
      headers.add("X-A", "1\r\nX-B: 2")
      headers.add("X C", "1")
      headers.add("Content-Length", "999")
      headers.add("Transfer-Encoding", "chunked")
      headers.add("Connection", "upgrade")
      return .full(.ok, headers, body: ByteBuffer(string: "x"))
    }
    try await withServer(responder) { port in
      let socket = try RawSocket(port: port)
      socket.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      #expect(await socket.readToEnd() == "HTTP/1.1 200 OK\r\nX-A: 1  X-B: 2\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx")
    }
  }

  @Test("a head that does not arrive in time is answered 408", arguments: ["", "GET / HT", "GET / HTTP/1.1\r\nHost: h\r\n"])
  func slowHead(_ beginning: String) async throws {
    try await withServer(.echo, { $0.headerTimeout = .seconds(2) }) { port in
      let socket = try RawSocket(port: port)
      socket.send(beginning)
      let answer = await socket.readToEnd()
      #expect(beginning.isEmpty ? answer == "" : answer.hasPrefix("HTTP/1.1 408 "))
    }
  }

  @Test("a body that does not arrive in time is answered 408")
  func slowBody() async throws {
    try await withServer(.echo, { $0.bodyTimeout = .milliseconds(300) }) { port in
      let socket = try RawSocket(port: port)
      socket.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab")
      #expect(await socket.readToEnd().hasPrefix("HTTP/1.1 408 "))
    }
  }

  @Test("an idle connection is closed without a word")
  func idle() async throws {
    try await withServer(.echo, { $0.idleTimeout = .milliseconds(300) }) { port in
      let socket = try RawSocket(port: port)
      socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      let answer = await socket.readToEnd()
      #expect(answer.hasSuffix("Content-Length: 0\r\n\r\n"))
    }
  }

  @Test("connections over the bound are closed as they arrive")
  func connectionBound() async throws {
    try await withServer(.echo, { $0.maxConnections = 1 }) { port in
      let first = try RawSocket(port: port)
      first.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      _ = await first.read { $0.hasSuffix("\r\n\r\n") }
      let second = try RawSocket(port: port)
      #expect(await second.readEnd())
      first.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      #expect(await first.readToEnd().hasPrefix("HTTP/1.1 200 OK"))
    }
  }

  @Test("megabytes go in and come out unharmed")
  func bigBodies() async throws {
    try await withServer(.echo) { port in
      let socket = try RawSocket(port: port)
      let body = (0..<300_000).map { String($0 % 10) }.joined() + String(repeating: "z", count: 2_000_000)
      async let answer = socket.readToEnd()
      await offLoop { socket.send("POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body) }
      #expect(await answer.hasSuffix("\r\n\r\n" + body))
    }
  }

  @Test("a body over the bound is refused without reading it, and the client can read why")
  func tooLargeIsReadable() async throws {
    try await withServer(.echo, { $0.maxBodyBytes = 1000 }) { port in
      let socket = try RawSocket(port: port)
      socket.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + String(repeating: "x", count: 100_000))
      #expect(await socket.readToEnd().hasPrefix("HTTP/1.1 413 Content Too Large\r\n"))
    }
  }
}
