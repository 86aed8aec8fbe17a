/// The severities of log messages to clients, least severe first (RFC 5424 section 6.2.1).
public enum LogLevel: String, Sendable, CaseIterable, Comparable {
  case debug, info, notice, warning, error, critical, alert, emergency

  private var severity: Int {
    switch self {
    case .debug: 0
    case .info: 1
    case .notice: 2
    case .warning: 3
    case .error: 4
    case .critical: 5
    case .alert: 6
    case .emergency: 7
    }
  }

  public static func < (one: LogLevel, other: LogLevel) -> Bool { one.severity < other.severity }
}
