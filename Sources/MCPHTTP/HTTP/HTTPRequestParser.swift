package import NIOCore

/// Turns the bytes of one connection into whole requests. A pure state machine: it does no I/O and keeps no time.
package struct HTTPRequestParser {
  package struct Message {
    package var method: HTTPMethod
    package var path: String
    package var query: String?
    package var headers: HTTPHeaders
    package var body: ByteBuffer
    package var keepsAlive: Bool
    /// HTTP/1.1: may be answered in chunks and with interim responses.
    package var isVersion11: Bool
  }

  package enum Step {
    case needsMore
    /// The client waits for `100 Continue` before it sends the body.
    case continueExpected
    case request(Message)
  }

  /// What the parser waits for; timeouts hang on it.
  package enum Waiting { case nextRequest, head, body }

  private enum State {
    case head
    case body(length: Int)
    case chunked(HTTPChunkedDecoder)
  }

  private var state: State = .head
  private var scanner: HTTPHeadScanner
  private var message: Message?
  private var body = ByteBuffer()
  private var buffer = ByteBuffer()
  private let maxHeaderBytes: Int
  private let maxBodyBytes: Int

  /// The first reservation for a body that is announced but not yet here: an announcement alone must not cost memory.
  private static let firstReservation = 128 * 1024

  package init(maxHeaderBytes: Int, maxBodyBytes: Int) {
    self.maxHeaderBytes = maxHeaderBytes
    self.maxBodyBytes = maxBodyBytes
    scanner = HTTPHeadScanner(maxBytes: maxHeaderBytes)
  }

  var bufferedBytes: Int { buffer.readableBytes }

  package var waiting: Waiting {
    switch state {
    case .head: buffer.readableBytes == 0 ? .nextRequest : .head
    case .body, .chunked: .body
    }
  }

  package mutating func append(_ bytes: ByteBuffer) {
    if buffer.readableBytes == 0 {
      buffer = bytes
    } else {
      buffer.writeImmutableBuffer(bytes)
    }
  }

  /// Advances by one step. Call again after `.continueExpected` and after `.request`.
  package mutating func next() throws(HTTPFramingError) -> Step {
    switch state {
    case .head: try head()
    case .body(let length): try fixedBody(length)
    case .chunked(let decoder): try chunkedBody(decoder)
    }
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
    guard let length, let head = buffer.readSlice(length: length) else { return .needsMore }
    var (message, authority) = try requestLine(head)
    message.headers = HTTPHeaders(bytes: head, fields: scanner.fields)
    // The target's authority counts, whatever Host says (RFC 9112, 3.2.2).
    if let authority { message.headers.point("Host", to: authority) }
    let framing = scanner.framing
    try check(framing, isVersion11: message.isVersion11)
    message.keepsAlive = message.isVersion11 ? !framing.closes : framing.keepsAlive && !framing.closes
    scanner = HTTPHeadScanner(maxBytes: maxHeaderBytes)

    if framing.isChunked {
      state = .chunked(HTTPChunkedDecoder())
      body = ByteBuffer()
    } else if let length = framing.contentLength, length > 0 {
      guard length <= maxBodyBytes else { throw .bodyTooLarge }
      if let whole = buffer.readSlice(length: length) {
        message.body = whole
        return .request(message)
      }
      state = .body(length: length)
      body = ByteBufferAllocator().buffer(capacity: min(length, Self.firstReservation))
    } else {
      return .request(message)
    }
    self.message = message
    // A client that already sends its body does not need to be told to.
    let mustAsk = framing.expectsContinue && message.isVersion11 && buffer.readableBytes == 0
    return mustAsk ? .continueExpected : try next()
  }

  private mutating func fixedBody(_ length: Int) throws(HTTPFramingError) -> Step {
    if let piece = buffer.readSlice(length: min(length - body.readableBytes, buffer.readableBytes)) {
      body.writeImmutableBuffer(piece)
    }
    return body.readableBytes == length ? finish() : .needsMore
  }

  private mutating func chunkedBody(_ decoder: HTTPChunkedDecoder) throws(HTTPFramingError) -> Step {
    var decoder = decoder
    while let piece = try decoder.next(from: &buffer) {
      guard body.readableBytes + piece.readableBytes <= maxBodyBytes else { throw .bodyTooLarge }
      body.writeImmutableBuffer(piece)
    }
    state = .chunked(decoder)
    return decoder.isDone ? finish() : .needsMore
  }

  private mutating func finish() -> Step {
    guard var message else { return .needsMore }
    message.body = body
    self.message = nil
    body = ByteBuffer()
    state = .head
    return .request(message)
  }

  private func check(_ framing: HTTPHeadScanner.Framing, isVersion11: Bool) throws(HTTPFramingError) {
    if framing.hasTransferEncoding {
      guard framing.contentLength == nil else { throw .bad("both Content-Length and Transfer-Encoding") }
      guard isVersion11 else { throw .bad("Transfer-Encoding in HTTP/1.0") }
      guard framing.isChunked else {
        throw HTTPFramingError(status: .notImplemented, message: "the transfer coding is not supported; use chunked")
      }
    }
    guard framing.hostCount <= 1 else { throw .bad("more than one Host") }
    guard framing.hostCount == 1 || !isVersion11 else { throw .bad("Host is missing") }
    guard !framing.hasUnknownExpectation else {
      throw HTTPFramingError(status: .expectationFailed, message: "the only expectation supported is 100-continue")
    }
  }

  /// The message so far, and where the authority of its target lies in the head, if it has one.
  private func requestLine(_ head: ByteBuffer) throws(HTTPFramingError) -> (Message, authority: Range<Int>?) {
    guard let line = scanner.startLine else { throw .bad("the request line is missing") }
    let parsed = head.withUnsafeReadableBytes { HTTPRequestLine(UnsafeRawBufferPointer(rebasing: $0[line])) }
    guard let parsed else { throw .bad("the request line is invalid") }
    guard parsed.major == 1 else {
      throw HTTPFramingError(status: .versionNotSupported, message: "only HTTP/1.1 and HTTP/1.0 are spoken here")
    }
    guard parsed.method != .other("CONNECT") else {
      throw HTTPFramingError(status: .notImplemented, message: "this is not a tunnel")
    }
    let message = Message(
      method: parsed.method, path: parsed.path, query: parsed.query, headers: HTTPHeaders(), body: ByteBuffer(),
      keepsAlive: true, isVersion11: parsed.minor >= 1)
    return (message, parsed.authority.map { $0.lowerBound + line.lowerBound..<$0.upperBound + line.lowerBound })
  }
}
