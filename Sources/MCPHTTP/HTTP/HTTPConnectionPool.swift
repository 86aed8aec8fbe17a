import NIOCore
import NIOPosix

/// The upstream connections of one event loop: per origin, last used first out, with a queue when an origin is at its bound.
///
/// `@unchecked Sendable`: the mutable state is touched on `loop` only; `HTTPClient` brings every call there. No lock.
final class HTTPConnectionPool: @unchecked Sendable {
  /// The connections of one origin.
  ///
  /// `@unchecked Sendable`: part of the pool's state, touched where the pool's is.
  final class Origin: @unchecked Sendable {
    let address: HTTPOrigin
    var idle: [HTTPClientConnection] = []
    var waiting: [HTTPExchange] = []
    var connecting = 0
    /// Established connections, idle or not.
    var open = 0

    init(_ address: HTTPOrigin) { self.address = address }
  }

  let loop: any EventLoop
  let configuration: HTTPClientConfiguration
  private(set) var executor: LoopExecutor?
  /// Reused for every request; see `HTTPServerLoop.scratch`.
  var scratch = ByteBuffer()

  private let tls: HTTPClientTLS
  private var origins: [HTTPOrigin: Origin] = [:]
  /// The origin of the last request: most loops talk to few origins, and comparing is cheaper than hashing.
  private var latest: Origin?
  private var connections: [HTTPClientConnection] = []
  private var ticker: RepeatedTask?
  private(set) var now = NIODeadline.now()
  private var isShutDown = false

  init(loop: any EventLoop, configuration: HTTPClientConfiguration, tls: HTTPClientTLS) {
    self.loop = loop
    self.configuration = configuration
    self.tls = tls
  }

  @inline(__always)
  func batch(_ body: () -> Void) { ofLoop.batch(body) }

  func flushLater(_ connection: HTTPClientConnection) { ofLoop.flushLater(connection) }

  private var ofLoop: LoopExecutor {
    if let executor { return executor }
    let found = LoopExecutor.current(on: loop)
    executor = found
    return found
  }

  // MARK: Requests

  func submit(_ exchange: HTTPExchange) {
    guard !isShutDown else {
      return exchange.settle(.failure(HTTPClientError(.cancelled, "the HTTP client is shut down")))
    }
    guard !exchange.isCancelled else { return exchange.cancel() }
    let origin = self.origin(exchange.request.origin)
    while let connection = origin.idle.popLast() {
      if connection.carry(exchange) { return }
    }
    origin.waiting.append(exchange)
    startTicking()
    connectIfNeeded(origin)
  }

  private func origin(_ address: HTTPOrigin) -> Origin {
    if let latest, latest.address == address { return latest }
    let origin = origins[address] ?? Origin(address)
    origins[address] = origin
    latest = origin
    return origin
  }

  /// A connection's answer is complete and the connection may carry another request.
  func release(_ connection: HTTPClientConnection) {
    let origin = connection.origin
    while !origin.waiting.isEmpty {
      let exchange = origin.waiting.removeFirst()
      if exchange.isSettled { continue }
      if connection.carry(exchange) { return }
      origin.waiting.insert(exchange, at: 0)
      return
    }
    guard !isShutDown else { return connection.close() }
    connection.deadline = now + configuration.idleTimeout
    origin.idle.append(connection)
    if origin.idle.count > configuration.maxIdlePerLoop { origin.idle.removeFirst().close() }
  }

  // MARK: Connections

  private func connectIfNeeded(_ origin: Origin) {
    while origin.connecting < origin.waiting.count, origin.open + origin.connecting < configuration.maxConnectionsPerOrigin {
      origin.connecting += 1
      connect(origin)
    }
  }

  private func connect(_ origin: Origin) {
    let address = origin.address
    let established = loop.makePromise(of: HTTPClientConnection.self)
    ClientBootstrap(group: loop)
      .connectTimeout(configuration.connectTimeout)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: 131072))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let handler = try self.tls.handler(for: address) { try channel.pipeline.syncOperations.addHandler(handler) }
          let connection = HTTPClientConnection(pool: self, origin: origin, established: established)
          try channel.pipeline.syncOperations.addHandler(connection)
        }
      }
      .connect(host: address.host, port: address.port)
      .whenFailure { established.fail($0) }
    established.futureResult.whenComplete { result in
      self.batch { self.connected(origin, result) }
    }
  }

  private func connected(_ origin: Origin, _ result: Result<HTTPClientConnection, any Error>) {
    origin.connecting -= 1
    switch result {
    case .success(let connection):
      startTicking()
      origin.open += 1
      connection.deadline = now + configuration.idleTimeout
      connection.slot = connections.count
      connections.append(connection)
      release(connection)
    case .failure(let error):
      // One failed attempt fails one request: the oldest, which has waited longest for it.
      while !origin.waiting.isEmpty {
        let exchange = origin.waiting.removeFirst()
        if exchange.isSettled { continue }
        exchange.settle(.failure(HTTPClientTLS.classify(error, origin.address)))
        break
      }
      connectIfNeeded(origin)
    }
  }

  /// An established connection has closed.
  func remove(_ connection: HTTPClientConnection) {
    guard connection.slot < connections.count, connections[connection.slot] === connection else { return }
    let last = connections.removeLast()
    if last !== connection {
      connections[connection.slot] = last
      last.slot = connection.slot
    }
    let origin = connection.origin
    origin.open -= 1
    origin.idle.removeAll { $0 === connection }
    connectIfNeeded(origin)
  }

  // MARK: Time

  private func startTicking() {
    guard ticker == nil else { return }
    now = .now()
    ticker = loop.scheduleRepeatedTask(initialDelay: configuration.tick, delay: configuration.tick) { _ in
      self.batch { self.tick() }
    }
  }

  private func tick() {
    now = .now()
    if scratch.capacity > 256 * 1024 { scratch = ByteBuffer() }
    for connection in connections where connection.deadline < now { connection.deadlinePassed() }
    var isWaiting = false
    for origin in origins.values where !origin.waiting.isEmpty {
      let late = origin.waiting.filter { $0.deadline < now }
      origin.waiting.removeAll { $0.isSettled || $0.deadline < now }
      for exchange in late {
        exchange.settle(.failure(HTTPClientError(.timeout, "no connection to \(origin.address) in time")))
      }
      isWaiting = isWaiting || !origin.waiting.isEmpty
    }
    if connections.isEmpty, !isWaiting {
      ticker?.cancel()
      ticker = nil
      origins = origins.filter { $0.value.connecting > 0 }
      latest = nil
    }
  }

  func shutDown() {
    isShutDown = true
    let closing = HTTPClientError(.cancelled, "the HTTP client is shut down")
    for origin in origins.values {
      for exchange in origin.waiting { exchange.settle(.failure(closing)) }
      origin.waiting = []
    }
    for connection in connections { connection.close() }
    ticker?.cancel()
    ticker = nil
  }
}
