import NIOCore
import NIOSSL
import NIOTLS

/// One connection to an origin: the only handler of its channel (behind TLS), the thin shell around `HTTPResponseParser`.
///
/// `@unchecked Sendable`: every property is touched on the pool's loop only. Channel callbacks and the pool run there, and
/// `HTTPBodyStream` brings its calls there.
final class HTTPClientConnection: ChannelInboundHandler, FlushesLater, @unchecked Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum Phase {
    case connecting
    case idle
    case waiting(HTTPExchange)
    case buffering(HTTPExchange, HTTPStatus, HTTPHeaders)
    case streaming(HTTPBodyStream.Source)
    case closed
  }

  let origin: HTTPConnectionPool.Origin
  /// Position in the pool's register, which owns it.
  var slot = 0
  var deadline: NIODeadline

  private let pool: HTTPConnectionPool
  private var established: EventLoopPromise<HTTPClientConnection>?
  private var context: ChannelHandlerContext?
  private var parser: HTTPResponseParser
  private var phase: Phase = .connecting
  private var body = ByteBuffer()
  private var carried = 0
  /// TCP is up. Before that the bootstrap reports failures, and it may still be trying another address.
  private var wasActive = false
  private var unsentWrites = 0
  private var isReadingPaused = false

  private static let copiedBody = 32 * 1024
  private static let firstReservation = 256 * 1024

  init(pool: HTTPConnectionPool, origin: HTTPConnectionPool.Origin, established: EventLoopPromise<HTTPClientConnection>) {
    self.pool = pool
    self.origin = origin
    self.established = established
    deadline = .distantFuture
    parser = HTTPResponseParser(maxHeaderBytes: pool.configuration.maxHeaderBytes)
  }

  // MARK: Requests

  /// Sends the exchange's request. Returns false when the connection is no longer open; the exchange is then untouched.
  func carry(_ exchange: HTTPExchange) -> Bool {
    guard case .idle = phase, parser.bufferedBytes == 0, let context, context.channel.isActive else { return false }
    let request = exchange.request
    pool.scratch.clear(minimumCapacity: 1024)
    guard request.writeHead(into: &pool.scratch) else {
      exchange.settle(.failure(HTTPClientError(.protocol, "the method or the path cannot be written as HTTP")))
      pool.release(self)
      return true
    }
    carried += 1
    phase = .waiting(exchange)
    exchange.connection = self
    deadline = exchange.deadline
    parser.expectResponse(to: request.method)
    let body = request.body ?? ByteBuffer()
    if body.readableBytes <= Self.copiedBody {
      pool.scratch.writeImmutableBuffer(body)
      context.write(wrapOutboundOut(pool.scratch), promise: nil)
      pool.flushLater(self)
    } else {
      // An answer may come before a long request has left; the connection is then not reused.
      unsentWrites += 1
      let sent = context.eventLoop.makePromise(of: Void.self)
      sent.futureResult.whenSuccess { self.unsentWrites -= 1 }
      context.write(wrapOutboundOut(pool.scratch), promise: nil)
      context.writeAndFlush(wrapOutboundOut(body), promise: sent)
    }
    return true
  }

  func flush() { context?.flush() }

  /// The sender no longer wants the answer.
  func abandon(_ exchange: HTTPExchange, _ error: HTTPClientError) {
    switch phase {
    case .waiting(let current) where current === exchange, .buffering(let current, _, _) where current === exchange: fail(error)
    default: break
    }
  }

  func close() {
    context?.close(promise: nil)
  }

  func deadlinePassed() {
    switch phase {
    case .waiting, .buffering, .streaming:
      fail(HTTPClientError(.timeout, "\(origin.address) did not answer in time", requestWasSent: true, connectionWasReused: carried > 1))
    case .idle, .connecting:
      close()
    case .closed:
      deadline = .distantFuture
    }
  }

  // MARK: Channel events

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
  }

  func channelActive(context: ChannelHandlerContext) {
    wasActive = true
    if origin.address.scheme == .http {
      ready()
    } else {
      // The bootstrap bounds TCP only. A connection that hangs in its handshake is not in the register yet.
      context.eventLoop.scheduleTask(in: pool.configuration.connectTimeout) {
        guard case .connecting = self.phase else { return }
        self.fail(HTTPClientError(.timeout, "the TLS handshake with \(self.origin.address) took too long"))
      }
    }
    context.fireChannelActive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .some(.handshakeCompleted) = event as? TLSUserEvent { ready() }
    context.fireUserInboundEventTriggered(event)
  }

  private func ready() {
    guard case .connecting = phase else { return }
    phase = .idle
    let promise = established
    established = nil
    promise?.succeed(self)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    parser.append(unwrapInboundIn(data))
    pool.batch { advance() }
  }

  func channelInactive(context: ChannelHandlerContext) {
    pool.batch { ended() }
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    pool.batch { ended() }
    self.context = nil
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // A peer that ends TLS without saying goodbye: the framing of HTTP tells whether the answer was complete.
    if let error = error as? NIOSSLError, case .uncleanShutdown = error { return }
    pool.batch {
      if case .connecting = phase {
        fail(HTTPClientTLS.classify(error, origin.address))
      } else {
        ended()
        close()
      }
    }
  }

  // MARK: Answers

  private func advance() {
    do {
      while true {
        if case .closed = phase { return }
        switch try parser.next() {
        case .needsMore: return
        case .head(let status, let headers): begin(status, headers)
        case .content(let piece): take(piece)
        case .end: return finish()
        }
      }
    } catch {
      let code: HTTPClientError.Code = error.status == .requestHeaderFieldsTooLarge ? .tooLarge : .protocol
      fail(
        HTTPClientError(
          code, "\(origin.address) sent an answer that is not valid HTTP/1.1: \(error.message)", requestWasSent: true,
          connectionWasReused: carried > 1))
    }
  }

  private func begin(_ status: HTTPStatus, _ headers: HTTPHeaders) {
    guard case .waiting(let exchange) = phase else { return }
    if exchange.request.streamsEvents, headers.isEventStream {
      let source = HTTPBodyStream.Source(connection: self, loop: pool.loop)
      phase = .streaming(source)
      if !exchange.request.boundsStream { deadline = .distantFuture }
      exchange.connection = nil
      exchange.settle(.success(HTTPClientResponse(status: status, headers: headers, body: .stream(HTTPBodyStream(source)))))
    } else if let length = parser.contentLength, length > bound(exchange) {
      fail(tooLarge(bound(exchange)))
    } else {
      phase = .buffering(exchange, status, headers)
    }
  }

  private func take(_ piece: ByteBuffer) {
    switch phase {
    case .buffering(let exchange, _, _):
      guard body.readableBytes + piece.readableBytes <= bound(exchange) else { return fail(tooLarge(bound(exchange))) }
      if body.readableBytes == 0 {
        if let length = parser.contentLength, length > piece.readableBytes {
          body = ByteBufferAllocator().buffer(capacity: min(length, Self.firstReservation))
        } else {
          // The usual case: the whole body came with the head, and stays where it is.
          body = piece
          return
        }
      }
      body.writeImmutableBuffer(piece)
    case .streaming(let source):
      source.push(piece)
    default:
      break
    }
  }

  private func finish() {
    let isReusable = parser.keepsAlive && unsentWrites == 0
    let previous = phase
    let content = body
    body = ByteBuffer()
    phase = isReusable ? .idle : .closed
    if !isReusable {
      deadline = .distantFuture
      pool.remove(self)
    }
    switch previous {
    case .buffering(let exchange, let status, let headers):
      exchange.connection = nil
      exchange.settle(.success(HTTPClientResponse(status: status, headers: headers, body: .full(content))))
    case .streaming(let source):
      resumeReading()
      source.finish(nil)
    default:
      break
    }
    if isReusable { pool.release(self) } else { close() }
  }

  /// The channel has closed, or is about to.
  private func ended() {
    if case .closed = phase { return }
    if parser.inputEnded() { return finish() }
    let code: HTTPClientError.Code = parser.hasReceivedNothing ? .closedBeforeAnswer : .closedMidAnswer
    let when = code == .closedBeforeAnswer ? "before" : "during"
    fail(HTTPClientError(code, "\(origin.address) closed the connection \(when) the answer", requestWasSent: true, connectionWasReused: carried > 1))
  }

  private func fail(_ error: HTTPClientError) {
    let previous = phase
    phase = .closed
    deadline = .distantFuture
    body = ByteBuffer()
    switch previous {
    case .connecting:
      guard wasActive else { break }
      let promise = established
      established = nil
      promise?.fail(error.requestWasSent ? HTTPClientError(.connect, "\(origin.address) closed the connection as it was made") : error)
    case .idle:
      pool.remove(self)
    case .waiting(let exchange), .buffering(let exchange, _, _):
      exchange.connection = nil
      pool.remove(self)
      exchange.settle(.failure(error))
    case .streaming(let source):
      pool.remove(self)
      source.finish(error)
    case .closed:
      break
    }
    close()
  }

  private func bound(_ exchange: HTTPExchange) -> Int {
    min(exchange.request.maxResponseBytes ?? .max, pool.configuration.maxResponseBytes)
  }

  private func tooLarge(_ bound: Int) -> HTTPClientError {
    HTTPClientError(
      .tooLarge, "the answer of \(origin.address) is larger than \(bound) bytes", requestWasSent: true,
      connectionWasReused: carried > 1)
  }

  // MARK: Back-pressure, asked for by `HTTPBodyStream.Source`

  func pauseReading() {
    guard !isReadingPaused else { return }
    isReadingPaused = true
    try? context?.channel.syncOptions?.setOption(.autoRead, value: false)
  }

  func resumeReading() {
    guard isReadingPaused else { return }
    isReadingPaused = false
    try? context?.channel.syncOptions?.setOption(.autoRead, value: true)
  }

  /// The consumer of the stream has gone.
  func cancelStream() {
    guard case .streaming = phase else { return }
    fail(HTTPClientError(.cancelled, "the stream was cancelled", requestWasSent: true, connectionWasReused: carried > 1))
  }
}

extension HTTPHeaders {
  /// Whether the content is `text/event-stream`, whatever its parameters.
  var isEventStream: Bool {
    guard let type = slice("content-type") else { return false }
    return type.withUnsafeReadableBytes { bytes in
      let end = bytes.firstIndex(of: 0x3B) ?? bytes.count
      return ASCII.equalIgnoringCase(ASCII.trimmed(UnsafeRawBufferPointer(rebasing: bytes[..<end])), "text/event-stream")
    }
  }
}
