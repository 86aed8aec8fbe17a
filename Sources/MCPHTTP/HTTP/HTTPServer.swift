public import Logging
public import NIOCore
import NIOPosix
public import NIOSSL
public import ServiceLifecycle
import Synchronization

/// An HTTP/1.1 server. `start()` binds and tells the port; `run()` serves until cancelled or gracefully shut down.
public final class HTTPServer: Service {
  private let host: String
  private let port: Int
  private let group: any EventLoopGroup
  private let configuration: HTTPServerConfiguration
  private let responder: any HTTPResponder
  private let tls: TLSConfiguration?
  private let logger: Logger

  private struct State {
    var channel: (any Channel)?
    var isShuttingDown = false
  }
  /// Guards what `start`, `run` and shutdown share; never touched by connections.
  private let state = Mutex(State())
  private let loops: Mutex<[ObjectIdentifier: HTTPServerLoop]> = Mutex([:])
  private let connectionCount = Atomic<Int>(0)

  /// - Parameters:
  ///   - host: An address or name to bind, for example `127.0.0.1`.
  ///   - port: 0 takes any free port; `start()` returns it.
  ///   - tls: Serves `https` when present.
  public init(
    host: String, port: Int, eventLoopGroup: any EventLoopGroup, configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
    responder: any HTTPResponder, tls: TLSConfiguration? = nil, logger: Logger = Logger(label: "sluice.http")
  ) {
    self.host = host
    self.port = port
    group = eventLoopGroup
    self.configuration = configuration
    self.responder = responder
    self.tls = tls
    self.logger = logger
  }

  /// Binds and accepts. Returns the port; calling it again returns the same one.
  /// - Throws: The system's error when the address cannot be bound, NIOSSL's when the certificate or key is unusable.
  @discardableResult
  public func start() async throws -> Int {
    if let channel = state.withLock({ $0.channel }) { return channel.localAddress?.port ?? port }
    try await makeLoops()
    let secure = try tls.map { try NIOSSLContext(configuration: $0) }
    let channel = try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: 65536))
      // TLS ends both directions at once.
      .childChannelOption(.allowRemoteHalfClosure, value: secure == nil)
      .childChannelInitializer { child in
        child.eventLoop.makeCompletedFuture { try self.accept(child, secure) }
      }
      .bind(host: host, port: port).get()
    state.withLock { $0.channel = channel }
    return channel.localAddress?.port ?? port
  }

  public func run() async throws {
    let port = try await start()
    logger.info("listening", metadata: ["host": "\(host)", "port": "\(port)"])
    guard let channel = state.withLock({ $0.channel }) else { return }
    await withTaskCancellationOrGracefulShutdownHandler {
      try? await channel.closeFuture.get()
      await self.drain()
    } onCancelOrGracefulShutdown: {
      channel.close(promise: nil)
    }
  }

  /// Waits for the open connections to end, at most `shutdownTimeout`, then cuts those that are left.
  private func drain() async {
    let loops = loops.withLock { Array($0.values) }
    let drained = loops.map { shared in shared.loop.flatSubmit { shared.drain() } }
    let bound = group.any().scheduleTask(in: configuration.shutdownTimeout) {
      for shared in loops { shared.loop.execute { shared.closeAll() } }
    }
    for future in drained { try? await future.get() }
    bound.cancel()
  }

  private func makeLoops() async throws {
    for loop in group.makeIterator() {
      let shared = try await loop.submit {
        HTTPServerLoop(configuration: self.configuration, responder: self.responder, executor: LoopExecutor.current(on: loop))
      }.get()
      loops.withLock { $0[ObjectIdentifier(loop)] = shared }
    }
  }

  private func accept(_ child: any Channel, _ secure: NIOSSLContext?) throws {
    guard let shared = loops.withLock({ $0[ObjectIdentifier(child.eventLoop)] }) else {
      throw ChannelError.inappropriateOperationForState
    }
    let open = connectionCount.add(1, ordering: .relaxed).newValue
    child.closeFuture.whenComplete { _ in self.connectionCount.subtract(1, ordering: .relaxed) }
    guard open <= configuration.maxConnections else {
      child.close(promise: nil)
      return
    }
    if let secure { try child.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: secure)) }
    try child.pipeline.syncOperations.addHandler(HTTPServerConnection(shared: shared, isSecure: secure != nil))
  }
}
