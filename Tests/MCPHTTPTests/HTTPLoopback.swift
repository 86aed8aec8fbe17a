import MCPHTTP
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle
import Logging
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Every test shares these loops: the tests of this target run side by side.
let loops = MultiThreadedEventLoopGroup(numberOfThreads: 2)

/// A responder made of a closure.
struct Responder: HTTPResponder {
  let body: @Sendable (HTTPRequest) async -> HTTPReply
  init(_ body: @escaping @Sendable (HTTPRequest) async -> HTTPReply) { self.body = body }
  func respond(to request: HTTPRequest) async -> HTTPReply { await body(request) }

  /// Answers what came: method, path, query and body.
  static let echo = Responder { request in
    var headers = HTTPHeaders()
    headers.add("X-Seen", "\(request.method) \(request.path) \(request.query ?? "-")")
    return .full(.ok, headers, body: request.body)
  }
}

/// Runs a server on a free port of the loopback interface for the length of `body`.
func withServer<R: Sendable>(
  _ responder: Responder, _ configure: (inout HTTPServerConfiguration) -> Void = { _ in }, tls: TLSConfiguration? = nil,
  _ body: @Sendable (Int) async throws -> R
) async throws -> R {
  var configuration = HTTPServerConfiguration()
  configuration.shutdownTimeout = .milliseconds(500)
  configuration.writesDate = false
  configure(&configuration)
  let server = HTTPServer(host: "127.0.0.1", port: 0, eventLoopGroup: loops, configuration: configuration, responder: responder, tls: tls, logger: quiet)
  let port = try await server.start()
  return try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await server.run() }
    let result = try await body(port)
    group.cancelAll()
    return result
  }
}

/// A blocking socket, used off the event loops: says exactly what goes on the wire, and when.
final class RawSocket: Sendable {
  private let descriptor: Int32

  /// - Parameters:
  ///   - receiveBuffer: Bytes the system may hold for us unread; its own choice when nil.
  ///   - address: IPv4, in the order of the host.
  init(port: Int, receiveBuffer: Int32? = nil, address host: UInt32 = 0x7F00_0001) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if var size = receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size)) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = host.bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    guard result == 0 else { throw IOError(errnoCode: errno, reason: "connect") }
    // A test that waits for bytes that never come fails instead of hanging.
    var patience = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
  }

  deinit { Glibc.close(descriptor) }

  func send(_ text: String) {
    send(Array(text.utf8))
  }

  func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard sent > 0 else { return }
      rest = rest.dropFirst(sent)
    }
  }

  /// Closes our half: the peer reads the end, we can still read.
  func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  func disconnect() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Reads until the text so far satisfies `isDone`, the peer closes, or patience ends.
  func read(until isDone: @escaping @Sendable (String) -> Bool) async -> String {
    await offLoop { String(decoding: self.receive { isDone(String(decoding: $0, as: UTF8.self)) }.bytes, as: UTF8.self) }
  }

  /// Reads to the end with a pause, in microseconds, before each piece. Returns how many bytes came.
  func readSlowly(pause: UInt32) async -> Int {
    await offLoop { self.receive(pause: pause).bytes.count }
  }

  /// Reads to the end, which the peer must make.
  func readToEnd(sourceLocation: SourceLocation = #_sourceLocation) async -> String {
    let (bytes, isEnd) = await offLoop { self.receive() }
    if !isEnd { Issue.record("the peer did not close the connection", sourceLocation: sourceLocation) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Whether the peer closed or reset the connection; what it sent before is thrown away.
  func readEnd() async -> Bool {
    await offLoop { self.receive().isEnd }
  }

  /// What came, and whether the peer ended it. However often it sends, its time is over after a minute.
  private func receive(pause: UInt32 = 0, until isDone: ([UInt8]) -> Bool = { _ in false }) -> (bytes: [UInt8], isEnd: Bool) {
    let deadline = ContinuousClock.now + .seconds(60)
    var seen: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while !isDone(seen), ContinuousClock.now < deadline {
      if pause > 0 { usleep(pause) }
      let count = recv(descriptor, &chunk, chunk.count, 0)
      guard count > 0 else { return (seen, count == 0 || errno == ECONNRESET) }
      seen += chunk[..<count]
    }
    return (seen, false)
  }
}

/// Threads for blocking calls: the shared pool has as many as there are cores.
private let threads: NIOThreadPool = {
  let pool = NIOThreadPool(numberOfThreads: 64)
  pool.start()
  return pool
}()

/// Runs a blocking call on a thread of its own.
func offLoop<R: Sendable>(_ body: @escaping @Sendable () -> R) async -> R {
  await withCheckedContinuation { continuation in
    threads.submit { _ in continuation.resume(returning: body()) }
  }
}

/// Something a test waits for.
final class Signal: Sendable {
  private let promise: EventLoopPromise<Void>
  init() { promise = loops.next().makePromise() }
  func fire() { promise.succeed() }
  deinit { promise.succeed() }

  /// Returns when it fires or the task is cancelled; that it never fires is an issue after a minute.
  func wait(sourceLocation: SourceLocation = #_sourceLocation) async {
    let loop = promise.futureResult.eventLoop
    let ended = loop.makePromise(of: Bool.self)
    promise.futureResult.whenComplete { _ in ended.succeed(true) }
    let patience = loop.scheduleTask(in: .seconds(60)) { ended.succeed(false) }
    let isInTime = await withTaskCancellationHandler {
      try? await ended.futureResult.get()
    } onCancel: {
      ended.succeed(true)
    }
    patience.cancel()
    if isInTime == false { Issue.record("the signal never came", sourceLocation: sourceLocation) }
  }
}

/// Asks again and again until `condition` holds; that it never does is an issue after a minute. For what nothing announces.
func eventually(_ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool) async rethrows {
  let deadline = ContinuousClock.now + .seconds(60)
  while ContinuousClock.now < deadline, !Task.isCancelled {
    if try await condition() { return }
    try? await Task.sleep(for: .milliseconds(5))
  }
  Issue.record("this never was: \(what)", sourceLocation: sourceLocation)
}

/// A logger that says nothing.
let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
