public import MCPAuth

/// What authenticates requests of one subject.
public struct VendorCredential: Sendable {
  /// Tells credentials apart for caches. Not secret, and the same after a renewal.
  public var id: String
  /// Whose limits at the vendor its requests count against: the same for credentials that share them.
  public var limitedAs: String
  /// Headers to send.
  public var headers: [(name: String, value: Secret)]
  /// Tells a renewed credential from the one before.
  public var generation: Int

  /// - Parameter limitedAs: the credential alone if not given.
  public init(id: String, limitedAs: String? = nil, headers: [(name: String, value: Secret)], generation: Int = 0) {
    self.id = id
    self.limitedAs = limitedAs ?? id
    self.headers = headers
    self.generation = generation
  }

  /// `Authorization: Bearer ...`
  public static func bearer(_ token: Secret, id: String, generation: Int = 0) -> VendorCredential {
    VendorCredential(id: id, headers: [("Authorization", Secret("Bearer " + token.reveal()))], generation: generation)
  }

  /// For requests that carry none.
  static let none = VendorCredential(id: "", headers: [])
}

/// Where credentials come from. Asked with every request; a request of one subject is never given another's.
public protocol CredentialSource: Sendable {
  /// - Throws: ``VendorError`` `consentRequired` where the subject has none, `unavailable` where it cannot be had now.
  func credential(for subject: Subject, asking vendor: String) async throws(VendorError) -> VendorCredential

  /// Another credential in place of one that the vendor refused. Many callers may ask at once: one renewal serves all.
  func renew(_ refused: VendorCredential, for subject: Subject, asking vendor: String) async throws(VendorError) -> VendorCredential
}
