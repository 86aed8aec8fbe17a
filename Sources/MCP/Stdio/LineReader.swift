internal import NIOCore

/// What a stream of lines brings, in order. `end` comes once, last.
enum LineInput: Sendable {
  case line(ByteBuffer)
  case tooLong
  /// Bytes after the last newline, at the end of the stream.
  case partial(ByteBuffer)
  case end
}

/// Whether the next line may follow at once.
public enum LineFlow: Sendable, Equatable {
  case more
  /// Nothing more until reading is resumed. At most one read's worth of bytes waits here, the rest in the pipe; when that is
  /// full, the writer waits.
  case pause
}

/// Delivers the lines of a channel one by one, and reads on only when all were taken. The channel's automatic reading is off.
///
/// It outlives its channel: what was read before the end is still delivered when a paused reader is resumed after it.
final class LineReader: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private var decoder: LineDecoder
  private let deliver: (LineInput) -> LineFlow
  private var context: ChannelHandlerContext?
  private var paused: Bool
  private var delivering = false
  private var reading = false
  private var closed = false
  private var ended = false
  private var finished = false

  /// `paused`: nothing is read until `resume()`.
  init(maximumLength: Int, paused: Bool = true, deliver: @escaping (LineInput) -> LineFlow) {
    self.decoder = LineDecoder(maximumLength: maximumLength)
    self.paused = paused
    self.deliver = deliver
  }

  /// On the event loop.
  func resume() {
    paused = false
    pump()
  }

  /// Reads no more: what was read is still delivered, then comes the end. On the event loop.
  func close() {
    closed = true
    context?.close(promise: nil)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if closed { return context.close(promise: nil) }
    if context.channel.isActive { pump() }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
  }

  func channelActive(context: ChannelHandlerContext) {
    pump()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    decoder.append(unwrapInboundIn(data))
    pump()
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    reading = false
    pump()
  }

  func channelInactive(context: ChannelHandlerContext) {
    ended = true
    pump()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func pump() {
    // A handler may resume from within a delivery: the loop below goes on by itself.
    if delivering || finished { return }
    delivering = true
    defer { delivering = false }
    while !paused {
      switch decoder.next() {
      case .line(let line):
        paused = deliver(.line(line)) == .pause
      case .tooLong:
        paused = deliver(.tooLong) == .pause
      case nil:
        if ended {
          finish()
        } else if !reading, let context, context.channel.isActive {
          reading = true
          context.read()
        }
        return
      }
    }
  }

  private func finish() {
    finished = true
    if let rest = decoder.finish() { _ = deliver(.partial(rest)) }
    _ = deliver(.end)
  }
}
