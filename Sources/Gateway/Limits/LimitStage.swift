/// The first stage: a request gets a place under all limits, or learns when to come back.
///
/// Before anything else is done for it, so that requests that will be refused count as well.
struct LimitStage: Sendable {
  let limiter: Limiter

  func admit(_ exchange: Exchange) async throws(Refusal) -> Slot {
    do throws(LimitRefusal) { return try await limiter.admit(exchange.principal) } catch {
      throw Refusal(
        .limited, .policy, error.description, detail: error.cause.map { "\($0)" }, limit: error.code.rawValue, retryAfter: error.retryAfter)
    }
  }
}
