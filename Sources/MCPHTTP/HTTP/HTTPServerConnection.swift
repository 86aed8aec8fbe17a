import NIOCore

/// One client connection: the only handler of its channel (behind TLS), the thin shell around `HTTPRequestParser`.
///
/// Requests are answered one at a time; bytes that arrive meanwhile wait. Each request runs in a task on the connection's
/// loop, and the task is cancelled when the client goes.
///
/// `@unchecked Sendable`: every property is touched on `shared.loop` only. Channel callbacks run there, tasks are started
/// with that loop's executor, and `onLoop` brings anyone else there.
final class HTTPServerConnection: ChannelInboundHandler, FlushesLater, @unchecked Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum Phase {
    case reading
    case answering
    case streaming
    /// The answer is out and the connection will close; input is thrown away so that a reset does not overtake the answer.
    case lingering
    case closed
  }

  /// Position in the register of `HTTPServerLoop`, which owns it.
  var slot = 0
  private(set) var deadline = NIODeadline.distantFuture

  private let shared: HTTPServerLoop
  private let isSecure: Bool
  private var context: ChannelHandlerContext?
  private var remoteAddress: String?
  private var parser: HTTPRequestParser
  private var waiting: HTTPRequestParser.Waiting?
  private var phase: Phase = .reading
  private var task: Task<Void, Never>?
  private var keepsAlive = true
  private var isVersion11 = true
  private var isHead = false
  private var isChunked = false
  private var inputEnded = false
  private var isOpen = false
  private var isReadingPaused = false
  /// How much was unsent when the write deadline was set.
  private var unsentBytes = 0
  private var blockedWriters: [UnsafeContinuation<Void, Never>] = []

  /// Bodies up to this size are copied behind the head and leave in one buffer; larger ones leave beside it in one writev.
  private static let copiedBody = 32 * 1024
  private static let lingerTime: TimeAmount = .seconds(2)

  init(shared: HTTPServerLoop, isSecure: Bool) {
    self.shared = shared
    self.isSecure = isSecure
    parser = HTTPRequestParser(
      maxHeaderBytes: shared.configuration.maxHeaderBytes, maxBodyBytes: shared.configuration.maxBodyBytes)
  }

  // MARK: Channel events

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    remoteAddress = context.channel.remoteAddress?.ipAddress
    if context.channel.isActive { opened() }
  }

  func channelActive(context: ChannelHandlerContext) {
    opened()
  }

  private func opened() {
    guard !isOpen else { return }
    isOpen = true
    // The first connection starts the clock: only then is it read.
    shared.add(self)
    deadline = shared.now + shared.configuration.headerTimeout
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch phase {
    case .reading:
      parser.append(unwrapInboundIn(data))
      shared.executor.batch { advance() }
    case .answering, .streaming:
      parser.append(unwrapInboundIn(data))
      if parser.bufferedBytes > shared.configuration.maxPipelinedBytes { pauseReading() }
    case .lingering, .closed:
      break
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    guard context.channel.isWritable else { return }
    if phase == .streaming { deadline = .distantFuture }
    shared.executor.batch {
      resumeWriters()
      if phase == .reading { advance() }
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .some(.inputClosed) = event as? ChannelEvent {
      inputEnded = true
      switch phase {
      case .reading: shared.executor.batch { advance() }
      case .answering, .streaming: probe()
      case .lingering, .closed: close()
      }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    shared.executor.batch { gone() }
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    shared.executor.batch { gone() }
    self.context = nil
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    close()
  }

  // MARK: Reading

  private func advance() {
    while phase == .reading {
      // A client that does not read its answers gets no new ones.
      guard context?.channel.isWritable == true else {
        waiting = nil
        return awaitProgress()
      }
      do {
        switch try parser.next() {
        case .needsMore:
          if inputEnded { return close() }
          return wait(for: parser.waiting)
        case .continueExpected:
          send("HTTP/1.1 100 Continue\r\n\r\n")
        case .request(let message):
          start(message)
        }
      } catch {
        refuse(error)
      }
    }
  }

  private func wait(for next: HTTPRequestParser.Waiting) {
    guard waiting != next else { return }
    waiting = next
    let timeout: TimeAmount =
      switch next {
      case .nextRequest: shared.configuration.idleTimeout
      case .head: shared.configuration.headerTimeout
      case .body: shared.configuration.bodyTimeout
      }
    deadline = shared.now + timeout
    if next == .nextRequest, shared.isDraining { close() }
  }

  private func start(_ message: HTTPRequestParser.Message) {
    phase = .answering
    waiting = nil
    deadline = .distantFuture
    isVersion11 = message.isVersion11
    keepsAlive = message.keepsAlive
    isHead = message.method == .head
    let request = HTTPRequest(
      method: message.method, path: message.path, query: message.query, headers: message.headers, body: message.body,
      eventLoop: shared.loop, remoteAddress: remoteAddress, isSecure: isSecure)
    task = Task(executorPreference: shared.executor) { await self.handle(request) }
  }

  private func handle(_ request: HTTPRequest) async {
    switch await shared.responder.respond(to: request) {
    case .full(let status, let headers, let body):
      onLoop { $0.answer(status, headers, body) }
    case .stream(let status, let headers, let produce):
      onLoop { $0.beginStream(status, headers) }
      do {
        try await produce(HTTPBodyWriter(connection: self))
        onLoop { $0.endStream() }
      } catch {
        onLoop { $0.cutStream() }
      }
    }
  }

  // MARK: Answering

  private func answer(_ status: HTTPStatus, _ headers: HTTPHeaders, _ body: ByteBuffer) {
    guard phase == .answering, let context else { return }
    if shared.isDraining { keepsAlive = false }
    let length = body.readableBytes
    shared.scratch.clear(minimumCapacity: 512)
    HTTPAnswerHead.write(
      status, headers, .length(length), date: shared.dateLine, keepsAlive: keepsAlive, isVersion11: isVersion11, into: &shared.scratch)
    if isHead || status.hasNoBody || length == 0 {
      context.write(wrapOutboundOut(shared.scratch), promise: nil)
    } else if length <= Self.copiedBody {
      shared.scratch.writeImmutableBuffer(body)
      context.write(wrapOutboundOut(shared.scratch), promise: nil)
    } else {
      context.write(wrapOutboundOut(shared.scratch), promise: nil)
      context.write(wrapOutboundOut(body), promise: nil)
    }
    shared.executor.flushLater(self)
    finish()
  }

  func flush() { context?.flush() }

  /// The answer is out: on to the next request, or to the end of the connection.
  private func finish() {
    task = nil
    guard phase != .closed else { return }
    guard keepsAlive, !(inputEnded && parser.bufferedBytes == 0) else { return linger() }
    phase = .reading
    if isReadingPaused { resumeReading() }
    if parser.bufferedBytes > 0 || context?.channel.isWritable == false { advance() } else { wait(for: .nextRequest) }
  }

  /// Answers a violation of framing, or of a bound, in plain text, and gives the connection up.
  private func refuse(_ error: HTTPFramingError) {
    guard phase == .reading else { return }
    phase = .answering
    keepsAlive = false
    isHead = false
    var headers = HTTPHeaders()
    headers.add("Content-Type", "text/plain; charset=utf-8")
    answer(error.status, headers, ByteBuffer(string: "\(error.status): \(error.message)\n"))
  }

  /// The last answer is out: once the system has taken all of it, closes our half and waits briefly for the client's.
  /// Closing at once would throw away what is still queued, and a reset for unread input would overtake the answer.
  private func linger() {
    guard let context else { return }
    phase = .lingering
    awaitProgress()
    if isReadingPaused { resumeReading() }
    let sent = context.eventLoop.makePromise(of: Void.self)
    sent.futureResult.whenComplete { _ in self.lastByteSent() }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: sent)
  }

  private func lastByteSent() {
    guard phase == .lingering, let context else { return }
    // TLS says goodbye with close_notify, and cannot close one direction only.
    if isSecure || inputEnded { return close() }
    deadline = shared.now + Self.lingerTime
    unsentBytes = 0
    context.close(mode: .output, promise: nil)
  }

  // MARK: Streaming

  private func beginStream(_ status: HTTPStatus, _ headers: HTTPHeaders) {
    guard phase == .answering, let context else { return }
    phase = .streaming
    isChunked = isVersion11
    if !isVersion11 || shared.isDraining { keepsAlive = false }
    shared.scratch.clear(minimumCapacity: 512)
    HTTPAnswerHead.write(
      status, headers, isChunked ? .chunked : .untilClose, date: shared.dateLine, keepsAlive: keepsAlive, isVersion11: isVersion11,
      into: &shared.scratch)
    context.writeAndFlush(wrapOutboundOut(shared.scratch), promise: nil)
  }

  /// Sends one piece of a streamed body, then waits until the client has taken enough of what is queued.
  func writeContent(_ bytes: ByteBuffer) async throws {
    guard shared.loop.inEventLoop else {
      try await shared.loop.submit { try self.sendContent(bytes) }.get()
      return try await untilWritable()
    }
    try sendContent(bytes)
    if context?.channel.isWritable == false { try await untilWritable() }
  }

  private func sendContent(_ bytes: ByteBuffer) throws {
    guard phase == .streaming, let context else { throw HTTPClientGone() }
    guard bytes.readableBytes > 0, !isHead else { return }
    guard isChunked else { return context.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }
    shared.scratch.clear(minimumCapacity: 32)
    shared.scratch.writeHex(bytes.readableBytes)
    shared.scratch.writeInteger(UInt16(0x0D0A))
    if bytes.readableBytes <= Self.copiedBody {
      shared.scratch.writeImmutableBuffer(bytes)
      shared.scratch.writeInteger(UInt16(0x0D0A))
      context.writeAndFlush(wrapOutboundOut(shared.scratch), promise: nil)
    } else {
      context.write(wrapOutboundOut(shared.scratch), promise: nil)
      context.write(wrapOutboundOut(bytes), promise: nil)
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(staticString: "\r\n")), promise: nil)
    }
  }

  private func untilWritable() async throws {
    await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        onLoop { $0.blockWriter(continuation) }
      }
    } onCancel: {
      shared.loop.execute { self.shared.executor.batch { self.resumeWriters() } }
    }
    try Task.checkCancellation()
  }

  /// Resumes exactly once: here, or in `resumeWriters`, which empties the list.
  private func blockWriter(_ continuation: UnsafeContinuation<Void, Never>) {
    guard phase == .streaming, context?.channel.isWritable == false else { return continuation.resume() }
    blockedWriters.append(continuation)
    awaitProgress()
  }

  private func resumeWriters() {
    let writers = blockedWriters
    blockedWriters = []
    for writer in writers { writer.resume() }
  }

  private func endStream() {
    guard phase == .streaming else { return }
    if isChunked, !isHead { send("0\r\n\r\n") }
    finish()
  }

  private func cutStream() {
    if phase == .streaming { close() }
  }

  // MARK: The end

  /// The client sent FIN. It has gone, or it has only closed its sending half (RFC 9112, 9.6) and waits for the answer: TCP does not
  /// tell which. Bytes that change nothing do: a client that has gone answers them with a reset, which closes the channel.
  /// Before the head that is an interim response; within a chunked body, a leading zero of the next chunk's size.
  private func probe() {
    guard isVersion11 else { return }
    if phase == .answering {
      send("HTTP/1.1 100 Continue\r\n\r\n")
    } else if isChunked, !isHead {
      send("0")
    }
  }

  func deadlinePassed() {
    switch phase {
    case .reading where waiting == .head || waiting == .body:
      shared.executor.batch {
        refuse(HTTPFramingError(status: .requestTimeout, message: "the request did not arrive in time"))
      }
    case .reading, .streaming, .lingering:
      // Slow is not stuck: who takes bytes gets time for more.
      let unsent = bufferedBytes
      if unsent > 0, unsent < unsentBytes { awaitProgress() } else { close() }
    case .answering, .closed:
      break
    }
  }

  private func awaitProgress() {
    unsentBytes = bufferedBytes
    deadline = shared.now + shared.configuration.writeTimeout
  }

  /// Bytes of answers that the system has not taken yet.
  private var bufferedBytes: Int {
    (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
  }

  /// Graceful shutdown: an answer in the making may end, everything else ends now.
  func shutDown() {
    switch phase {
    case .reading where parser.waiting == .nextRequest: bufferedBytes > 0 ? linger() : close()
    case .streaming: task?.cancel()
    case .reading, .answering: keepsAlive = false
    case .lingering, .closed: break
    }
  }

  func close() {
    // An answer of this turn may still wait for its end.
    context?.flush()
    context?.close(promise: nil)
  }

  private func gone() {
    guard phase != .closed else { return }
    phase = .closed
    deadline = .distantFuture
    task?.cancel()
    task = nil
    resumeWriters()
    shared.remove(self)
  }

  private func send(_ text: StaticString) {
    shared.scratch.clear(minimumCapacity: 32)
    shared.scratch.writeStaticString(text)
    context?.writeAndFlush(wrapOutboundOut(shared.scratch), promise: nil)
  }

  private func pauseReading() {
    guard !isReadingPaused else { return }
    isReadingPaused = true
    setAutoRead(false)
  }

  private func resumeReading() {
    isReadingPaused = false
    setAutoRead(true)
  }

  private func setAutoRead(_ isOn: Bool) {
    try? context?.channel.syncOptions?.setOption(.autoRead, value: isOn)
  }

  private func onLoop(_ body: @escaping @Sendable (HTTPServerConnection) -> Void) {
    if shared.loop.inEventLoop {
      body(self)
    } else {
      shared.loop.execute { self.shared.executor.batch { body(self) } }
    }
  }
}
