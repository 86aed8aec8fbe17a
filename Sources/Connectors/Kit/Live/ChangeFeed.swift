internal import NIOCore
public import Logging
public import MCP

/// Where changes at a vendor come from: asked again and again with the cursor of the last answer, which is remembered between starts.
public struct ChangeFeed: Sendable {
  /// What one answer told.
  public struct Batch: Sendable {
    /// URIs of resources that have changed.
    public var updated: [String]
    /// Whether resources came or went.
    public var listChanged: Bool
    /// Where to go on.
    public var cursor: String

    public init(updated: [String] = [], listChanged: Bool = false, cursor: String) {
      self.updated = updated
      self.listChanged = listChanged
      self.cursor = cursor
    }

    /// What changed since the cursor before cannot be had any more: it goes on from now, and anything may have changed.
    public static func anew(_ cursor: String) -> Batch { Batch(listChanged: true, cursor: cursor) }
  }

  public var name: String
  /// Seconds between two questions; a feed that waits at the vendor (Socket Mode, LISTEN) gives 0.
  public var interval: Int64
  /// Asks. `cursor` is nil at the very first time: the feed then gives the cursor of now, and no changes. Where the vendor's code says that it
  /// has forgotten the cursor, and nowhere else, the feed gives ``Batch/anew(_:)``.
  public var next: @Sendable (_ cursor: String?) async throws(VendorError) -> Batch

  public init(_ name: String, every interval: Int64, next: @escaping @Sendable (_ cursor: String?) async throws(VendorError) -> Batch) {
    self.name = name
    self.interval = interval
    self.next = next
  }

  /// Follows the feed until the task is cancelled; failures are logged and tried again with the same cursor, later each time.
  public func follow(
    _ connector: String, state: any ConnectorState, time: VendorTime, logger: Logger, tell: @Sendable (Batch) -> Void
  ) async {
    let key = "\(connector) feed \(name)"
    var cursor = (try? await state.value(for: key)).flatMap { $0.flatMap { String(validating: $0, as: UTF8.self) } }
    var failures: Int64 = 0
    while !Task.isCancelled {
      do {
        let batch = try await next(cursor)
        if !batch.updated.isEmpty || batch.listChanged { tell(batch) }
        if batch.cursor != cursor {
          cursor = batch.cursor
          // Told before remembered: after a crash a change is told twice rather than never.
          try await state.set(Array(batch.cursor.utf8), for: key)
        }
        failures = 0
      } catch {
        if Task.isCancelled { return }
        failures += 1
        logger.warning("changes cannot be followed", metadata: ["connector": "\(connector)", "feed": "\(name)", "reason": "\(error)"])
      }
      let wait = failures == 0 ? interval : min(max(interval, 1) << min(failures, 6), 900)
      if wait > 0 { do { try await time.sleep(.seconds(wait)) } catch { return } }
    }
  }
}

extension Server {
  /// Tells subscribers what a feed has found.
  public func tell(_ batch: ChangeFeed.Batch) {
    for uri in Set(batch.updated) { notifyResourceUpdated(uri) }
    if batch.listChanged { notifyResourcesListChanged() }
  }
}
