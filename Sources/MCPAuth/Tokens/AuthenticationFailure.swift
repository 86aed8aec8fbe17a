/// Why a request has no principal. It tells a caller about the credential, never whether a user exists.
public struct AuthenticationFailure: Error, Sendable, CustomStringConvertible {
  /// Why a request was not let in.
  public enum Code: String, Sendable {
    /// No credential was presented.
    case missing
    /// The Authorization header is not `Bearer` and one token of at most 16 KB.
    case malformed
    /// Unknown, badly signed, from an issuer that is not trusted, or for a user who is refused.
    case invalid
    case expired
    case notYetValid = "not_yet_valid"
    case revoked
    case wrongAudience = "wrong_audience"
    case insufficientScope = "insufficient_scope"
    /// The proof of possession (RFC 9449) is missing, does not fit the request or was seen before.
    case invalidProof = "invalid_proof"
    /// The proof of possession must carry a nonce of this server.
    case nonceRequired = "nonce_required"
    /// The credential could not be checked: the store or the issuer's keys are out of reach.
    case unavailable
  }

  /// What kind of error it is.
  public let code: Code
  /// Says what to do, in the characters that RFC 6750 section 3 allows in `error_description`.
  public let description: String
  /// The scopes that the request needs, for `insufficientScope`.
  public let scopes: [String]
  /// For the log only.
  public let cause: (any Error)?

  private init(_ code: Code, _ description: String, scopes: [String] = [], cause: (any Error)? = nil) {
    self.code = code
    self.description = description
    self.scopes = scopes
    self.cause = cause
  }

  public static let missing = AuthenticationFailure(.missing, "Send an access token as Authorization: Bearer")
  public static let malformed = AuthenticationFailure(.malformed, "Send one header Authorization: Bearer and one token of at most 16 KB")
  public static let invalid = AuthenticationFailure(.invalid, "The token is not valid here. Get a new one")
  public static let expired = AuthenticationFailure(.expired, "The token has expired. Get a new one")
  public static let notYetValid = AuthenticationFailure(.notYetValid, "The token is not valid yet. Check the clock of its issuer")
  public static let revoked = AuthenticationFailure(.revoked, "The token was revoked. Get a new one")
  public static let wrongAudience = AuthenticationFailure(
    .wrongAudience, "The token was issued for another resource. Request one with the resource parameter of this server")

  public static let nonceRequired = AuthenticationFailure(.nonceRequired, "Send the DPoP proof again with the nonce of the DPoP-Nonce header")

  /// - Parameter reason: what is wrong with the proof, a sentence without quotes.
  public static func invalidProof(_ reason: String) -> AuthenticationFailure { AuthenticationFailure(.invalidProof, reason) }

  /// The token is good, for other things than this.
  public static func insufficientScope(_ scopes: [String]) -> AuthenticationFailure {
    AuthenticationFailure(.insufficientScope, "The token lacks a scope that is required here", scopes: scopes)
  }

  /// What is needed to check the token cannot be reached. `cause` is for logs.
  public static func unavailable(_ cause: any Error) -> AuthenticationFailure {
    AuthenticationFailure(.unavailable, "The token cannot be checked right now. Try again", cause: cause)
  }

  /// The HTTP status: RFC 6750 section 3.1, and 503 where nothing is wrong with the request.
  public var status: Int {
    switch code {
    case .malformed: 400
    case .insufficientScope: 403
    case .unavailable: 503
    default: 401
    }
  }

  /// The `error` of RFC 6750 section 3.1; none where no credential was presented.
  public var error: String? {
    switch code {
    case .missing, .unavailable: nil
    case .malformed: "invalid_request"
    case .insufficientScope: "insufficient_scope"
    case .invalidProof: "invalid_dpop_proof"
    case .nonceRequired: "use_dpop_nonce"
    default: "invalid_token"
    }
  }

  /// The value of `WWW-Authenticate` (RFC 6750 section 3, RFC 9728 section 5.1), or nil if none belongs in the answer.
  /// - Parameters:
  ///   - resourceMetadata: the URL of the ``ProtectedResourceMetadata``.
  ///   - wanted: the scopes to ask for where no credential was presented (MCP 2026-07-28, scope selection strategy).
  ///   - dpopAlgorithms: makes it a challenge of the scheme `DPoP`, with these algorithms (RFC 9449 section 7.1).
  public func challenge(resourceMetadata: String, scopes wanted: [String] = [], dpopAlgorithms: [SignatureAlgorithm] = []) -> String? {
    if code == .unavailable { return nil }
    var text = "\(dpopAlgorithms.isEmpty ? "Bearer" : "DPoP") resource_metadata=\"\(Self.quotable(resourceMetadata))\""
    let scopes = scopes.isEmpty ? wanted : scopes
    if !scopes.isEmpty { text += ", scope=\"\(Self.quotable(scopes.joined(separator: " ")))\"" }
    if let error { text += ", error=\"\(error)\", error_description=\"\(Self.quotable(description))\"" }
    if !dpopAlgorithms.isEmpty { text += ", algs=\"\(dpopAlgorithms.map(\.rawValue).joined(separator: " "))\"" }
    return text
  }

  /// What may stand between quotes as it is: printable ASCII without `"` and `\`.
  private static func quotable(_ text: String) -> String {
    String(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value < 0x7F && $0 != "\"" && $0 != "\\" }.map { Character($0) })
  }
}
