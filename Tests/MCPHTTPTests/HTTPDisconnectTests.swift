import MCPHTTP
import NIOCore
import NIOPosix
import ServiceLifecycle
import Logging
import Testing

@Suite("HTTP server: clients that leave, and servers that stop")
struct HTTPDisconnectTests {
  @Test("a client that disconnects cancels its request")
  func disconnectCancels() async throws {
    let started = Signal()
    let cancelled = Signal()
    let responder = Responder { _ in
      started.fire()
      try? await Task.sleep(for: .seconds(30))
      if Task.isCancelled { cancelled.fire() }
      return .text(.ok, "late")
    }
    try await withServer(responder) { port in
      let socket = try RawSocket(port: port)
      socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      await started.wait()
      socket.disconnect()
      await cancelled.wait()
    }
  }

  @Test("a client that only closed its sending half still gets its answer")
  func halfClose() async throws {
    let halfClosed = Signal()
    let responder = Responder { _ in
      await halfClosed.wait()
      return .text(.ok, Task.isCancelled ? "cancelled" : "here")
    }
    try await withServer(responder) { port in
      let socket = try RawSocket(port: port)
      socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      socket.finishSending()
      // The interim response shows that the server has seen the end.
      #expect(await socket.read { $0.hasSuffix("\r\n\r\n") } == "HTTP/1.1 100 Continue\r\n\r\n")
      halfClosed.fire()
      #expect(await socket.readToEnd().hasSuffix("\r\n\r\nhere\n"))
    }
  }

  @Test("requests pipelined before the half-close are all answered")
  func halfClosePipelined() async throws {
    try await withServer(.echo) { port in
      let socket = try RawSocket(port: port)
      socket.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
      socket.finishSending()
      let answer = await socket.readToEnd()
      #expect(answer.contains("/1 -") && answer.contains("/2 -"))
    }
  }

  @Test("a client that disconnects ends the stream's producer, even a silent one", arguments: [true, false])
  func disconnectEndsStream(_ writes: Bool) async throws {
    let streaming = Signal()
    let ended = Signal()
    let responder = Responder { _ in
      .stream(.ok, HTTPHeaders()) { writer in
        defer { ended.fire() }
        streaming.fire()
        repeat {
          if writes { try await writer.write(ByteBuffer(string: "tick")) }
          try await Task.sleep(for: writes ? .milliseconds(1) : .seconds(60))
        } while true
      }
    }
    try await withServer(responder) { port in
      let socket = try RawSocket(port: port)
      socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      await streaming.wait()
      socket.disconnect()
      await ended.wait()
    }
  }

  @Test("a stream goes on for a half-closed client, and its chunks stay well-formed")
  func halfClosedStream() async throws {
    let goOn = Signal()
    let responder = Responder { _ in
      .stream(.ok, HTTPHeaders()) { writer in
        try await writer.write(ByteBuffer(string: "one"))
        await goOn.wait()
        try await writer.write(ByteBuffer(string: "two"))
      }
    }
    try await withServer(responder) { port in
      let socket = try RawSocket(port: port)
      socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      _ = await socket.read { $0.hasSuffix("one\r\n") }
      socket.finishSending()
      #expect(await socket.read { $0 == "0" } == "0")
      goOn.fire()
      #expect(await socket.readToEnd() == "3\r\ntwo\r\n0\r\n\r\n")
    }
  }

  @Test("a producer that throws cuts the connection, so that the answer is not taken for whole")
  func throwingProducer() async throws {
    let responder = Responder { _ in
      .stream(.ok, HTTPHeaders()) { writer in
        try await writer.write(ByteBuffer(string: "part"))
        throw HTTPClientGone()
      }
    }
    try await withServer(responder) { port in
      let socket = try RawSocket(port: port)
      socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      let answer = await socket.readToEnd()
      #expect(answer.hasSuffix("4\r\npart\r\n"))
    }
  }

  @Test("streams to HTTP/1.0 clients end with the connection")
  func version10Stream() async throws {
    let responder = Responder { _ in
      .stream(.ok, HTTPHeaders()) { try await $0.write(ByteBuffer(string: "plain")) }
    }
    try await withServer(responder) { port in
      let socket = try RawSocket(port: port)
      socket.send("GET / HTTP/1.0\r\n\r\n")
      #expect(await socket.readToEnd() == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nplain")
    }
  }

  @Test("a client that does not read makes the producer wait")
  func backPressure() async throws {
    let counter = Counter()
    let responder = Responder { _ in
      .stream(.ok, HTTPHeaders()) { writer in
        for _ in 0..<2000 {
          try await writer.write(ByteBuffer(repeating: 0x78, count: 10_000))
          counter.increment()
        }
      }
    }
    try await withServer(responder) { port in
      let socket = try RawSocket(port: port)
      socket.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      await counter.waitUntilStill()
      #expect(counter.value < 2000)
      let answer = await socket.readToEnd()
      #expect(counter.value == 2000)
      #expect(answer.utf8.count > 20_000_000)
    }
  }

  @Test("a client that never reads is cut after the write timeout")
  func writeTimeout() async throws {
    let ended = Signal()
    let responder = Responder { _ in
      .stream(.ok, HTTPHeaders()) { writer in
        defer { ended.fire() }
        while true { try await writer.write(ByteBuffer(repeating: 0x78, count: 100_000)) }
      }
    }
    try await withServer(responder, { $0.writeTimeout = .milliseconds(100) }) { port in
      let socket = try RawSocket(port: port)
      socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      await ended.wait()
      withExtendedLifetime(socket) {}
    }
  }

  @Test("graceful shutdown lets the answer in the making out, closes idle connections and ends streams")
  func gracefulShutdown() async throws {
    let begun = Signal()
    let finish = Signal()
    let streamEnded = Signal()
    let responder = Responder { request in
      if request.path == "/stream" {
        return .stream(.ok, HTTPHeaders()) { writer in
          try await writer.write(ByteBuffer(string: "s"))
          do { try await Task.sleep(for: .seconds(60)) } catch { streamEnded.fire() }
        }
      }
      if request.path == "/slow" {
        begun.fire()
        await finish.wait()
      }
      return .text(.ok, "done")
    }
    let server = HTTPServer(host: "127.0.0.1", port: 0, eventLoopGroup: loops, responder: responder, logger: quiet)
    let port = try await server.start()
    let lifecycle = ServiceGroup(services: [server], logger: quiet)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await lifecycle.run() }
      let idle = try RawSocket(port: port)
      idle.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      _ = await idle.read { $0.hasSuffix("done\n") }
      let stream = try RawSocket(port: port)
      stream.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n")
      _ = await stream.read { $0.hasSuffix("s\r\n") }
      let slow = try RawSocket(port: port)
      slow.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
      await begun.wait()

      await lifecycle.triggerGracefulShutdown()
      #expect(await idle.readToEnd() == "")
      await streamEnded.wait()
      #expect(await stream.readToEnd() == "0\r\n\r\n")
      finish.fire()
      let answer = await slow.readToEnd()
      #expect(answer.contains("Connection: close") && answer.hasSuffix("done\n"))
      try await group.waitForAll()
    }
    #expect(throws: (any Error).self) { try RawSocket(port: port) }
  }

  @Test("graceful shutdown does not wait longer than its bound")
  func boundedShutdown() async throws {
    let begun = Signal()
    let responder = Responder { _ in
      begun.fire()
      try? await Task.sleep(for: .seconds(60))
      return .text(.ok, "late")
    }
    try await withServer(responder, { $0.shutdownTimeout = .milliseconds(50) }) { port in
      let socket = try RawSocket(port: port)
      socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      await begun.wait()
    }
  }
}
