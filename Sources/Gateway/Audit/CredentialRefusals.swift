internal import Synchronization

/// Keeps refused credentials from filling the audit log: anybody can send them, so they have one small allowance together.
///
/// Twenty leaves at once, and one more every ten seconds: some two megabytes a day at the most. Each says how many it stands for.
final class CredentialRefusals: Sendable {
  private struct State {
    var allowance = CredentialRefusals.burst
    /// Milliseconds since 1970.
    var refilled: Int64 = 0
    var unwritten = 0
  }

  private static let burst = 20
  private static let interval: Int64 = 10_000
  /// Guards the allowance and the count.
  private let state = Mutex(State())

  /// The number of refusals that were not written since the last leaf; nil if this one is not to be written either.
  func admit(at time: Int64) -> Int? {
    state.withLock { state in
      let due = max(0, (time - state.refilled) / Self.interval)
      if due > 0 {
        state.allowance = Int(min(Int64(Self.burst), Int64(state.allowance) + min(due, Int64(Self.burst))))
        state.refilled = state.refilled == 0 ? time : state.refilled + due * Self.interval
      }
      guard state.allowance > 0 else {
        state.unwritten += 1
        return nil
      }
      state.allowance -= 1
      defer { state.unwritten = 0 }
      return state.unwritten
    }
  }
}
