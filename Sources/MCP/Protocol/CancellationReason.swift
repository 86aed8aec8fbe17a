public import Logging
internal import JSON

/// Why the other side took a request back, for the log (2026-07-28, basic/patterns/cancellation, "Implementation Notes").
public enum CancellationReason {
  /// Logs the reason that a `notifications/cancelled` gives; nothing where it gives none. It comes from outside: cut, and without what
  /// could forge lines of a log.
  public static func log(_ notification: Envelope, to logger: Logger) {
    guard let reason = notification["reason"]?.string, !reason.isEmpty else { return }
    let id = notification["requestId"]?.text ?? ""
    logger.debug("a request was cancelled by the other side", metadata: ["request": "\(plain(id))", "reason": "\(plain(reason))"])
  }

  private static func plain(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(256) {
      let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      scalars.append(isControl ? "\u{FFFD}" : scalar)
    }
    return String(scalars)
  }
}
