/// The delays of a supervised process.
public struct SupervisionTiming: Sendable, Equatable {
  /// The first delay before a restart; each failure in a row doubles it up to `longestBackoff`.
  public var firstBackoff: Duration = .milliseconds(250)
  /// The longest wait before the next start.
  public var longestBackoff: Duration = .seconds(30)
  /// Running this long makes up for all failures before.
  public var healthyAfter: Duration = .seconds(60)
  /// From closing its input to SIGTERM.
  public var grace: Duration = .seconds(2)
  /// From SIGTERM to SIGKILL.
  public var termination: Duration = .seconds(2)
  /// From SIGKILL to giving the process up: it hangs in the kernel, and will be reaped when it no longer does.
  public var surrender: Duration = .seconds(10)
  /// How long a process that closed a pipe has to end by itself, so that its exit code can be told.
  public var settling: Duration = .milliseconds(100)
  /// How long the output of an ended process is read on, should others hold it open.
  public var draining: Duration = .seconds(1)

  public init() {}
}
