internal import NIOCore
internal import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Lines on their way into a pipe: ordered, whole, and bounded until the other side has taken them.
///
/// Any thread puts lines in; the event loop writes them. What is counted against the bound leaves it when the kernel has the bytes.
final class LineOutbox: Sendable {
  private struct Waiter {
    let id: UInt64
    let line: ByteBuffer
    let continuation: CheckedContinuation<Result<Void, StdioError>, Never>
  }

  private struct State {
    var channel: (any Channel)?
    var generation: UInt64 = 0
    var queue = CircularBuffer<ByteBuffer>()
    /// Of the queue and of what is written but not yet taken.
    var lines = 0
    var bytes = 0
    var waiters = CircularBuffer<Waiter>()
    var nextWaiter: UInt64 = 0
    var draining = false
    /// Takes nothing more; the channel closes when all is written.
    var closing = false
  }

  /// Guards everything that several threads touch; never held while resuming a task or calling NIO.
  private let state = Mutex(State())
  private let eventLoop: any EventLoop
  private let maximumLines: Int
  private let maximumBytes: Int
  /// Tasks waiting for room, beyond which `send` refuses too.
  private let maximumWaiters: Int

  private static let newline = ByteBuffer(string: "\n")

  init(eventLoop: any EventLoop, maximumLines: Int, maximumBytes: Int, maximumWaiters: Int = 256) {
    self.eventLoop = eventLoop
    self.maximumLines = maximumLines
    self.maximumBytes = maximumBytes
    self.maximumWaiters = maximumWaiters
  }

  func open(_ channel: any Channel, generation: UInt64) {
    state.withLock { state in
      state.channel = channel
      state.generation = generation
      state.closing = false
    }
  }

  /// Refuses from now on, and forgets what is not written. Those who wait for room learn it.
  func close() {
    let waiters = state.withLock { state in
      let waiters = state.waiters
      state = State(generation: state.generation, nextWaiter: state.nextWaiter)
      return waiters
    }
    for waiter in waiters { waiter.continuation.resume(returning: .failure(.notRunning)) }
  }

  /// Refuses from now on, and closes the channel when what was accepted is written.
  func closeAfterWriting() {
    let (channel, waiters) = state.withLock { state in
      let waiters = state.waiters
      state.waiters = CircularBuffer()
      state.closing = true
      return (state.lines == 0 ? state.channel : nil, waiters)
    }
    for waiter in waiters { waiter.continuation.resume(returning: .failure(.notRunning)) }
    channel?.close(promise: nil)
  }

  /// Queues a line at once or refuses it.
  func enqueue(_ line: ByteBuffer, generation: UInt64?) throws(StdioError) {
    let line = line.withoutLineBreaks()
    let start = try state.withLock { state throws(StdioError) in
      try check(state, generation)
      guard state.waiters.isEmpty, hasRoom(state, for: line) else {
        throw .queueFull(lines: state.lines, bytes: state.bytes)
      }
      return add(line, to: &state)
    }
    if start { drainSoon() }
  }

  /// Queues a line as soon as there is room.
  func send(_ line: ByteBuffer, generation: UInt64?) async throws(StdioError) {
    let line = line.withoutLineBreaks()
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        admit(Waiter(id: id, line: line, continuation: continuation), generation)
      }
    } onCancel: {
      cancel(id)
    }
    try result.get()
  }

  private func admit(_ waiter: Waiter, _ generation: UInt64?) {
    enum Outcome { case refused(StdioError), queued(start: Bool), waiting }
    let outcome: Outcome = state.withLock { state in
      do throws(StdioError) {
        try check(state, generation)
        if state.waiters.isEmpty, hasRoom(state, for: waiter.line) {
          return .queued(start: add(waiter.line, to: &state))
        }
        if state.waiters.count >= maximumWaiters { throw .queueFull(lines: state.lines, bytes: state.bytes) }
        state.waiters.append(waiter)
        return .waiting
      } catch {
        return .refused(error)
      }
    }
    switch outcome {
    case .refused(let error):
      waiter.continuation.resume(returning: .failure(error))
    case .queued(let start):
      if start { drainSoon() }
      waiter.continuation.resume(returning: .success(()))
    case .waiting:
      // The cancellation may have come before there was something to cancel.
      if Task.isCancelled { cancel(waiter.id) }
    }
  }

  private func cancel(_ id: UInt64) {
    let waiter: Waiter? = state.withLock { state in
      guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
      return state.waiters.remove(at: index)
    }
    waiter?.continuation.resume(returning: .failure(.cancelled))
  }

  private func check(_ state: borrowing State, _ generation: UInt64?) throws(StdioError) {
    if state.channel == nil || state.closing { throw .notRunning }
    if let generation, generation != state.generation { throw .staleGeneration(generation) }
  }

  /// A line larger than the bound passes when it is alone.
  private func hasRoom(_ state: borrowing State, for line: ByteBuffer) -> Bool {
    state.lines == 0 || (state.lines < maximumLines && state.bytes + line.readableBytes <= maximumBytes)
  }

  /// Whether the caller must see to it that the queue is drained.
  private func add(_ line: ByteBuffer, to state: inout State) -> Bool {
    state.queue.append(line)
    state.lines += 1
    state.bytes += line.readableBytes + 1
    if state.draining { return false }
    state.draining = true
    return true
  }

  private func drainSoon() {
    if eventLoop.inEventLoop { drain() } else { eventLoop.execute { self.drain() } }
  }

  /// Writes what is queued as one batch, and goes on when the kernel has it.
  private func drain() {
    let (channel, batch, generation) = state.withLock { state in
      let batch = state.queue
      state.queue = CircularBuffer()
      if batch.isEmpty { state.draining = false }
      return (state.channel, batch, state.generation)
    }
    guard let channel, !batch.isEmpty else { return }
    var bytes = 0
    let promise = eventLoop.makePromise(of: Void.self)
    for (index, line) in batch.enumerated() {
      bytes += line.readableBytes + 1
      channel.write(line, promise: nil)
      channel.write(Self.newline, promise: index == batch.count - 1 ? promise : nil)
    }
    channel.flush()
    let taken = (lines: batch.count, bytes: bytes)
    promise.futureResult.whenComplete { result in
      // On failure the channel closes, and its owner closes us.
      if case .success = result { self.taken(lines: taken.lines, bytes: taken.bytes, generation: generation) }
    }
  }

  private func taken(lines: Int, bytes: Int, generation: UInt64) {
    let (admitted, finished) = state.withLock { state -> ([Waiter], (any Channel)?) in
      if state.generation != generation || state.channel == nil { return ([], nil) }
      state.lines -= lines
      state.bytes -= bytes
      var admitted: [Waiter] = []
      while let waiter = state.waiters.first, hasRoom(state, for: waiter.line) {
        _ = add(waiter.line, to: &state)
        admitted.append(state.waiters.removeFirst())
      }
      return (admitted, state.closing && state.lines == 0 ? state.channel : nil)
    }
    finished?.close(promise: nil)
    for waiter in admitted { waiter.continuation.resume(returning: .success(())) }
    drain()
  }
}

extension ByteBuffer {
  /// The JSON text on one line. A line break in valid JSON stands between tokens (RFC 8259, section 7 forbids it in strings),
  /// so a space says the same.
  fileprivate func withoutLineBreaks() -> ByteBuffer {
    let hasBreak: Bool = withUnsafeReadableBytes { bytes in
      guard let base = bytes.baseAddress else { return false }
      return memchr(base, CInt(UInt8(ascii: "\n")), bytes.count) != nil
        || memchr(base, CInt(UInt8(ascii: "\r")), bytes.count) != nil
    }
    guard hasBreak else { return self }
    var copy = self
    copy.withUnsafeMutableReadableBytes { bytes in
      for index in bytes.indices where bytes[index] == UInt8(ascii: "\n") || bytes[index] == UInt8(ascii: "\r") {
        bytes[index] = UInt8(ascii: " ")
      }
    }
    return copy
  }
}
