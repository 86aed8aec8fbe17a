internal import NIOPosix
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Lines of standard input, read on a thread where waiting harms nobody.
final class TerminalInput: Sendable {
  /// Whether a person is there to be asked.
  let isInteractive: Bool
  /// Guards the queue of those who want a line: the last one in it, which the next waits for.
  private let queue: Mutex<Task<String?, Never>?> = Mutex(nil)

  init() { isInteractive = isatty(0) == 1 && isatty(2) == 1 }

  /// The next line, asked for by `prompt`; nil at the end of the input. Those who ask at once are served one after the other.
  func line(_ prompt: String) async -> String? {
    let task = queue.withLock { last in
      let previous = last
      let task = Task<String?, Never> { [isInteractive] in
        _ = await previous?.value
        let line = try? await NIOThreadPool.singleton.runIfActive { () -> String? in
          if isInteractive { StandardOutput.writeError(TerminalText.harmless(prompt)) }
          return readLine()
        }
        return line ?? nil
      }
      last = task
      return task
    }
    return await task.value
  }
}
