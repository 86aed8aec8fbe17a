import MCPHTTP
import NIOCore

extension FuzzTarget {
  static let httpWords = [
    "GET / HTTP/1.1\r\n", "POST", "HEAD", "CONNECT", " ", "*", "/a?b", "http://h/", "HTTP/1.0", "HTTP/1.1", "\r\n", "\n", "\r", "\r\n\r\n", ":", ": ", "\t",
    "Host: h\r\n", "Content-Length: 3\r\n", "Content-Length", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding", "chunked", "Connection: close\r\n",
    "keep-alive", "Expect: 100-continue\r\n", "0\r\n\r\n", "3\r\nabc\r\n", "fffffffffffffff\r\n", ";x=y", "é", "\0", "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "204", "304", "101", "abc",
  ]

  /// The parser of requests: however the bytes are cut, and after writing what it read.
  public static let httpRequest = FuzzTarget("http-request", dictionary: httpWords) { bytes throws(Finding) in
    var cuts = Cuts(bytes)
    let whole = read(cuts.whole)
    for pieces in cuts.others() {
      let other = read(pieces)
      try require(other == whole, "requests depend on how the bytes arrive: \(other) in pieces, \(whole) whole")
    }
    for request in whole.requests where !request.isLossy {
      let again = read([request.written], maxHeaderBytes: 1024)
      try require(again.requests == [request.normalized] && again.error == nil, "\(request) is read as \(again)")
    }
  }

  private struct Reading: Equatable {
    var requests: [ReadRequest] = []
    var error: HTTPFramingError?
    var waiting: HTTPRequestParser.Waiting?
  }

  private static func read(_ pieces: [ByteBuffer], maxHeaderBytes: Int = 512) -> Reading {
    var reading = Reading()
    var parser = HTTPRequestParser(maxHeaderBytes: maxHeaderBytes, maxBodyBytes: 256)
    do throws(HTTPFramingError) {
      for piece in pieces {
        parser.append(piece)
        next: while true {
          switch try parser.next() {
          case .needsMore: break next
          case .continueExpected: continue
          case .request(let message): reading.requests.append(ReadRequest(message))
          }
        }
      }
      reading.waiting = parser.waiting
    } catch { reading.error = error }
    return reading
  }
}

private struct ReadRequest: Equatable {
  var line: String
  var fields: [String]
  var body: ByteBuffer
  var keepsAlive: Bool
  var isVersion11: Bool

  init(_ message: HTTPRequestParser.Message) {
    line = "\(message.method) \(message.path)\(message.query.map { "?\($0)" } ?? "") HTTP/1.\(message.isVersion11 ? 1 : 0)"
    fields = message.headers.pairs.map { "\($0.name): \($0.value)" }
    body = message.body
    keepsAlive = message.keepsAlive
    isVersion11 = message.isVersion11
  }

  /// Whether the fields are not those that arrived, because they were no UTF-8.
  var isLossy: Bool { fields.contains { $0.contains("\u{FFFD}") } }

  /// The request with the framing that ``written`` gives it.
  var normalized: ReadRequest {
    var copy = self
    copy.fields = ["Content-Length: \(body.readableBytes)"] + fields.filter { !Self.framesMessage($0) }
    return copy
  }

  var written: ByteBuffer {
    var text = ByteBuffer(string: line + "\r\n" + normalized.fields.map { $0 + "\r\n" }.joined() + "\r\n")
    text.writeImmutableBuffer(body)
    return text
  }

  private static func framesMessage(_ field: String) -> Bool {
    let name = field.lowercased()
    return name.hasPrefix("content-length:") || name.hasPrefix("transfer-encoding:")
  }
}
