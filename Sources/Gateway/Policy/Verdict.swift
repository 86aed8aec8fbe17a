internal import Cedar

/// Cedar's answer to a request, as far as the request is known, read as a gateway must read it: a forbid that cannot be
/// evaluated forbids. Cedar itself skips it, and callers could make it fail, by a text for a number for example.
struct Verdict: Sendable {
  enum Outcome: Sendable { case allow, conditional, deny }

  let outcome: Outcome
  let response: PartialResponse
  /// The forbids that fail whatever the unknowns are.
  let failedForbids: [Policy]
  /// The ids of the forbids that depend on the unknowns.
  private let openForbids: Set<String>

  init(_ response: PartialResponse, of policies: PolicySet) {
    self.response = response
    failedForbids = response.errors.compactMap { policies.policy($0.policyID) }.filter { $0.effect == .forbid }
    openForbids = Set(response.residualPolicies.filter { $0.policy.effect == .forbid }.map(\.policy.id))
    outcome =
      if !failedForbids.isEmpty { .deny } else {
        switch response.residual {
        case .allow: .allow
        case .deny: .deny
        case .conditional: .conditional
        }
      }
  }

  /// The policies that forbid, or may have forbidden, whatever the unknowns are.
  var forbidding: [Policy] { failedForbids + response.satisfied.filter { $0.effect == .forbid } }

  /// The policies that allow, or may; none where the answer is no.
  var contributing: [Policy] { outcome == .deny ? [] : response.satisfied + response.residualPolicies.map(\.policy) }

  /// Whether what is left depends on the context.
  var mentionsContext: Bool { response.residualPolicies.contains { Self.mentionsContext($0.condition) } }

  /// Whether a forbid that is left depends on the context.
  var forbidMentionsContext: Bool {
    response.residualPolicies.contains { $0.policy.effect == .forbid && Self.mentionsContext($0.condition) }
  }

  private static func mentionsContext(_ expression: Expr) -> Bool {
    if case .variable(.context) = expression { return true }
    return expression.children.contains(where: mentionsContext)
  }

  /// Decides for one record in the place of the unknown resource.
  ///
  /// - Parameter id: without one, no record stands that a rule asks the identity of.
  func permits(type: String, id: String?, attributes: Record, parents: [EntityUID]) -> Bool {
    switch outcome {
    case .allow: return true
    case .deny: return false
    case .conditional:
      if openForbids.isEmpty || id == nil {
        guard response.evaluate(attributes: attributes, id: id, parents: parents) else { return false }
        if openForbids.isEmpty { return true }
      }
      let record = Entity(uid: EntityUID(type: type, id: id ?? ""), attributes: attributes, parents: parents)
      let answer = response.respond(PartialResponse.Bindings(resource: record))
      return answer.decision == .allow && !answer.errors.contains { openForbids.contains($0.policyID) }
    }
  }
}

/// What the annotations of the policies that allow a call ask in return.
struct Obligations: Sendable {
  /// The names of the permits, by their `@id` where they have one, for the audit log.
  let reasons: [String]
  /// Required if any permit says so: one that asks for less does not lower what another asks for.
  let purpose: PurposeRule?
  /// Whether the audit log must be on the disk, not only with the kernel, before the effect.
  let isStrict: Bool
  /// Whether a permit says that a prompt or resource holds no records, so that rules on rows have nothing to say of it.
  let holdsNoRecords: Bool

  init(_ policies: [Policy]) {
    var seen = Set<String>()
    let permits = policies.filter { $0.effect == .permit && seen.insert($0.id).inserted }
    reasons = permits.map { $0.annotation("id") ?? $0.id }
    let purposes = permits.compactMap { $0.annotation("purpose") }
    // A word that means nothing here asks for the more.
    purpose = purposes.isEmpty ? nil : purposes.allSatisfy { $0 == "optional" } ? .optional : .required
    holdsNoRecords = permits.contains { $0.annotation("records") == "none" }
    isStrict = policies.contains { $0.annotation("audit") == "strict" }
  }
}
