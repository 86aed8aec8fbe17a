import Foundation
import Gateway
import Synchronization

/// A clock that stands still until a test moves it.
final class TestClock: Sendable {
  private let time: Mutex<Int64>

  /// - Parameter seconds: since 1970; by default noon UTC of some day, at the start of a minute.
  init(seconds: Int64 = 20_000 * 86_400 + 43_200) { time = Mutex(seconds * 1_000_000_000) }

  var clock: WallClock { WallClock { [self] in time.withLock { $0 } } }
  var seconds: Int64 { clock.seconds }

  func advance(seconds: Double) { time.withLock { $0 += Int64(seconds * 1_000_000_000) } }
}

/// A state directory that goes when the value does.
final class TemporaryDirectory: Sendable {
  let path: String

  init() { path = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString)").path() }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
