internal import CSpawn
internal import NIOCore
internal import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Makes any descriptor one that an event loop can watch.
///
/// Pipes and sockets are. Files and `/dev/null` are not (epoll refuses them), and a terminal should not be made non-blocking, for the shell
/// shares it: for those a thread copies the bytes through a pipe.
enum DescriptorPump {
  enum Direction { case input, output }

  /// A descriptor to use in place of the original, and the end of the copying.
  final class Pumped: Sendable {
    let descriptor: CInt
    private let state: Mutex<(done: Bool, waiting: [@Sendable () -> Void])>

    fileprivate init(_ descriptor: CInt, done: Bool) {
      self.descriptor = descriptor
      self.state = Mutex((done, []))
    }

    /// Calls `body` when all that was written is in the original; at once if there is no copying.
    func whenDone(_ body: @escaping @Sendable () -> Void) {
      let done = state.withLock { state in
        if !state.done { state.waiting.append(body) }
        return state.done
      }
      if done { body() }
    }

    fileprivate func finish() {
      let waiting = state.withLock { state in
        defer { state = (true, []) }
        return state.waiting
      }
      for body in waiting { body() }
    }
  }

  /// Takes over `descriptor`.
  static func pollable(_ descriptor: CInt, _ direction: Direction) throws -> Pumped {
    var status = stat()
    if fstat(descriptor, &status) != 0 { throw IOError(errnoCode: errno, reason: "descriptor \(descriptor)") }
    let kind = status.st_mode & S_IFMT
    if kind == S_IFIFO || kind == S_IFSOCK { return Pumped(descriptor, done: true) }

    var reader: CInt = -1
    var writer: CInt = -1
    let error = cspawn_pipe(&reader, &writer)
    if error != 0 { throw IOError(errnoCode: error, reason: "pipe") }
    switch direction {
    case .input:
      let pumped = Pumped(reader, done: false)
      try start(Copy(from: descriptor, to: writer, pumped: pumped))
      return pumped
    case .output:
      let pumped = Pumped(writer, done: false)
      try start(Copy(from: reader, to: descriptor, pumped: pumped))
      return pumped
    }
  }

  private final class Copy: Sendable {
    let from: CInt
    let to: CInt
    let pumped: Pumped

    init(from: CInt, to: CInt, pumped: Pumped) {
      self.from = from
      self.to = to
      self.pumped = pumped
    }

    func run() {
      withUnsafeTemporaryAllocation(byteCount: 32 * 1024, alignment: 16) { buffer in
        copying: while true {
          let count = read(from, buffer.baseAddress, buffer.count)
          if count < 0 && errno == EINTR { continue }
          if count <= 0 { break }
          var written = 0
          while written < count {
            let result = write(to, buffer.baseAddress! + written, count - written)
            if result < 0 && errno == EINTR { continue }
            if result < 0 { break copying }
            written += result
          }
        }
      }
      close(from)
      close(to)
      pumped.finish()
    }
  }

  private static func start(_ copy: Copy) throws {
    let context = Unmanaged.passRetained(copy).toOpaque()
    let error = cspawn_thread({ Unmanaged<Copy>.fromOpaque($0!).takeRetainedValue().run() }, context)
    if error != 0 {
      Unmanaged<Copy>.fromOpaque(context).release()
      throw IOError(errnoCode: error, reason: "pthread_create")
    }
  }
}
