/// Why a vendor did not do what was asked, in words that a model and a person can act on. Holds no credential.
public struct VendorError: Error, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// The vendor refused the credential, and a new one did not help.
    case unauthorized
    /// The person or the service has not signed in at the vendor, or not with the scopes that this needs.
    case consentRequired
    /// The credential may not do this.
    case forbidden
    case notFound
    /// The vendor says that the request is wrong.
    case invalid
    /// The vendor's limit, or ours ahead of it, would be passed; see ``VendorError/retryAfter``.
    case throttled
    case conflict
    /// Not reachable, or an answer of the 5xx kind.
    case unavailable
    case timeout
    /// The answer is longer than the bound.
    case tooLarge
    /// The answer cannot be read as what the vendor describes.
    case invalidAnswer
    /// Our configuration or the call's arguments do not allow it; nothing was sent.
    case refused
    case cancelled
  }

  public var code: Code
  /// What is wrong and what to do, safe to show.
  public var message: String
  /// The vendor's own code: `channel_not_found`, `INVALID_FIELD`.
  public var vendorCode: String?
  public var status: Int?
  /// Seconds to wait before it is worth trying again.
  public var retryAfter: Int64?
  /// Whether the request may have had its effect.
  public var mayHaveHadEffect: Bool
  /// Where to sign in, of ``Code/consentRequired``.
  public var consentURL: String?

  public init(
    _ code: Code, _ message: String, vendorCode: String? = nil, status: Int? = nil, retryAfter: Int64? = nil, mayHaveHadEffect: Bool = false,
    consentURL: String? = nil
  ) {
    self.code = code
    self.message = message
    self.vendorCode = vendorCode
    self.status = status
    self.retryAfter = retryAfter
    self.mayHaveHadEffect = mayHaveHadEffect
    self.consentURL = consentURL
  }

  public var description: String {
    var text = message
    if let vendorCode, !message.contains(vendorCode) { text += " (\(vendorCode))" }
    if let retryAfter { text += " Try again in \(retryAfter) s." }
    if mayHaveHadEffect { text += " It may have had its effect; check before you repeat it." }
    return text
  }
}
