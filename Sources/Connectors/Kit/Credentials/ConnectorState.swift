/// What a connector remembers between starts: tokens, cursors of change feeds. Small values under names; what it holds are
/// credentials among others, so it must keep them from other users of the machine.
public protocol ConnectorState: Sendable {
  func value(for key: String) async throws(ConnectorStateError) -> [UInt8]?
  /// Returns once the value is safe; nil removes.
  func set(_ value: [UInt8]?, for key: String) async throws(ConnectorStateError)
}

/// Why something cannot be remembered or recalled.
public struct ConnectorStateError: Error, Sendable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

/// Remembers for as long as the process lives.
public actor InMemoryConnectorState: ConnectorState {
  private var values: [String: [UInt8]] = [:]

  public init() {}

  public func value(for key: String) -> [UInt8]? { values[key] }
  public func set(_ value: [UInt8]?, for key: String) { values[key] = value }
}
