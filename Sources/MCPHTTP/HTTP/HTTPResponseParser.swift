package import NIOCore

/// Turns the bytes of one client connection into responses. A pure state machine: it does no I/O and keeps no time.
package struct HTTPResponseParser {
  package enum Step {
    case needsMore
    case head(HTTPStatus, HTTPHeaders)
    case content(ByteBuffer)
    case end
  }

  private enum State {
    /// No request is out: any byte that arrives is a violation.
    case idle
    case head
    case fixed(remaining: Int)
    case chunked(HTTPChunkedDecoder)
    /// The body ends where the connection does (RFC 9112, 6.3).
    case untilClose
    case finished
  }

  /// Whether the connection may carry another request; meaningful once a response has ended.
  package private(set) var keepsAlive = true
  /// The announced body length of the current response, when there is one.
  private(set) var contentLength: Int?

  private var state: State = .idle
  private var scanner: HTTPHeadScanner
  private var buffer = ByteBuffer()
  private var isAnswerToHead = false
  private var interimResponses = 0
  private let maxHeaderBytes: Int

  /// Interim responses (1xx) before one final response. A peer that only ever sends these keeps us from the answer.
  private static let maxInterimResponses = 16

  package init(maxHeaderBytes: Int) {
    self.maxHeaderBytes = maxHeaderBytes
    scanner = HTTPHeadScanner(maxBytes: maxHeaderBytes)
  }

  /// Whether nothing was received since the request went out.
  var hasReceivedNothing: Bool {
    if case .head = state { buffer.readableBytes == 0 && interimResponses == 0 } else { false }
  }

  var bufferedBytes: Int { buffer.readableBytes }

  package mutating func expectResponse(to method: HTTPMethod) {
    isAnswerToHead = method == .head
    interimResponses = 0
    state = .head
  }

  package mutating func append(_ bytes: ByteBuffer) {
    if buffer.readableBytes == 0 {
      buffer = bytes
    } else {
      buffer.writeImmutableBuffer(bytes)
    }
  }

  package mutating func next() throws(HTTPFramingError) -> Step {
    switch state {
    case .idle:
      guard buffer.readableBytes == 0 else { throw .bad("bytes arrived that no request asked for") }
      return .needsMore
    case .head:
      return try head()
    case .fixed(let remaining):
      guard remaining > 0 else { return finish() }
      guard let piece = buffer.readSlice(length: min(remaining, buffer.readableBytes)), piece.readableBytes > 0 else { return .needsMore }
      state = .fixed(remaining: remaining - piece.readableBytes)
      return .content(piece)
    case .chunked(var decoder):
      let piece = try decoder.next(from: &buffer)
      state = .chunked(decoder)
      if let piece { return .content(piece) }
      return decoder.isDone ? finish() : .needsMore
    case .untilClose:
      guard buffer.readableBytes > 0 else { return .needsMore }
      let piece = buffer
      buffer = ByteBuffer()
      return .content(piece)
    case .finished:
      return finish()
    }
  }

  /// The peer has closed. Returns whether that completes the response.
  package mutating func inputEnded() -> Bool {
    keepsAlive = false
    guard case .untilClose = state, buffer.readableBytes == 0 else { return false }
    state = .idle
    return true
  }

  private mutating func finish() -> Step {
    state = .idle
    // What follows a response before the next request went out belongs to nothing: such a connection is not reused.
    if buffer.readableBytes > 0 { keepsAlive = false }
    return .end
  }

  private mutating func head() throws(HTTPFramingError) -> Step {
    guard buffer.readableBytes > 0 else { return .needsMore }
    let length: Int?
    do {
      length = try buffer.withUnsafeReadableBytes { try scanner.scan($0) }
    } catch let error as HTTPFramingError {
      throw error
    } catch {
      throw .bad("unreadable head")
    }
    guard let length, let head = buffer.readSlice(length: length), let line = scanner.startLine else { return .needsMore }
    guard let statusLine = head.withUnsafeReadableBytes({ HTTPStatusLine(UnsafeRawBufferPointer(rebasing: $0[line])) }) else {
      throw .bad("the status line is invalid")
    }
    let headers = HTTPHeaders(bytes: head, fields: scanner.fields)
    let framing = scanner.framing
    scanner = HTTPHeadScanner(maxBytes: maxHeaderBytes)

    if statusLine.status.code < 200 {
      interimResponses += 1
      guard statusLine.status.code != 101 else { throw .bad("a protocol switch that was not asked for") }
      guard interimResponses <= Self.maxInterimResponses else { throw .bad("too many interim responses") }
      return try self.head()
    }
    keepsAlive = statusLine.minor >= 1 ? !framing.closes : framing.keepsAlive && !framing.closes
    try frame(statusLine, framing)
    return .head(statusLine.status, headers)
  }

  private mutating func frame(_ line: HTTPStatusLine, _ framing: HTTPHeadScanner.Framing) throws(HTTPFramingError) {
    contentLength = nil
    if framing.hasTransferEncoding {
      guard framing.contentLength == nil else { throw .bad("both Content-Length and Transfer-Encoding") }
      guard framing.isChunked else { throw .bad("the transfer coding is not supported") }
    }
    if isAnswerToHead || line.status.hasNoBody {
      state = .finished
    } else if framing.isChunked {
      state = .chunked(HTTPChunkedDecoder())
    } else if let length = framing.contentLength {
      contentLength = length
      state = .fixed(remaining: length)
    } else {
      keepsAlive = false
      state = .untilClose
    }
  }
}

/// `HTTP-version SP status-code SP [reason]` (RFC 9112, 4).
struct HTTPStatusLine {
  let status: HTTPStatus
  let minor: Int

  init?(_ line: UnsafeRawBufferPointer) {
    guard line.count >= 12, ASCII.equal(UnsafeRawBufferPointer(rebasing: line[0..<7]), "HTTP/1."), line[7] &- 0x30 < 10, line[8] == 0x20,
      line.count == 12 || line[12] == 0x20
    else { return nil }
    var code = 0
    for byte in line[9..<12] {
      guard byte &- 0x30 < 10 else { return nil }
      code = code * 10 + Int(byte - 0x30)
    }
    guard code >= 100 else { return nil }
    for byte in line[12...] where !ASCII.isFieldValue(byte) { return nil }
    status = HTTPStatus(code)
    minor = Int(line[7] - 0x30)
  }
}
