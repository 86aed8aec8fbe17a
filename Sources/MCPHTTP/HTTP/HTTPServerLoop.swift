import NIOCore

/// What the connections of one event loop share: configuration, clock, and the register that deadlines are checked in.
///
/// `@unchecked Sendable`: the mutable state is touched on `executor.loop` only; `HTTPServer` reaches it with `loop.execute`.
final class HTTPServerLoop: @unchecked Sendable {
  let configuration: HTTPServerConfiguration
  let responder: any HTTPResponder
  let executor: LoopExecutor
  var loop: any EventLoop { executor.loop }

  /// A coarse clock: the time of the last tick. Reading it costs nothing, and timeouts do not need better.
  private(set) var now = NIODeadline.now()
  /// Reused for every answer: the channel has let go of it by the next one, unless the client is slow (then it is copied on write).
  var scratch: ByteBuffer

  /// The `Date` field line of this second; empty when the server writes none.
  private(set) var dateLine = ByteBuffer()
  private var dateSecond = 0

  private var connections: [HTTPServerConnection] = []
  private var ticker: RepeatedTask?
  private var drained: EventLoopPromise<Void>?

  init(configuration: HTTPServerConfiguration, responder: any HTTPResponder, executor: LoopExecutor) {
    self.configuration = configuration
    self.responder = responder
    self.executor = executor
    scratch = ByteBufferAllocator().buffer(capacity: 4096)
  }

  var isDraining: Bool { drained != nil }

  func add(_ connection: HTTPServerConnection) {
    connection.slot = connections.count
    connections.append(connection)
    if ticker == nil {
      readClock()
      let period = configuration.tick
      ticker = loop.scheduleRepeatedTask(initialDelay: period, delay: period) { _ in self.tick() }
    }
    if isDraining { connection.shutDown() }
  }

  func remove(_ connection: HTTPServerConnection) {
    guard connection.slot < connections.count, connections[connection.slot] === connection else { return }
    let last = connections.removeLast()
    if last !== connection {
      connections[connection.slot] = last
      last.slot = connection.slot
    }
    if connections.isEmpty {
      ticker?.cancel()
      ticker = nil
      drained?.succeed()
    }
  }

  /// Stops keeping connections alive; the future succeeds when the last one has closed.
  func drain() -> EventLoopFuture<Void> {
    if let drained { return drained.futureResult }
    let promise = loop.makePromise(of: Void.self)
    drained = promise
    if connections.isEmpty { promise.succeed() }
    for connection in connections { connection.shutDown() }
    return promise.futureResult
  }

  func closeAll() {
    for connection in connections { connection.close() }
  }

  private func readClock() {
    now = .now()
    guard configuration.writesDate else { return }
    let second = HTTPDate.now()
    if second != dateSecond {
      dateSecond = second
      dateLine = HTTPDate.line(second)
    }
  }

  private func tick() {
    readClock()
    if scratch.capacity > 256 * 1024 { scratch = ByteBufferAllocator().buffer(capacity: 4096) }
    for connection in connections where connection.deadline < now { connection.deadlinePassed() }
  }
}
