public import MCPAuth
internal import Synchronization

/// Credentials that expire and are renewed: one renewal at a time for each subject, for however many requests wait; and what a
/// vendor rotated is stored before it is used, so that a crash cannot lose the only valid refresh token.
public final class TokenCredentials: CredentialSource {
  /// Makes headers of a token.
  public typealias Form = @Sendable (StoredToken) -> [(name: String, value: Secret)]

  private struct Current: Sendable {
    var token: StoredToken
    var generation: Int
  }
  private struct Entry {
    var current: Current?
    var renewal: Task<Result<Current, VendorError>, Never>?
  }

  /// Guards what is known of each subject. Never held while anything waits.
  private let entries = Mutex<[Subject: Entry]>([:])
  private let connector: String
  private let grant: any Grant
  private let state: any ConnectorState
  private let limit: @Sendable (StoredToken) -> String?
  private let form: Form
  private let time: VendorTime
  /// A token is renewed this many seconds before its end.
  private let margin: Int64

  /// - Parameters:
  ///   - connector: under which name tokens are stored.
  ///   - limit: whose limits a token shares (``VendorCredential/limitedAs``); nil where it has its own.
  public init(
    connector: String, grant: any Grant, state: any ConnectorState, time: VendorTime = .system, margin: Int64 = 60,
    limit: @escaping @Sendable (StoredToken) -> String? = { _ in nil },
    form: @escaping Form = { [("Authorization", Secret("Bearer " + $0.accessToken.reveal()))] }
  ) {
    self.connector = connector
    self.grant = grant
    self.state = state
    self.time = time
    self.margin = margin
    self.limit = limit
    self.form = form
  }

  public func credential(for subject: Subject, asking vendor: String) async throws(VendorError) -> VendorCredential {
    credential(try await current(subject, refused: nil), subject)
  }

  public func renew(_ refused: VendorCredential, for subject: Subject, asking vendor: String) async throws(VendorError) -> VendorCredential {
    credential(try await current(subject, refused: refused.generation), subject)
  }

  /// The token of a subject, for what it says besides (``StoredToken/extra``).
  public func token(for subject: Subject) async throws(VendorError) -> StoredToken { try await current(subject, refused: nil).token }

  /// Stores what a person granted by signing in.
  public func adopt(_ token: StoredToken, for subject: Subject) async throws(VendorError) {
    try await store(token, subject)
    entries.withLock { entries in
      var entry = entries[subject] ?? Entry()
      entry.current = Current(token: token, generation: (entry.current?.generation ?? 0) + 1)
      entries[subject] = entry
    }
  }

  /// Forgets the subject's token, here and where it is stored.
  public func forget(_ subject: Subject) async throws(VendorError) {
    entries.withLock { $0[subject] = nil }
    try await store(nil, subject)
  }

  private func credential(_ current: Current, _ subject: Subject) -> VendorCredential {
    VendorCredential(
      id: "\(connector) \(subject.key)", limitedAs: limit(current.token), headers: form(current.token), generation: current.generation)
  }

  private func isUsable(_ current: Current, refused: Int?) -> Bool {
    guard current.generation > refused ?? -1 else { return false }
    return current.token.expires.map { $0 - margin > time.seconds() } ?? true
  }

  private func current(_ subject: Subject, refused: Int?) async throws(VendorError) -> Current {
    let renewal: Task<Result<Current, VendorError>, Never> = entries.withLock { entries in
      var entry = entries[subject] ?? Entry()
      if let current = entry.current, isUsable(current, refused: refused) { return Task { .success(current) } }
      if let renewal = entry.renewal { return renewal }
      let known = entry.current
      // Not the caller's own task: one that gives up does not take the others' renewal with it.
      let task = Task { await self.renewal(of: subject, known, refused: refused) }
      entry.renewal = task
      entries[subject] = entry
      return task
    }
    return try await renewal.value.get()
  }

  private func renewal(of subject: Subject, _ known: Current?, refused: Int?) async -> Result<Current, VendorError> {
    let outcome: Result<Current, VendorError>
    do throws(VendorError) {
      let generation = known?.generation ?? 0
      let stored = try await stored(subject)
      if let stored, known == nil, isUsable(Current(token: stored, generation: generation), refused: refused) {
        outcome = .success(Current(token: stored, generation: generation))
      } else {
        let token = try await grant.token(for: subject, after: stored ?? known?.token)
        try await store(token, subject)
        outcome = .success(Current(token: token, generation: generation + 1))
      }
    } catch { outcome = .failure(error) }
    entries.withLock { entries in
      var entry = entries[subject] ?? Entry()
      entry.renewal = nil
      if case .success(let current) = outcome { entry.current = current }
      entries[subject] = entry
    }
    return outcome
  }

  // MARK: What is stored

  private func key(_ subject: Subject) -> String { "\(connector) token \(subject.key)" }

  private func stored(_ subject: Subject) async throws(VendorError) -> StoredToken? {
    do { return try await state.value(for: key(subject)).flatMap { StoredToken(bytes: $0) } } catch {
      throw VendorError(.unavailable, "The stored \(connector) token cannot be read: \(error)")
    }
  }

  private func store(_ token: StoredToken?, _ subject: Subject) async throws(VendorError) {
    do { try await state.set(token?.bytes, for: key(subject)) } catch {
      throw VendorError(.unavailable, "The \(connector) token cannot be stored, so it is not used: \(error)")
    }
  }
}
