internal import Logging
public import NIOCore
internal import NIOPosix
internal import Synchronization

/// A server at the other end of two descriptors, which somebody else runs.
final class DescriptorPeer: LinePeer {
  private let transport: StdioServerTransport
  private let events: LinePeerEvents
  /// Delivers lines; filled in by ``start()``.
  private let running: Mutex<Task<Void, Never>?> = Mutex(nil)
  var eventLoop: any EventLoop { transport.eventLoop }

  /// Takes over both descriptors.
  init(input: CInt, output: CInt, on eventLoop: any EventLoop, _ events: LinePeerEvents) {
    // Framing, order and bounds of lines are the same on both sides of a pipe.
    transport = StdioServerTransport(input: input, output: output, on: eventLoop)
    self.events = events
  }

  func start() {
    let (transport, events) = (transport, events)
    let task = Task {
      let lines = StdioServerTransport.Events(
        line: { line in
          events.line(line)
          return .more
        }, opened: { events.started(1) })
      var reason = ExitReason.outputClosed
      do { try await transport.run(lines) } catch { reason = .inputClosed }
      events.ended(reason)
    }
    running.withLock { $0 = task }
  }

  /// Closes both directions: the end of its input is the sign for the server to leave.
  func stop() async {
    // A server that does not read any more would keep us waiting for what is left to be written.
    Task { [transport] in await transport.finish() }
    transport.closeInput()
    await running.withLock { $0 }?.value
  }

  func enqueue(_ line: ByteBuffer, generation: UInt64?) throws(StdioError) { try transport.enqueue(line) }

  func send(_ line: ByteBuffer, generation: UInt64?) async throws(StdioError) { try await transport.send(line) }
}

extension ClientTransport {
  /// A server that somebody else runs, at the other end of two descriptors: pipes, or a pair of sockets. Both are taken over, and are
  /// closed with the client. What is lost is not made again.
  ///
  /// - Parameters:
  ///   - input: what the server says.
  ///   - output: what it hears.
  public static func stdio(input: CInt, output: CInt, eventLoop: (any EventLoop)? = nil) -> ClientTransport {
    ClientTransport { logger in
      let wire = StdioWire(name: "the server", logger: logger) { events in
        DescriptorPeer(input: input, output: output, on: eventLoop ?? MultiThreadedEventLoopGroup.singleton.next(), events)
      }
      wire.start()
      return wire
    }
  }
}
