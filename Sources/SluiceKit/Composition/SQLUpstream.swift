internal import Demo
internal import Gateway
internal import Logging
internal import MCP
internal import NIOCore
internal import SQLConnector

/// The SQL connector as an upstream in the gateway's own process.
struct SQLUpstream: ClientWire {
  private let inner: InProcessWire
  private let connector: SQLConnector

  init(_ configuration: SQLConfiguration, logger: Logger) throws(ConfigurationError) {
    do {
      let connector = try SQLConnector(configuration)
      self.connector = connector
      inner = InProcessWire(try connector.makeServer(version: SluiceVersion.current, logger: logger))
    } catch {
      throw ConfigurationError("upstreams.\(configuration.name): \(error)")
    }
  }

  /// While somebody listens for changes, the database is watched for them.
  func roundTrip(_ request: WireRequest) async throws(WireError) -> Envelope {
    guard request.method == .subscriptionsListen, let receive = request.onNotification else { return try await inner.roundTrip(request) }
    let result = await withTaskGroup(of: Void.self) { [connector, inner] group -> Result<Envelope, WireError> in
      group.addTask {
        await connector.watch { uri in
          guard let change = try? Envelope(scanning: ServerChange.resourceUpdated(uri: uri).notification()) else { return }
          await receive(change)
        }
      }
      defer { group.cancelAll() }
      do throws(WireError) { return .success(try await inner.roundTrip(request)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  func send(_ notification: ByteBuffer, version: ProtocolVersion) async throws(WireError) { try await inner.send(notification, version: version) }

  func receiveUnsolicited(
    version: ProtocolVersion, opened: @escaping @Sendable () -> Void, _ receive: @escaping @Sendable (Envelope) async -> Void
  ) async throws(WireError) {
    try await inner.receiveUnsolicited(version: version, opened: opened, receive)
  }
}

extension SQLUpstream {
  /// The sample company's database, which has typed tools of its own.
  static func sample(name: String, path: String, logger: Logger) throws(ConfigurationError) -> any ClientWire {
    do {
      try Demo.seed(path)
      return InProcessWire(try CRMServer.make(databasePath: path, requiresGovernance: true, logger: logger))
    } catch {
      throw ConfigurationError("upstreams.\(name): \(error)")
    }
  }
}
