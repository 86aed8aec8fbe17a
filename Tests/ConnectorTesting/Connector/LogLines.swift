public import Logging
internal import Synchronization

/// Keeps what is logged, at every level.
public final class LogLines: Sendable {
  /// Guards the lines.
  private let state = Mutex<[String]>([])

  public init() {}

  public var all: [String] { state.withLock { $0 } }

  public var logger: Logger {
    var logger = Logger(label: "test") { [self] _ in Handler(lines: self) }
    logger.logLevel = .trace
    return logger
  }

  fileprivate func add(_ line: String) { state.withLock { $0.append(line) } }

  private struct Handler: LogHandler {
    let lines: LogLines
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      lines.add("\(event.level) \(event.message) \(metadata.merging(event.metadata ?? [:]) { $1 })")
    }
  }
}
