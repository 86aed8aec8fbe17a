public import NIOCore
public import NIOSSL

/// An HTTP/1.1 client with one connection pool for each event loop.
///
/// A request stays on the loop it is sent on: called from a task on that loop's `LoopExecutor`, nothing hops.
public final class HTTPClient: Sendable {
  private let pools: [HTTPConnectionPool]
  /// Stands in for every server; nil where there are sockets.
  private let answer: (@Sendable (HTTPClientRequest) async throws(HTTPClientError) -> HTTPClientResponse)?

  /// - Parameters:
  ///   - eventLoopGroup: Requests can be sent on its loops only.
  ///   - tls: For `https` origins; certificates are verified against the system's roots unless it says otherwise.
  public init(
    eventLoopGroup: any EventLoopGroup, configuration: HTTPClientConfiguration = HTTPClientConfiguration(),
    tls: TLSConfiguration = .makeClientConfiguration()
  ) {
    let tls = HTTPClientTLS(tls)
    pools = eventLoopGroup.makeIterator().map { HTTPConnectionPool(loop: $0, configuration: configuration, tls: tls) }
    answer = nil
  }

  /// A client that reaches no server: what `answer` says is the answer. For measuring what is done with answers, without sockets.
  package init(answering answer: @escaping @Sendable (HTTPClientRequest) async throws(HTTPClientError) -> HTTPClientResponse) {
    pools = []
    self.answer = answer
  }

  /// Sends a request and waits for its answer; for the head only when the answer is streamed.
  /// - Parameters:
  ///   - loop: The loop to work on, one of the group's. Pass the inbound request's.
  ///   - deadline: For everything up to the returned response. A stream is bounded by it only if the request says so.
  public func send(
    _ request: HTTPClientRequest, on loop: any EventLoop, deadline: NIODeadline
  ) async throws(HTTPClientError) -> HTTPClientResponse {
    if let answer { return try await answer(request) }
    guard let pool = pools.first(where: { $0.loop === loop }) else {
      throw HTTPClientError(.connect, "the event loop does not belong to this client")
    }
    let exchange = HTTPExchange(request: request, deadline: deadline)
    let outcome = await withTaskCancellationHandler {
      await withUnsafeContinuation { (continuation: UnsafeContinuation<HTTPExchange.Outcome, Never>) in
        if pool.loop.inEventLoop {
          exchange.begin(continuation)
          pool.submit(exchange)
        } else {
          pool.loop.execute {
            pool.batch {
              exchange.begin(continuation)
              pool.submit(exchange)
            }
          }
        }
      }
    } onCancel: {
      pool.loop.execute { pool.batch { exchange.cancel() } }
    }
    return try outcome.get()
  }

  /// Sends on any loop of the group.
  public func send(_ request: HTTPClientRequest, deadline: NIODeadline) async throws(HTTPClientError) -> HTTPClientResponse {
    if let answer { return try await answer(request) }
    guard let pool = pools.randomElement() else { throw HTTPClientError(.connect, "the event loop group is empty") }
    return try await send(request, on: pool.loop, deadline: deadline)
  }

  /// Closes every connection; requests in flight and later ones fail with `cancelled`.
  public func shutdown() async {
    for pool in pools {
      try? await pool.loop.submit { pool.batch { pool.shutDown() } }.get()
    }
  }
}
