/// How a process ended.
public enum TerminationStatus: Sendable, Equatable, CustomStringConvertible {
  case code(CInt)
  case signal(CInt)

  public var description: String {
    switch self {
    case .code(let code): "exit code \(code)"
    case .signal(let signal): "signal \(signal)"
    }
  }
}
