/// The right of one request to be under way. It ends when the value does; it cannot be copied, so it cannot end twice.
public struct Slot: ~Copyable, Sendable {
  private let limiter: Limiter
  private let index: Int

  init(_ limiter: Limiter, _ index: Int) {
    self.limiter = limiter
    self.index = index
  }

  /// Ends the slot now.
  public consuming func release() {}

  deinit { limiter.release(index) }
}
