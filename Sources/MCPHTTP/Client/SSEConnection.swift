internal import JSON
internal import MCP
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// A connection over the transport of 2024-11-05: one event stream for all that the server says, and an address to post to.
final class SSEConnection: Sendable {
  typealias Post = @Sendable (_ message: ByteBuffer, _ path: String, _ deadline: NIODeadline) async throws(WireError) -> Void

  private struct State {
    var path: String?
    var opening: CheckedContinuation<Bool, Never>?
    var reader: Task<Void, Never>?
    var isOver = false
  }

  /// Guards the life of the connection; continuations are resumed outside of it.
  private let state = Mutex(State())
  private let pending: PendingRequests
  private let name: String
  private let limits: JSONLimits
  private let answering: RequestsFromServer
  private let post: Post

  init(name: String, limits: JSONLimits, answering: RequestsFromServer, post: @escaping Post) {
    self.name = name
    pending = PendingRequests(name: name)
    self.limits = limits
    self.answering = answering
    self.post = post
  }

  // MARK: Opening

  /// Reads the stream from now on. Its first event tells where to post to.
  ///
  /// - Returns: whether it did, in time and with an address of the same origin.
  func open(_ stream: HTTPBodyStream, origin: HTTPOrigin, path: String, deadline: NIODeadline) async -> Bool {
    let patience = Task {
      do { try await Task.sleep(for: .nanoseconds(max(0, (deadline - .now()).nanoseconds))) } catch { return }
      self.end()
    }
    defer { patience.cancel() }
    return await withCheckedContinuation { continuation in
      state.withLock { state in
        state.opening = continuation
        state.reader = Task { await self.read(stream, origin: origin, base: path) }
      }
    }
  }

  private func opened(_ path: String) {
    let opening = state.withLock { state in
      // What is over stays so.
      if !state.isOver {
        state.path = path
        pending.begin()
      }
      defer { state.opening = nil }
      return state.opening
    }
    opening?.resume(returning: true)
  }

  private func read(_ stream: HTTPBodyStream, origin: HTTPOrigin, base: String) async {
    var parser = SSEParser(maxEventBytes: limits.bytes)
    var iterator = stream.makeAsyncIterator()
    reading: while let chunk = try? await iterator.next() {
      guard let events = try? parser.parse(chunk) else { break }
      for event in events {
        if event.event == "endpoint" {
          // Never to another origin: it would get our credentials.
          guard let path = Self.path(of: String(buffer: event.data), origin: origin, base: base) else { break reading }
          opened(path)
        } else if event.event == nil || event.event == "message", let message = try? Envelope(scanning: event.data, limits: limits) {
          receive(message)
        }
      }
    }
    end()
  }

  /// The path and query of a reference to the same origin (RFC 3986, section 5.2, without dot segments); nil for anything else.
  static func path(of reference: String, origin: HTTPOrigin, base: String) -> String? {
    let reference = reference.trimmingASCIISpace
    guard !reference.isEmpty, reference.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
    if let url = HTTPURL(reference) { return url.origin == origin ? url.path : nil }
    if reference.hasPrefix("//") || reference.prefix(while: { $0 != "/" && $0 != "?" }).contains(":") { return nil }
    if reference.hasPrefix("/") { return reference }
    let path = base.prefix { $0 != "?" }
    if reference.hasPrefix("?") { return path + reference }
    return path[...(path.lastIndex(of: "/") ?? path.startIndex)] + reference
  }

  // MARK: Messages

  func roundTrip(_ request: WireRequest) async throws(WireError) -> Envelope {
    guard let path = state.withLock({ $0.isOver ? nil : $0.path }) else { throw isLost }
    let tell: @Sendable (ByteBuffer) -> Void = { notification in
      Task { try? await self.send(notification, deadline: .now() + .seconds(10)) }
    }
    return try await pending.roundTrip(request, on: request.eventLoop ?? MultiThreadedEventLoopGroup.singleton.any(), tell: tell) {
      Task { do throws(WireError) { try await post(request.message, path, request.deadline) } catch { pending.fail(request.id, error) } }
    }
  }

  private var isLost: WireError { WireError(.closed, "the connection to \(name) was lost", mayHaveHadEffect: false) }

  func send(_ message: ByteBuffer, deadline: NIODeadline) async throws(WireError) {
    guard let path = state.withLock({ $0.isOver ? nil : $0.path }) else { throw isLost }
    try await post(message, path, deadline)
  }

  private func receive(_ message: Envelope) {
    switch message.kind {
    case .response: pending.resolve(message)
    case .request:
      answering.receive(message) { [weak self] answer in try? await self?.send(answer, deadline: .now() + .seconds(30)) }
    case .notification:
      if message.method == .cancelled { return answering.cancel(message) }
      pending.deliver(message)
    }
  }

  func receiveUnsolicited(opened: () -> Void, _ receive: (Envelope) async -> Void) async {
    await pending.receiveUnsolicited(opened: opened, receive)
  }

  // MARK: Life

  /// Returns when the stream has ended.
  func lost() async { await pending.lost() }

  func close() {
    state.withLock(\.reader)?.cancel()
    end()
  }

  private func end() {
    let over: State? = state.withLock { state in
      guard !state.isOver else { return nil }
      let over = state
      state = State(isOver: true)
      return over
    }
    guard let over else { return }
    over.reader?.cancel()
    answering.cancelAll()
    over.opening?.resume(returning: false)
    pending.end(WireError(.closed, "\(name) closed the event stream before the answer", mayHaveHadEffect: true))
  }
}

extension String {
  fileprivate var trimmingASCIISpace: String {
    var text = self[...]
    while let first = text.first, first == " " || first == "\n" || first == "\r" { text.removeFirst() }
    while let last = text.last, last == " " || last == "\n" || last == "\r" { text.removeLast() }
    return String(text)
  }
}
