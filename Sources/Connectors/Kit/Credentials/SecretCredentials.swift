public import MCPAuth
public import Secrets

/// Credentials that do not change by themselves: API tokens and passwords, kept where the references point and read with every
/// request, so that a rotated one counts at once.
public struct SecretCredentials: CredentialSource {
  /// Makes headers of the secret.
  public typealias Form = @Sendable (Secret) -> [(name: String, value: Secret)]

  private let service: SecretReference?
  private let users: [String: SecretReference]
  private let limit: String?
  private let form: Form

  /// - Parameters:
  ///   - service: of the connector's own account; nil where it acts for people only.
  ///   - users: of people, by their id. Who is not there gets the service's if `service` is given and `users` is empty, else none.
  ///   - limit: whose limits they share (``VendorCredential/limitedAs``); nil where each has its own.
  public init(service: SecretReference?, users: [String: SecretReference] = [:], limit: String? = nil, form: @escaping Form = Self.bearer) {
    self.service = service
    self.users = users
    self.limit = limit
    self.form = form
  }

  public static let bearer: Form = { [("Authorization", Secret("Bearer " + $0.reveal()))] }

  public func credential(for subject: Subject, asking vendor: String) async throws(VendorError) -> VendorCredential {
    let reference: SecretReference?
    switch subject {
    case .service: reference = service
    case .user(let id): reference = users[id]
    }
    guard let reference else {
      throw VendorError(.consentRequired, "There is no \(vendor) credential for \(subject.name). An administrator adds one to the connector's settings.")
    }
    do throws(SecretError) {
      return VendorCredential(id: subject.key, limitedAs: limit, headers: form(try reference.resolve()))
    } catch {
      throw VendorError(.unavailable, "The \(vendor) credential for \(subject.name) cannot be read: \(error)")
    }
  }

  public func renew(_ refused: VendorCredential, for subject: Subject, asking vendor: String) async throws(VendorError) -> VendorCredential {
    let current = try await credential(for: subject, asking: vendor)
    let isSame = current.headers.count == refused.headers.count && zip(current.headers, refused.headers).allSatisfy { $0.value == $1.value }
    guard !isSame else {
      throw VendorError(.unauthorized, "\(vendor) refuses the credential of \(subject.name). An administrator must replace it.", status: 401)
    }
    return current
  }
}
