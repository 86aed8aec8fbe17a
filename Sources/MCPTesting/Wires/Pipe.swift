internal import CSpawn
internal import Logging
internal import MCP
internal import NIOCore
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The two ends of a pipe, closed by whoever takes them over.
struct Pipe {
  private(set) var reader: CInt = -1
  private(set) var writer: CInt = -1

  init() throws(TestSetupError) {
    let error = cspawn_pipe(&reader, &writer)
    guard error == 0 else { throw TestSetupError(description: "no pipe can be made: \(String(cString: strerror(error)))") }
  }

  func close() {
    closeDescriptor(reader)
    closeDescriptor(writer)
  }
}

private func closeDescriptor(_ descriptor: CInt) { _ = close(descriptor) }

/// The client's ends of two pipes, which the first wire that is opened takes over.
final class ClientEnds: Sendable {
  private let input: CInt
  private let output: CInt
  private let isTaken = Atomic<Bool>(false)

  init(input: CInt, output: CInt) {
    self.input = input
    self.output = output
  }

  func open(_ logger: Logger) -> any ClientWire {
    guard !isTaken.exchange(true, ordering: .relaxed) else { return TakenWire() }
    return ClientTransport.stdio(input: input, output: output).open(logger)
  }

  func closeUnlessTaken() {
    guard !isTaken.exchange(true, ordering: .relaxed) else { return }
    closeDescriptor(input)
    closeDescriptor(output)
  }
}

/// The wire of a second client where there is one pipe only.
private struct TakenWire: ClientWire {
  private var error: WireError { WireError(.unreachable, "one pipe has one client: the first has it", mayHaveHadEffect: false) }

  func roundTrip(_ request: WireRequest) async throws(WireError) -> Envelope { throw error }
  func send(_ notification: ByteBuffer, version: ProtocolVersion) async throws(WireError) { throw error }
  func receiveUnsolicited(
    version: ProtocolVersion, opened: @escaping @Sendable () -> Void, _ receive: @escaping @Sendable (Envelope) async -> Void
  ) async throws(WireError) { throw error }
}
