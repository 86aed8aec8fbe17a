internal import NIOCore
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A test did not end in its time.
public struct TestTimeout: Error, Sendable, CustomStringConvertible {
  public let description: String
}

/// Runs `body`, and cancels it after `limit`.
func bounded<R: Sendable>(_ limit: Duration, _ what: @escaping @Sendable () -> String, _ body: @escaping @Sendable () async throws -> R) async throws -> R {
  try await withThrowingTaskGroup(of: R?.self) { group in
    group.addTask { try await body() }
    group.addTask {
      try await Task.sleep(for: limit)
      return nil
    }
    defer { group.cancelAll() }
    guard let result = try await group.next() else { throw CancellationError() }
    if let result { return result }
    throw TestTimeout(description: "not done after \(limit): \(what())")
  }
}

/// Lets as many tests run at a time as there are processors, and at least two.
///
/// Swift Testing starts all cases of all tests at once. Hundreds of clients and servers that take turns on two cores are each so slow that
/// their own timeouts end them; a few at a time are done sooner, and the time of each begins when it is its turn.
enum Admission {
  @TaskLocal private static var isAdmitted = false
  private static let shared = Gate(places: max(2, sysconf(CInt(_SC_NPROCESSORS_ONLN))))

  /// Runs `body` when there is a place for it. What runs inside of it, servers of servers for example, needs none of its own.
  static func admitted<R: Sendable>(_ body: @Sendable () async throws -> R) async throws -> R {
    guard !isAdmitted else { return try await body() }
    await shared.enter()
    defer { shared.leave() }
    return try await $isAdmitted.withValue(true) { try await body() }
  }

  private final class Gate: Sendable {
    private struct State {
      var places: Int
      var waiting = CircularBuffer<CheckedContinuation<Void, Never>>()
    }
    /// Guards the places and the queue; continuations are resumed outside of it.
    private let state: Mutex<State>

    init(places: Int) { state = Mutex(State(places: places)) }

    func enter() async {
      await withCheckedContinuation { continuation in
        let isFree = state.withLock { state in
          guard state.places > 0 else {
            state.waiting.append(continuation)
            return false
          }
          state.places -= 1
          return true
        }
        if isFree { continuation.resume() }
      }
    }

    func leave() {
      let next: CheckedContinuation<Void, Never>? = state.withLock { state in
        if state.waiting.isEmpty { state.places += 1 }
        return state.waiting.popFirst()
      }
      next?.resume()
    }
  }
}
