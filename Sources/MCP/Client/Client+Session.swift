internal import JSON
internal import NIOCore

extension Client {
  /// Finds out whether the server answers.
  ///
  /// Modern revisions have no `ping`; there `server/discover` is the question that costs least.
  public func ping(options: RequestOptions = RequestOptions()) async throws(ClientError) {
    try await ensureConnected()
    _ = try await request(connection.version?.era == .modern ? .discover : .ping, options: options)
  }

  /// Sets the least severe log message that a legacy server sends. Modern servers are asked by each request: ``RequestOptions/logLevel``.
  public func setLogLevel(_ level: LogLevel, options: RequestOptions = RequestOptions()) async throws(ClientError) {
    try await ensureConnected()
    guard connection.version?.era == .legacy else { return }
    _ = try await request(.setLogLevel, ["level": .string(level.rawValue)], options: options)
  }

  /// Tells a legacy server that the roots have changed. Modern servers ask for them when they need them.
  public func rootsChanged() async throws(ClientError) {
    try await ensureConnected()
    guard connection.version?.era == .legacy else { return }
    try await connection.notify(.rootsListChanged)
  }

  /// What the server says of itself, from now on. Ends when the client is closed.
  ///
  /// - Parameter limit: events that may wait for a slow reader; beyond it the oldest are lost.
  public func events(buffering limit: Int = 256) -> AsyncStream<ServerEvent> { hub.listen(buffering: limit) }
}
