/// How a connector reads an answer of its vendor: the one place where a vendor's ways of saying no are known.
public enum Disposition: Sendable {
  /// What was asked for, with what the answer says of the limit it counted against.
  case accepted(QuotaReading? = nil)
  /// Not done, because of a limit.
  case throttled(Throttle)
  /// The credential is not valid, or no longer. One renewal is tried.
  case unauthorized(vendorCode: String? = nil)
  /// Not done because the vendor has a problem. Sent again if the request is idempotent.
  case unavailable(retryAfter: Int64? = nil, vendorCode: String? = nil)
  case failed(VendorError)
}

/// What an answer says of a limit.
public struct QuotaReading: Sendable, Hashable {
  /// Requests left in the window.
  public var remaining: Int
  /// Seconds until the window ends.
  public var resetsIn: Int64

  public init(remaining: Int, resetsIn: Int64) {
    self.remaining = remaining
    self.resetsIn = resetsIn
  }
}

/// A vendor's limit that was met.
public struct Throttle: Sendable, Hashable {
  /// Whose requests must wait.
  public enum Scope: Sendable, Hashable {
    /// Those of the credential in the same bucket.
    case bucket
    /// All of the credential.
    case credential
    /// Those that concern the same thing, whoever sends them (``VendorRequest/limitedResource``).
    case resource
    /// All to this vendor.
    case everything
  }

  public var scope: Scope
  /// Seconds; nil where the vendor does not say.
  public var retryAfter: Int64?
  public var vendorCode: String?
  /// A daily allowance, for example: waiting within one call is pointless.
  public var isExhausted: Bool

  public init(_ scope: Scope = .bucket, retryAfter: Int64? = nil, vendorCode: String? = nil, isExhausted: Bool = false) {
    self.scope = scope
    self.retryAfter = retryAfter
    self.vendorCode = vendorCode
    self.isExhausted = isExhausted
  }
}
