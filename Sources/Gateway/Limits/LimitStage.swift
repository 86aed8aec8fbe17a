/// Stage 6: a permit gets a place under all limits, or learns when to come back.
struct LimitStage: Sendable {
  let limiter: Limiter

  func admit(_ permit: consuming Permit) async throws(Refusal) -> AdmittedCall {
    let slot: Slot
    do throws(LimitRefusal) { slot = try await limiter.admit(permit.call.exchange.principal) } catch {
      throw Refusal(
        .limited, .policy, error.description, detail: error.cause.map { "\($0)" }, limit: error.code.rawValue, retryAfter: error.retryAfter)
    }
    return AdmittedCall(permit, slot)
  }
}
