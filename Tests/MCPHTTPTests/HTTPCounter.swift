import Synchronization
import Testing

final class Counter: Sendable {
  private let count = Atomic<Int>(0)
  var value: Int { count.load(ordering: .relaxed) }
  func increment() { count.add(1, ordering: .relaxed) }

  /// Waits until the count has not moved for a while: for "it stops by itself", which no event announces.
  func waitUntilStill() async {
    var last = -1
    for _ in 0..<600 {
      if value == last, last > 0 { return }
      last = value
      try? await Task.sleep(for: .milliseconds(100))
    }
    Issue.record("the count never stood still, or never began")
  }
}
