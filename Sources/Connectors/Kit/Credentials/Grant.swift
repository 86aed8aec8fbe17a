/// How tokens of a subject are obtained from a vendor.
public protocol Grant: Sendable {
  /// A new token.
  ///
  /// - Parameter previous: the token before it, whose refresh token may be what is spent; nil where there is none.
  /// - Throws: ``VendorError`` `consentRequired` where a person must sign in first.
  func token(for subject: Subject, after previous: StoredToken?) async throws(VendorError) -> StoredToken
}

/// A grant that nobody has: everything that is not stored needs a person to sign in.
public struct ConsentOnly: Grant {
  private let vendor: String
  private let consentURL: @Sendable (Subject) -> String?

  /// - Parameter consentURL: where the subject signs in; nil where nobody can.
  public init(vendor: String, consentURL: @escaping @Sendable (Subject) -> String? = { _ in nil }) {
    self.vendor = vendor
    self.consentURL = consentURL
  }

  public func token(for subject: Subject, after previous: StoredToken?) async throws(VendorError) -> StoredToken {
    throw VendorError(.consentRequired, "\(subject.name) has not signed in to \(vendor).", consentURL: consentURL(subject))
  }
}
