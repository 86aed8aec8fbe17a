import Logging
import Synchronization

/// What was logged, for one test.
final class HeardLines: Sendable {
  private let lines = Mutex<[String]>([])
  /// Each line with its metadata.
  var all: [String] { lines.withLock { $0 } }
  var logger: Logger { Logger(label: "test") { _ in HearingLogHandler(lines: self) } }

  func append(_ line: String) { lines.withLock { $0.append(line) } }
}

struct HearingLogHandler: LogHandler {
  let lines: HeardLines
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .trace

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    lines.append("\(event.message) \(event.metadata ?? [:])")
  }
}
