internal import ConnectorKit
internal import JSON
internal import MCPAuth
internal import MCPHTTP

/// The security schemes of a description that there are credentials for, and headers with secrets that the description knows nothing of.
///
/// Which schemes an operation needs is the description's to say. Each request carries the credentials of its subject, and nobody else's.
struct SecuritySchemes: Sendable {
  /// The API, as people know it.
  let vendor: String
  let schemes: [String: SecurityScheme]
  let reaches: [String: SecurityScheme.Reach]
  let headers: [SecurityScheme]

  /// Whether secrets can be read and tokens are granted.
  func check() async -> [ConnectorFinding] {
    var findings: [ConnectorFinding] = []
    for scheme in headers + schemes.values.sorted(by: { $0.name < $1.name }) { findings += await scheme.check() }
    return findings
  }

  var routes: [ConnectorRoute] { schemes.values.flatMap(\.routes) }

  /// Puts the credentials of an operation into its request.
  ///
  /// - Returns: with what was used, for ``renew(_:)``.
  func authorize(_ request: VendorRequest, _ operation: Operation, as subject: Subject) async throws(VendorError) -> (VendorRequest, [SecurityScheme.Used]) {
    guard let alternative = operation.alternative(where: { reaches[$0]?.includes(subject) == true }) else {
      let names = operation.security.map { $0.map(\.scheme).joined(separator: " and ") }.joined(separator: ", or ")
      let remedy =
        subject == .service
        ? "Add one to the connector's settings, or name there the person who uses it, as user." : "An administrator adds one to the connector's settings."
      throw VendorError(.consentRequired, "There is no \(vendor) credential of \(names) for \(subject.name). \(remedy)")
    }
    var request = request
    var used: [SecurityScheme.Used] = []
    for scheme in headers + alternative.compactMap({ schemes[$0.scheme] }) {
      let credential = try await scheme.credential(for: subject, asking: vendor)
      used.append(credential)
      guard let secret = credential.credential.headers.first?.value.reveal() else { continue }
      switch scheme.place {
      case .header(let name): request.headers.set(name, secret)
      case .query(let name): request = request.adding(query: [(name, secret)])
      case .cookie(let name):
        guard secret.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ";") }) else {
          throw VendorError(.unavailable, "The credential of \(scheme.name) has characters that a cookie cannot have. An administrator must replace it.")
        }
        let cookie = "\(name)=\(secret)"
        request.headers.set("Cookie", request.headers["Cookie"].map { "\($0); \(cookie)" } ?? cookie)
      }
    }
    return (request, used)
  }

  /// Gets other credentials in place of those of a request that the API refused, of which it does not say which it was.
  ///
  /// - Throws: why there are none.
  func renew(_ used: [SecurityScheme.Used]) async throws(VendorError) {
    var refusal = VendorError(
      .unauthorized, "\(vendor) wants a credential, and its description names none for this. An administrator gives one in headers of the connector's settings.",
      status: 401)
    var isRenewed = false
    for one in used {
      do throws(VendorError) {
        _ = try await one.source.renew(one.credential, for: one.subject, asking: vendor)
        isRenewed = true
      } catch {
        // A fixed secret stays what it is, beside others that change.
        guard error.code == .unauthorized else { throw error }
        refusal = error
      }
    }
    if !isRenewed { throw refusal }
  }

  /// What is said of credentials that were refused though they were new.
  func refusal(_ error: VendorError, _ used: [SecurityScheme.Used]) -> VendorError {
    guard let one = used.first(where: { $0.signInLink != nil }) else { return error }
    return VendorError(
      .consentRequired, "\(vendor) refuses the sign-in of \(one.subject.name), even renewed. Signing in again may help.", status: 401, consentURL: one.signInLink)
  }
}

/// Credentials go into requests one by one, by operation, so the API's own source has none.
struct NoCredentials: CredentialSource {
  func credential(for subject: Subject, asking vendor: String) async throws(VendorError) -> VendorCredential {
    // The limits of one person are not those of another.
    VendorCredential(id: subject.key, headers: [])
  }
  func renew(_ refused: VendorCredential, for subject: Subject, asking vendor: String) async throws(VendorError) -> VendorCredential {
    throw VendorError(.unauthorized, "\(vendor) refuses the credential. An administrator must replace it in the connector's settings.", status: 401)
  }
}
