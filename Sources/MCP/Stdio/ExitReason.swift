/// Why an incarnation of a server process is over.
public enum ExitReason: Sendable, Equatable, CustomStringConvertible {
  /// It never ran.
  case failedToStart(SpawnError)
  /// It ended by itself.
  case exited(TerminationStatus)
  /// It closed its output, or its input, and did not end: it was told to leave.
  case outputClosed
  case inputClosed
  /// It sent a line longer than `limit` bytes: killed.
  case lineTooLong(limit: Int)
  /// `ChildProcess.restart(because:)`.
  case restarted(String)
  /// `ChildProcess.stop()`. `nil` if it could not even be killed in time (a system call that hangs in the kernel).
  case stopped(TerminationStatus?)

  public var description: String {
    switch self {
    case .failedToStart(let error): "failed to start: \(error)"
    case .exited(let status): "ended with \(status)"
    case .outputClosed: "closed its output"
    case .inputClosed: "closed its input"
    case .lineTooLong(let limit): "sent a line longer than \(limit) bytes"
    case .restarted(let reason): "restarted: \(reason)"
    case .stopped: "stopped"
    }
  }
}
