internal import JSON
internal import MCP
internal import NIOCore
internal import Synchronization

/// A connection over the transport of 2024-11-05: one event stream for all that the server says, and an address to post to.
final class SSEConnection: Sendable {
  typealias Post = @Sendable (_ message: ByteBuffer, _ path: String, _ deadline: NIODeadline) async throws(WireError) -> Void

  private struct Waiter {
    let continuation: CheckedContinuation<Result<Envelope, WireError>, Never>
    let notifications: AsyncStream<Envelope>.Continuation?
    let timeout: Task<Void, Never>
  }

  private struct State {
    var path: String?
    var opening: CheckedContinuation<Bool, Never>?
    var reader: Task<Void, Never>?
    var waiters: [Int: Waiter] = [:]
    var unsolicited: [Int: AsyncStream<Envelope>.Continuation] = [:]
    var losing: [Int: CheckedContinuation<Void, Never>] = [:]
    var next = 0
    var isOver = false
  }

  /// Guards who waits for what; continuations are resumed outside of it.
  private let state = Mutex(State())
  private let name: String
  private let limits: JSONLimits
  private let answering: ServerRequests
  private let post: Post

  init(name: String, limits: JSONLimits, answering: ServerRequests, post: @escaping Post) {
    self.name = name
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
      state.path = path
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
    guard let forward = request.onNotification else { return try await exchange(request, notifications: nil) }
    let (stream, continuation) = AsyncStream.makeStream(of: Envelope.self, bufferingPolicy: .bufferingNewest(1024))
    async let pump: Void = {
      for await notification in stream { await forward(notification) }
    }()
    let result: Result<Envelope, WireError>
    do throws(WireError) { result = .success(try await exchange(request, notifications: continuation)) } catch { result = .failure(error) }
    continuation.finish()
    await pump
    return try result.get()
  }

  private func exchange(_ request: WireRequest, notifications: AsyncStream<Envelope>.Continuation?) async throws(WireError) -> Envelope {
    let id = request.id
    let result: Result<Envelope, WireError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let timeout = Task { [name] in
          do { try await Task.sleep(for: .nanoseconds(max(0, (request.deadline - .now()).nanoseconds))) } catch { return }
          self.giveUp(id, WireError(.timeout, "\(name) did not answer in time", mayHaveHadEffect: true), tellServer: true)
        }
        let path: String? = state.withLock { state in
          guard !state.isOver, let path = state.path else { return nil }
          state.waiters[id] = Waiter(continuation: continuation, notifications: notifications, timeout: timeout)
          return path
        }
        guard let path else {
          timeout.cancel()
          return continuation.resume(returning: .failure(WireError(.closed, "the connection to \(name) was lost", mayHaveHadEffect: false)))
        }
        Task {
          do throws(WireError) { try await post(request.message, path, request.deadline) } catch { giveUp(id, error, tellServer: false) }
        }
        if Task.isCancelled { cancel(id) }
      }
    } onCancel: {
      cancel(id)
    }
    return try result.get()
  }

  private func cancel(_ id: Int) {
    giveUp(id, WireError(.cancelled, "cancelled by the caller", mayHaveHadEffect: true), tellServer: true)
  }

  private func giveUp(_ id: Int, _ error: WireError, tellServer: Bool) {
    guard let waiter = state.withLock({ $0.waiters.removeValue(forKey: id) }) else { return }
    waiter.timeout.cancel()
    if tellServer {
      let params = ByteBuffer(string: "{\"requestId\":\(id)}")
      Task { try? await send(Message.notification(.cancelled, params: params), deadline: .now() + .seconds(10)) }
    }
    waiter.continuation.resume(returning: .failure(error))
  }

  func send(_ message: ByteBuffer, deadline: NIODeadline) async throws(WireError) {
    guard let path = state.withLock({ $0.isOver ? nil : $0.path }) else {
      throw WireError(.closed, "the connection to \(name) was lost", mayHaveHadEffect: false)
    }
    try await post(message, path, deadline)
  }

  private func receive(_ message: Envelope) {
    switch message.kind {
    case .response:
      guard let id = message.id?.int, let waiter = state.withLock({ $0.waiters.removeValue(forKey: id) }) else { return }
      waiter.timeout.cancel()
      waiter.continuation.resume(returning: .success(message))
    case .request:
      answering.receive(message) { [weak self] answer in try? await self?.send(answer, deadline: .now() + .seconds(30)) }
    case .notification:
      if message.method == .cancelled { return answering.cancel(message) }
      state.withLock { state in
        if let owner = message["progressToken"]?.int {
          state.waiters[owner]?.notifications?.yield(message)
        } else {
          for continuation in state.unsolicited.values { continuation.yield(message) }
        }
      }
    }
  }

  func receiveUnsolicited(opened: () -> Void, _ receive: (Envelope) async -> Void) async {
    let (stream, continuation) = AsyncStream.makeStream(of: Envelope.self, bufferingPolicy: .bufferingNewest(256))
    let key: Int? = state.withLock { state in
      guard !state.isOver else { return nil }
      state.next += 1
      state.unsolicited[state.next] = continuation
      return state.next
    }
    opened()
    guard let key else { return }
    for await message in stream { await receive(message) }
    state.withLock { _ = $0.unsolicited.removeValue(forKey: key) }
  }

  // MARK: Life

  /// Returns when the stream has ended.
  func lost() async {
    let key = state.withLock { state in
      state.next += 1
      return state.next
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          guard !state.isOver, !Task.isCancelled else { return true }
          state.losing[key] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.losing.removeValue(forKey: key) }?.resume()
    }
  }

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
    for waiter in over.waiters.values {
      waiter.timeout.cancel()
      waiter.continuation.resume(returning: .failure(WireError(.closed, "\(name) closed the event stream before the answer", mayHaveHadEffect: true)))
    }
    for continuation in over.unsolicited.values { continuation.finish() }
    for continuation in over.losing.values { continuation.resume() }
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
