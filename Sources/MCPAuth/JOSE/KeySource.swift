internal import Foundation
public import Logging
public import NIOCore

/// Fetches the body of a URL: a 200 answer, or an error. It must have a time limit of its own.
public typealias KeyFetch = @Sendable (_ url: String) async throws -> ByteBuffer

/// Why an issuer's keys could not be had.
public struct KeySourceError: Error, Sendable, Hashable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}

/// An issuer's keys, fetched when first needed, again when a token names an unknown one, and again when they are old.
///
/// One fetch is under way at a time and at most one a `retryInterval` is started, so invented key ids cannot make the server
/// hammer the issuer. Keys that were fetched once are kept for as long as no newer ones can be had.
public actor KeySource {
  private let issuer: JWTIssuer
  private let fetch: KeyFetch?
  private let now: @Sendable () -> Int64
  private let logger: Logger
  private var current: JSONWebKeySet?
  private var fetched: Int64 = 0
  private var attempted: Int64?
  private var refreshing: Task<Void, Never>?
  private var failure = KeySourceError("The keys were not fetched yet.")
  /// Seconds between the starts of two fetches.
  static let retryInterval: Int64 = 30
  /// The same while there are no keys at all and every token is refused.
  static let firstRetryInterval: Int64 = 2

  /// - Parameters:
  ///   - fetch: gets the set, where it is at a URL.
  ///   - now: seconds since 1970.
  public init(issuer: JWTIssuer, fetch: KeyFetch?, now: @escaping @Sendable () -> Int64 = SystemSeconds.now, logger: Logger) {
    self.issuer = issuer
    self.fetch = fetch
    self.now = now
    self.logger = logger
  }

  /// The keys that may have signed such a token; none if the issuer has no such key.
  /// - Throws: if there are no keys to look at.
  public func keys(keyID: String?, algorithm: SignatureAlgorithm) async throws(KeySourceError) -> [VerificationKey] {
    if let found = current?.keys(keyID: keyID, algorithm: algorithm), !found.isEmpty {
      if now() - fetched >= issuer.keysMaximumAge { _ = startRefresh() }
      return found
    }
    await startRefresh()?.value
    guard let current else { throw failure }
    return current.keys(keyID: keyID, algorithm: algorithm)
  }

  /// The refresh under way, a new one, or nil if it is too early for another.
  private func startRefresh() -> Task<Void, Never>? {
    if let refreshing { return refreshing }
    let now = self.now()
    let interval = current == nil ? Self.firstRetryInterval : Self.retryInterval
    if let attempted, now >= attempted, now - attempted < interval { return nil }
    attempted = now
    // Not a child of the request that happened to come first: others wait for it, and that one may be cancelled.
    let task = Task { await refresh() }
    refreshing = task
    return task
  }

  private func refresh() async {
    defer { refreshing = nil }
    do {
      current = try JSONWebKeySet(parsing: await load(), algorithms: issuer.algorithms)
      fetched = now()
    } catch {
      failure = error as? KeySourceError ?? KeySourceError("Cannot get the keys of \(issuer.issuer): \(error)")
      logger.warning(
        "cannot refresh the keys of an issuer; the ones at hand stay in use",
        metadata: [
          "issuer": "\(issuer.issuer)", "error": "\(failure)",
        ])
    }
  }

  private func load() async throws -> ByteBuffer {
    switch issuer.keys {
    case .url(let url):
      guard let fetch else { throw KeySourceError("No way to fetch \(url) was given.") }
      return try await fetch(url)
    case .file(let path): return ByteBuffer(bytes: try Data(contentsOf: URL(filePath: path)))
    }
  }
}
