public import JSON

/// What a call says besides its parameters.
public struct RequestOptions: Sendable {
  /// The longest wait for the answer to one request; the client's own setting if nil. The time that handlers take does not count.
  public var timeout: Duration?
  /// With this, every progress notification starts ``timeout`` anew, up to this time in all.
  public var maximumTimeout: Duration?
  /// Asks a modern server for log messages about this request, at least this severe. They come to ``onLog`` and to ``Client/events(buffering:)``.
  public var logLevel: LogLevel?
  /// Where the request belongs in a distributed trace.
  public var trace: TraceContext?
  /// Further members of `_meta`.
  public var meta: JSONObject
  /// Whether a result that is still fresh, as the server said, may be used in place of a request.
  public var usesCache: Bool
  /// Asks for progress, and takes it.
  public var onProgress: (@Sendable (Progress) async -> Void)?
  /// Takes log messages about this request.
  public var onLog: (@Sendable (LogMessage) async -> Void)?

  public init(
    timeout: Duration? = nil, maximumTimeout: Duration? = nil, logLevel: LogLevel? = nil, trace: TraceContext? = nil,
    meta: JSONObject = JSONObject(), usesCache: Bool = true, onProgress: (@Sendable (Progress) async -> Void)? = nil,
    onLog: (@Sendable (LogMessage) async -> Void)? = nil
  ) {
    self.timeout = timeout
    self.maximumTimeout = maximumTimeout
    self.logLevel = logLevel
    self.trace = trace
    self.meta = meta
    self.usesCache = usesCache
    self.onProgress = onProgress
    self.onLog = onLog
  }
}

/// How far a request has come (`notifications/progress`).
public struct Progress: Sendable, Hashable {
  /// How far; grows from one notification to the next.
  public var progress: Double
  /// What ``progress`` will be in the end, if known.
  public var total: Double?
  /// How far, in words.
  public var message: String?

  public init(progress: Double, total: Double? = nil, message: String? = nil) {
    self.progress = progress
    self.total = total
    self.message = message
  }

  init?(_ notification: Envelope) {
    guard notification.method == .progress, let progress = notification["progress"]?.double else { return nil }
    self.init(progress: progress, total: notification["total"]?.double, message: notification["message"]?.string)
  }
}

/// What a server logs (`notifications/message`).
public struct LogMessage: Sendable, Hashable {
  /// How severe it is.
  public var level: LogLevel
  /// Which part of the server says it.
  public var logger: String?
  /// What it says: a text, or any JSON.
  public var data: JSONValue

  public init(level: LogLevel, logger: String? = nil, data: JSONValue) {
    self.level = level
    self.logger = logger
    self.data = data
  }

  init?(_ notification: Envelope) {
    guard notification.method == .message, let level = notification["level"]?.string.flatMap({ LogLevel(rawValue: $0) }) else { return nil }
    self.init(level: level, logger: notification["logger"]?.string, data: notification["data"].map { JSONValue($0) } ?? .null)
  }
}

/// W3C Trace Context, as `_meta` carries it (2026-07-28, basic, "OpenTelemetry trace context").
public struct TraceContext: Sendable, Hashable {
  /// `00-<32 hexadecimal digits>-<16>-<2>`.
  public let traceparent: String
  /// What tracing systems add (W3C Trace Context, section 3.3).
  public let tracestate: String?
  /// What applications hand on (W3C Baggage).
  public let baggage: String?

  /// - Returns: nil where `traceparent` has not the form of W3C Trace Context, section 3.2.
  public init?(traceparent: String, tracestate: String? = nil, baggage: String? = nil) {
    let fields = traceparent.split(separator: "-", omittingEmptySubsequences: false)
    guard fields.count >= 4, fields[0].utf8.count == 2, fields[1].utf8.count == 32, fields[2].utf8.count == 16, fields[3].utf8.count == 2,
      fields[0] != "ff", fields[0] != "00" || fields.count == 4,
      fields.prefix(4).allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) } }),
      fields[1].contains(where: { $0 != "0" }), fields[2].contains(where: { $0 != "0" })
    else { return nil }
    self.traceparent = traceparent
    self.tracestate = tracestate
    self.baggage = baggage
  }
}
