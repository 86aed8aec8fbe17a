internal import Logging
internal import NIOCore

/// What of a server's standard error is written to the log.
public struct StandardErrorLogging: Sendable {
  /// Longer lines are cut, in bytes.
  public var maximumLineLength = 4096
  /// Lines a second on average, and how many may come at once. What is above is counted, not written.
  public var linesPerSecond = 20
  /// Lines that may come at once before the rate counts.
  public var burst = 200
  /// Called on every line before it is logged, to take out secrets.
  public var redact: @Sendable (String) -> String = { $0 }

  public init() {}
}

/// Writes a server's standard error to the log. It reads always and everything: a server that waits for somebody to read its
/// complaints would hang.
final class StandardErrorLog: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let logger: Logger
  private let configuration: StandardErrorLogging
  private var decoder: LineDecoder
  private var rate: LineRate

  init(logger: Logger, configuration: StandardErrorLogging) {
    self.logger = logger
    self.configuration = configuration
    self.decoder = LineDecoder(maximumLength: configuration.maximumLineLength, overflow: .truncate)
    self.rate = LineRate(perSecond: configuration.linesPerSecond, burst: configuration.burst, now: .now())
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    decoder.append(unwrapInboundIn(data))
    let now = NIODeadline.now()
    while let element = decoder.next() {
      switch element {
      case .line(let line): log(line, cut: false, now)
      case .tooLong(let beginning): log(beginning ?? ByteBuffer(), cut: true, now)
      }
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    if let rest = decoder.finish() { log(rest, cut: false, .now()) }
    if rate.suppressed > 0 { report(rate.takeSuppressed()) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func log(_ line: ByteBuffer, cut: Bool, _ now: NIODeadline) {
    guard rate.admit(now: now) else { return }
    if rate.suppressed > 0 { report(rate.takeSuppressed()) }
    let text = configuration.redact(Self.printable(line))
    logger.info("\(text)\(cut ? " [cut]" : "")")
  }

  private func report(_ suppressed: Int) {
    logger.notice("\(suppressed) lines of standard error left out: more than \(configuration.linesPerSecond) a second")
  }

  /// Control characters would let a server forge lines of our log or drive a terminal that shows it.
  private static func printable(_ line: ByteBuffer) -> String {
    let text = String(buffer: line)
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { result.append(isControl(scalar) ? "\u{FFFD}" : scalar) }
    return String(result)
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar != "\t" && (scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value))
  }
}

/// A token bucket that counts what it turns away.
struct LineRate {
  private let perSecond: Int
  private let burst: Int
  private var tokens: Double
  private var last: NIODeadline
  private(set) var suppressed = 0

  init(perSecond: Int, burst: Int, now: NIODeadline) {
    self.perSecond = perSecond
    self.burst = burst
    self.tokens = Double(burst)
    self.last = now
  }

  mutating func admit(now: NIODeadline) -> Bool {
    let elapsed = Double((now - last).nanoseconds) / 1e9
    last = now
    tokens = min(Double(burst), tokens + elapsed * Double(perSecond))
    if tokens < 1 {
      suppressed += 1
      return false
    }
    tokens -= 1
    return true
  }

  mutating func takeSuppressed() -> Int {
    defer { suppressed = 0 }
    return suppressed
  }
}
