import NIOCore
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A blocking socket, used off the event loops: says exactly what goes on the wire, and when.
final class RawSocket: Sendable {
  private let descriptor: Int32

  init(port: Int, patience seconds: Int = 20) throws {
    #if canImport(Darwin)
      descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #else
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    guard result == 0 else { throw IOError(errnoCode: errno, reason: "connect") }
    // A test that waits for bytes that never come fails instead of hanging.
    var patience = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  func send(_ text: String) { send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      #if canImport(Darwin)
        let sent = rest.withUnsafeBytes { Darwin.send(descriptor, $0.baseAddress, $0.count, 0) }
      #else
        let sent = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      #endif
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

  /// Reads to the end, which the peer must make.
  func readToEnd(sourceLocation: SourceLocation = #_sourceLocation) async -> String {
    let (bytes, isEnd) = await offLoop { self.receive() }
    if !isEnd { Issue.record("the peer did not close the connection", sourceLocation: sourceLocation) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// What came, and whether the peer ended it. However often it sends, its time is over after a minute.
  private func receive(until isDone: ([UInt8]) -> Bool = { _ in false }) -> (bytes: [UInt8], isEnd: Bool) {
    let deadline = ContinuousClock.now + .seconds(60)
    var seen: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while !isDone(seen), ContinuousClock.now < deadline {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      guard count > 0 else { return (seen, count == 0 || errno == ECONNRESET) }
      seen += chunk[..<count]
    }
    return (seen, false)
  }

  /// Reads one answer with a `Content-Length`, or what came until the peer closed.
  func readAnswer() async -> RawAnswer {
    let text = await read { RawAnswer($0).final.isWhole }
    return RawAnswer(text).final
  }
}

/// An HTTP answer as text.
struct RawAnswer {
  let text: String

  init(_ text: String) { self.text = text }

  /// Without `100 Continue` before it.
  var final: RawAnswer {
    guard text.hasPrefix("HTTP/1.1 100"), let end = text.firstRange(of: "\r\n\r\n") else { return self }
    return RawAnswer(String(text[end.upperBound...]))
  }

  /// 0 where there is no answer.
  var status: Int { text.hasPrefix("HTTP/1.1 ") ? Int(text.dropFirst(9).prefix(3)) ?? 0 : 0 }

  var body: String { text.firstRange(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? "" }

  func header(_ name: String) -> String? {
    let head = text.firstRange(of: "\r\n\r\n").map { text[..<$0.lowerBound] } ?? text[...]
    for line in head.split(separator: "\r\n").dropFirst() {
      guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name.lowercased() else { continue }
      return line[line.index(after: colon)...].trimmingPrefix(" ").description
    }
    return nil
  }

  var isWhole: Bool {
    guard text.contains("\r\n\r\n") else { return false }
    return header("Content-Length").flatMap { Int($0) }.map { body.utf8.count >= $0 } ?? false
  }
}
