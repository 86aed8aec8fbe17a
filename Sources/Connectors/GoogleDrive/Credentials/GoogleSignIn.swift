internal import ConnectorKit
internal import JSON
internal import MCPAuth
internal import MCPHTTP
internal import Secrets
internal import Synchronization

/// OAuth for people: refresh tokens that an administrator gave, or that came of signing in.
struct GoogleRefreshGrant: Grant {
  let service: SecretReference?
  let users: [String: SecretReference]
  /// The token endpoint, with a grant of refresh tokens.
  let endpoint: ConnectorKit.OAuthGrant

  func token(for subject: Subject, after previous: StoredToken?) async throws(VendorError) -> StoredToken {
    var grant = endpoint
    let seed: SecretReference?
    switch subject {
    case .service: seed = service
    case .user(let id): seed = users[id]
    }
    grant.kind = .refreshToken(seed: seed)
    return try await grant.token(for: subject, after: previous)
  }
}

/// Lets a person's credential through only when the account that it is of is the person's.
final class VerifiedCredentials: CredentialSource {
  private let tokens: TokenCredentials
  private let check: AccountCheck
  /// The generation of each subject's credential that was found to be right. Guarded by the mutex.
  private let verified = Mutex<[Subject: Int]>([:])

  init(_ tokens: TokenCredentials, _ check: AccountCheck) {
    self.tokens = tokens
    self.check = check
  }

  func credential(for subject: Subject, asking vendor: String) async throws(VendorError) -> VendorCredential {
    try await verify(try await tokens.credential(for: subject, asking: vendor), subject)
  }

  func renew(_ refused: VendorCredential, for subject: Subject, asking vendor: String) async throws(VendorError) -> VendorCredential {
    try await verify(try await tokens.renew(refused, for: subject, asking: vendor), subject)
  }

  private func verify(_ credential: VendorCredential, _ subject: Subject) async throws(VendorError) -> VendorCredential {
    guard case .user(let user) = subject, verified.withLock({ $0[subject] }) != credential.generation else { return credential }
    do throws(VendorError) { try await check.check(credential, user) } catch {
      // Google may have ended the token meanwhile; the request itself finds that out and renews.
      guard error.code == .unauthorized else { throw error }
      return credential
    }
    verified.withLock { $0[subject] = credential.generation }
    return credential
  }
}

/// Asks Google whose account a credential is of.
struct AccountCheck: Sendable {
  let accounts: GoogleAccounts
  /// An API that sends the given credential.
  let api: @Sendable (VendorCredential) throws(ConnectorError) -> DriveAPI

  /// - Throws: ``VendorError`` `refused` where it is not the person's.
  func check(_ credential: VendorCredential, _ user: String) async throws(VendorError) {
    let expected = try accounts.address(of: user)
    let drive: DriveAPI
    do throws(ConnectorError) { drive = try api(credential) } catch { throw VendorError(.unavailable, error.description) }
    let address = try await drive.get(["about"], [("fields", "user(emailAddress)")], as: .user(user))["user"]?["emailAddress"]?.string
    guard let address, GoogleAccounts.isSame(address, expected) else {
      throw VendorError(
        .refused, "The Google account that was signed in to is not \(expected), so it is not used for \(user.prefix(100)). Sign in as \(expected).")
    }
  }
}

/// One credential and no other.
struct FixedCredential: CredentialSource {
  let value: VendorCredential

  func credential(for subject: Subject, asking vendor: String) async throws(VendorError) -> VendorCredential { value }

  func renew(_ refused: VendorCredential, for subject: Subject, asking vendor: String) async throws(VendorError) -> VendorCredential {
    throw VendorError(.unauthorized, "Google refuses the credential.", status: 401)
  }
}
