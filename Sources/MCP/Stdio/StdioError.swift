/// Why a line was not accepted for sending.
public enum StdioError: Error, Sendable, Equatable, CustomStringConvertible {
  /// There is no process to send to: not started, between two incarnations, stopped, or it closed its input.
  case notRunning
  /// The line was meant for an incarnation that is gone.
  case staleGeneration(UInt64)
  /// The other side does not read as fast as we write, and the queue is full.
  case queueFull(lines: Int, bytes: Int)
  /// The task was cancelled before there was room.
  case cancelled

  public var description: String {
    switch self {
    case .notRunning: "the server process is not running; try again"
    case .staleGeneration: "the server process was restarted; send the request again"
    case .queueFull(let lines, let bytes): "the server process is not reading its input: \(lines) lines (\(bytes) bytes) are waiting; try again later"
    case .cancelled: "cancelled before the line was queued"
    }
  }
}
