import Dispatch
import Foundation
import Synchronization

/// Does something again and again, on a thread of its own, until it is told to end.
final class BusyThread: Sendable {
  private final class Flag: Sendable { let isEnding = Atomic<Bool>(false) }
  private let flag = Flag()
  private let ended = DispatchSemaphore(value: 0)

  init(_ work: @escaping @Sendable () -> Void) {
    let (flag, ended) = (flag, ended)
    Thread.detachNewThread {
      while !flag.isEnding.load(ordering: .relaxed) { work() }
      ended.signal()
    }
  }

  deinit { flag.isEnding.store(true, ordering: .relaxed) }

  /// Returns when the last turn is over.
  func end() {
    flag.isEnding.store(true, ordering: .relaxed)
    ended.wait()
  }
}
