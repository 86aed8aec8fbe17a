import Foundation
import Logging
import NIOCore
import NIOPosix

/// The loops of clients and upstreams of all tests. Gateways under test have their own.
let loops = MultiThreadedEventLoopGroup(numberOfThreads: 2)

/// Threads for blocking calls of tests. Not the singleton pool: the gateway synchronizes its audit log there.
private let threads: NIOThreadPool = {
  let pool = NIOThreadPool(numberOfThreads: 32)
  pool.start()
  return pool
}()

/// Runs a blocking call on a thread of its own.
func offLoop<R: Sendable>(_ body: @escaping @Sendable () -> R) async -> R {
  await withCheckedContinuation { continuation in
    threads.submit { _ in continuation.resume(returning: body()) }
  }
}

/// A logger that says nothing, or all if `SLUICE_TEST_LOG` is set.
let quiet: Logger = {
  guard ProcessInfo.processInfo.environment["SLUICE_TEST_LOG"] != nil else { return Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
  var logger = Logger(label: "test", factory: { StreamLogHandler.standardError(label: $0) })
  logger.logLevel = .debug
  return logger
}()

/// A directory that is there for the length of `body`.
func withDirectory<R>(_ body: (String) async throws -> R) async throws -> R {
  let path = FileManager.default.temporaryDirectory.appending(path: "sluice-test-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try await body(path)
}

/// What a test waited for did not happen.
struct NeverHappened: Error, CustomStringConvertible {
  let description: String
}

/// Asks again and again until `condition` holds. For what nothing announces: files and states of other processes.
func eventually(_ what: String, within bound: Duration = .seconds(60), _ condition: () async throws -> Bool) async throws {
  let clock = ContinuousClock()
  let end = clock.now + bound
  while clock.now < end {
    if try await condition() { return }
    try await Task.sleep(for: .milliseconds(10))
  }
  throw NeverHappened(description: "\(what) within \(bound)")
}

/// Random numbers that come again with the same seed (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
