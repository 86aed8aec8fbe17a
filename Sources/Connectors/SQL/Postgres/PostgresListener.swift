internal import Dispatch

/// Hears what the database tells on a channel (PostgreSQL, `LISTEN` and `NOTIFY`), on a connection and thread of its own.
struct PostgresListener: Sendable {
  private let pq: LibPQ
  private let channel: String
  private let make: @Sendable (PostgresWatch, ContinuousClock.Instant) throws -> PostgresSession

  init(_ pq: LibPQ, channel: String, make: @escaping @Sendable (PostgresWatch, ContinuousClock.Instant) throws -> PostgresSession) {
    self.pq = pq
    self.channel = channel
    self.make = make
  }

  /// Calls `changed` with the name of a table, or nil where any may have changed, until cancelled. Connects again where the
  /// connection is lost; what was missed meanwhile may be anything.
  func run(_ changed: @escaping @Sendable (String?) -> Void) async {
    let job = PostgresJob()
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        DispatchQueue(label: "sql.postgres.listen").async {
          listen(job, changed)
          continuation.resume()
        }
      }
    } onCancel: {
      job.cancel()
    }
  }

  /// How long one wait is: as long as an end may take.
  private static let turn = Duration.milliseconds(250)

  private func listen(_ job: PostgresJob, _ changed: (String?) -> Void) {
    var pause = Duration.milliseconds(250)
    var wasConnected = false
    while !job.isCancelled {
      do {
        let session = try make(PostgresWatch(), .now.advanced(by: .seconds(5)))
        defer { session.close() }
        try session.simple("LISTEN \(SQLLiteral.identifier(channel))", until: .now.advanced(by: .seconds(5)))
        if wasConnected { changed(nil) }
        (wasConnected, pause) = (true, .milliseconds(250))
        while !job.isCancelled {
          for payload in try session.notifications(until: .now.advanced(by: Self.turn)) { changed(payload.isEmpty ? nil : payload) }
        }
      } catch {
        var left = pause
        while left > .zero, !job.isCancelled {
          Self.sleep(min(left, Self.turn))
          left -= Self.turn
        }
        pause = min(pause * 2, .seconds(30))
      }
    }
  }

  private static func sleep(_ time: Duration) {
    _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(time.milliseconds))
  }
}
