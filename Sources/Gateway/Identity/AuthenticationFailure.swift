/// Why a request has no principal. It tells a caller about the credential, never whether a user exists.
public struct AuthenticationFailure: Error, Sendable, CustomStringConvertible {
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
    /// The credential could not be checked: the store or the issuer's keys are out of reach.
    case unavailable
  }

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

  public static func insufficientScope(_ scopes: [String]) -> AuthenticationFailure {
    AuthenticationFailure(.insufficientScope, "The token lacks a scope that is required here", scopes: scopes)
  }

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
    default: "invalid_token"
    }
  }

  /// The value of `WWW-Authenticate` (RFC 6750 section 3, RFC 9728 section 5.1), or nil if none belongs in the answer.
  /// - Parameter resourceMetadata: the URL of the ``ProtectedResourceMetadata``.
  public func challenge(resourceMetadata: String) -> String? {
    if code == .unavailable { return nil }
    var text = "Bearer resource_metadata=\"\(Self.quotable(resourceMetadata))\""
    if !scopes.isEmpty { text += ", scope=\"\(Self.quotable(scopes.joined(separator: " ")))\"" }
    if let error { text += ", error=\"\(error)\", error_description=\"\(Self.quotable(description))\"" }
    return text
  }

  /// What may stand between quotes as it is: printable ASCII without `"` and `\`.
  private static func quotable(_ text: String) -> String {
    String(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value < 0x7F && $0 != "\"" && $0 != "\\" }.map { Character($0) })
  }
}
