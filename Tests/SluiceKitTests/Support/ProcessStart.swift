import Foundation
import Synchronization

/// Starts processes one at a time: Foundation's `Process.run()` on Linux crashed now and then when tests started many at once.
enum ProcessStart {
  private static let lock = Mutex(())

  static func run(_ process: Process) throws {
    try lock.withLock { _ in try process.run() }
  }
}
