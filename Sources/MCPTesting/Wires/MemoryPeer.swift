internal import MCP
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// A server in this process that is spoken to in lines without any pipe, so that legacy clients can reach it too.
final class MemoryPeer: LinePeer {
  let eventLoop: any EventLoop
  private let events: LinePeerEvents
  private let responder: StdioResponder
  private let isOpen = Atomic<Bool>(false)

  init(_ handler: any RequestHandler, _ events: LinePeerEvents) {
    self.events = events
    eventLoop = MultiThreadedEventLoopGroup.singleton.next()
    responder = StdioResponder(handler, send: { line in events.line(line) })
  }

  func start() {
    isOpen.store(true, ordering: .relaxed)
    events.started(1)
  }

  func stop() async {
    guard isOpen.exchange(false, ordering: .relaxed) else { return }
    events.ended(.stopped(nil))
    await responder.finish(within: .seconds(1))
  }

  func enqueue(_ line: ByteBuffer, generation: UInt64?) throws(StdioError) {
    guard isOpen.load(ordering: .relaxed) else { throw .notRunning }
    // Whoever asks more than a server takes at a time gets the answers all the same: there is no pipe that could be full.
    _ = responder.receive(line)
  }

  func send(_ line: ByteBuffer, generation: UInt64?) async throws(StdioError) { try enqueue(line, generation: generation) }
}
