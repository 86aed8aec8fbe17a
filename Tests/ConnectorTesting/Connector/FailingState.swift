public import ConnectorKit

/// A state that remembers until a given write, or until it is broken.
public actor FailingState: ConnectorState {
  private let inner = InMemoryConnectorState()
  private var writesLeft: Int

  public init(writes: Int = .max) { writesLeft = writes }

  public func breakDown() { writesLeft = 0 }

  public func value(for key: String) async throws(ConnectorStateError) -> [UInt8]? { await inner.value(for: key) }

  public func set(_ value: [UInt8]?, for key: String) async throws(ConnectorStateError) {
    guard writesLeft > 0 else { throw ConnectorStateError("the disk is full") }
    writesLeft -= 1
    await inner.set(value, for: key)
  }
}
