internal import JSON
internal import MCP
internal import NIOCore

/// The proof that policy allows a call, with everything that it asks in return. Used once: consumed by the call it allows.
struct Permit: ~Copyable {
  let call: Call
  /// Names of the policies that allow it.
  let reasons: [String]
  /// What the caller gave as the purpose.
  let purpose: String?
  let isStrict: Bool
  let plan: ScreeningPlan
  /// `_meta` members for the upstream: row rules and clearance.
  let meta: ByteBuffer
  /// The arguments to send, where they differ from those received.
  let arguments: ByteBuffer?
}

/// A permitted call that has a place under all limits; gives it back when it ends.
struct AdmittedCall: ~Copyable {
  let permit: Permit
  /// Held for its end.
  private let slot: Slot

  init(_ permit: consuming Permit, _ slot: consuming Slot) {
    self.permit = permit
    self.slot = slot
  }
}

/// The proof that the intent is in the audit log: the only thing that can be sent to an upstream.
struct RecordedIntent: ~Copyable {
  let admitted: AdmittedCall

  init(_ admitted: consuming AdmittedCall) { self.admitted = admitted }

  var call: Call { admitted.permit.call }
}
