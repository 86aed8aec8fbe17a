internal import Crypto
package import JSON
internal import Synchronization

/// Checks proofs of possession at a resource server (RFC 9449 section 4.3) and remembers those that it saw.
public final class DPoPVerifier: Sendable {
  /// Settings and bounds.
  public struct Configuration: Sendable {
    /// The algorithms that proofs may be signed with.
    public var algorithms: [SignatureAlgorithm]
    /// How old or new a proof may be, in seconds.
    public var tolerance: Int64
    /// Proofs remembered at most, each until it is out of time; beyond, new ones are refused. Some 100 bytes each: a million lets a server
    /// take 8,000 a second.
    public var capacity: Int
    /// Of these those of one key, so that no client can use up the room of the others.
    public var capacityPerKey: Int
    /// Whether every proof must carry a nonce of this server (section 9).
    public var requiresNonce: Bool

    public init(
      algorithms: [SignatureAlgorithm] = [.es256, .edDSA], tolerance: Int64 = 60, capacity: Int = 1_000_000, capacityPerKey: Int = 100_000,
      requiresNonce: Bool = false
    ) {
      self.algorithms = algorithms
      self.tolerance = tolerance
      self.capacity = capacity
      self.capacityPerKey = capacityPerKey
      self.requiresNonce = requiresNonce
    }
  }

  /// What was configured.
  public let configuration: Configuration
  private let nonces: DPoPNonces
  private let now: @Sendable () -> Int64
  /// Guards the proofs seen.
  private let seen: Mutex<ReplayWindow>

  /// - Parameters:
  ///   - nonces: shared by the replicas of one server.
  ///   - now: seconds since 1970.
  public init(_ configuration: Configuration = Configuration(), nonces: DPoPNonces = DPoPNonces(), now: @escaping @Sendable () -> Int64 = SystemSeconds.now) {
    self.configuration = configuration
    self.nonces = nonces
    self.now = now
    seen = Mutex(ReplayWindow(capacity: configuration.capacity, capacityPerKey: configuration.capacityPerKey))
  }

  /// A nonce for the `DPoP-Nonce` header; nil where none is asked for.
  public var nonce: String? { configuration.requiresNonce ? nonces.make(at: now()) : nil }

  /// Checks the proof of a request.
  /// - Parameters:
  ///   - proof: the value of the one `DPoP` header.
  ///   - url: the request's URL as clients know it.
  ///   - thumbprint: of the key that the token is bound to.
  public func verify(proof: String, method: String, url: String, accessToken: String, thumbprint: String) throws(AuthenticationFailure) {
    let token: CompactToken
    do { token = try CompactToken(parsing: Array(proof.utf8), as: .dpopProof) } catch { throw .invalidProof("The DPoP header is no DPoP proof") }
    guard configuration.algorithms.contains(token.algorithm), token.algorithm != .hs256, let jwk = token.header["jwk"], jwk["d"] == nil,
      JSONWebKeySet.algorithms(of: jwk).contains(token.algorithm), let key = try? VerificationKey(jwk: jwk, algorithm: token.algorithm),
      key.isValid(token.signature, over: token.signingInput)
    else { throw .invalidProof("The DPoP proof is not signed by its key") }
    guard let print = Self.thumbprint(jwk), print == thumbprint else { throw .invalidProof("The token is bound to another key") }

    let claims = token.claims
    guard let id = claims["jti"]?.string, !id.isEmpty, id.utf8.count <= 256 else { throw .invalidProof("The DPoP proof has no jti") }
    guard claims["htm"]?.string == method else { throw .invalidProof("The DPoP proof is for another method") }
    guard let target = claims["htu"]?.string, Self.normalized(target) == Self.normalized(url) else { throw .invalidProof("The DPoP proof is for another URL") }
    guard claims["ath"]?.string == DPoPProof.tokenHash(accessToken.utf8) else { throw .invalidProof("The DPoP proof is for another token") }
    let now = now()
    guard let issued = try? AccessToken.time(claims["iat"]), abs(issued - now) <= configuration.tolerance else {
      throw .invalidProof("The DPoP proof is too old or too new. Make one for each request")
    }
    if configuration.requiresNonce {
      guard let nonce = claims["nonce"]?.string, nonces.isValid(nonce, at: now) else { throw .nonceRequired }
    }
    let fingerprint = SHA256.hash(data: Array((thumbprint + " " + id).utf8))
    let entry = fingerprint.withUnsafeBytes { $0.loadUnaligned(as: (UInt64, UInt64).self) }
    // Twice as long as it is good, for clocks that are set back.
    let end = issued + 2 * configuration.tolerance
    switch seen.withLock({ $0.note(ReplayWindow.Entry(entry.0, entry.1), of: thumbprint.hashValue, until: end, at: now) }) {
    case .new: break
    case .replayed: throw .invalidProof("The DPoP proof was used before. Make one for each request")
    case .full: throw .unavailable(KeySourceError("Too many DPoP proofs are to be remembered, of all keys or of this one."))
    }
  }

  /// The thumbprint of a public key (RFC 7638 section 3.2).
  package static func thumbprint(_ jwk: RawJSON) -> String? {
    let names: [String]
    switch jwk["kty"]?.string {
    case "EC": names = ["crv", "kty", "x", "y"]
    case "OKP": names = ["crv", "kty", "x"]
    case "RSA": names = ["e", "kty", "n"]
    default: return nil
    }
    var members = JSONObject()
    for name in names {
      guard let text = jwk[name]?.string else { return nil }
      members[name] = .string(text)
    }
    return Base64URL.encode(SHA256.hash(data: Array(JSONValue.object(members).text.utf8)))
  }

  /// Scheme and host in lower case, without the scheme's own port, query and fragment (RFC 9449 section 4.3, RFC 3986 section 6.2).
  private static func normalized(_ url: String) -> String {
    let target = DPoPProof.target(url)
    guard let end = target.firstRange(of: "://") else { return target }
    let scheme = target[..<end.lowerBound].lowercased()
    let rest = target[end.upperBound...]
    var authority = String(rest.prefix { $0 != "/" }).lowercased()
    let path = rest.dropFirst(authority.count)
    let port = scheme == "https" ? ":443" : ":80"
    if authority.hasSuffix(port) { authority.removeLast(port.count) }
    return "\(scheme)://\(authority)\(path.isEmpty ? "/" : path)"
  }
}

/// The proofs that could be sent again, bounded in number.
struct ReplayWindow {
  /// Half a SHA-256: nobody finds two proofs with one fingerprint.
  struct Entry: Hashable {
    let a, b: UInt64
    init(_ a: UInt64, _ b: UInt64) {
      self.a = a
      self.b = b
    }
  }
  enum Outcome { case new, replayed, full }

  private var entries: Set<Entry> = []
  /// What is forgotten after a second, and whose it is.
  private var ends: [Int64: [(entry: Entry, key: Int)]] = [:]
  /// How many entries a key has, by its hash.
  private var counts: [Int: Int] = [:]
  private var swept = Int64.min
  private let capacity: Int
  private let capacityPerKey: Int

  init(capacity: Int, capacityPerKey: Int) {
    self.capacity = capacity
    self.capacityPerKey = capacityPerKey
  }

  /// - Parameter end: the last second in which it is remembered.
  mutating func note(_ entry: Entry, of key: Int, until end: Int64, at now: Int64) -> Outcome {
    sweep(at: now)
    if entries.contains(entry) { return .replayed }
    guard entries.count < capacity, counts[key, default: 0] < capacityPerKey else { return .full }
    entries.insert(entry)
    ends[end, default: []].append((entry, key))
    counts[key, default: 0] += 1
    return .new
  }

  private mutating func sweep(at now: Int64) {
    guard now != swept else { return }
    swept = now
    for second in ends.keys where second < now {
      for (entry, key) in ends.removeValue(forKey: second) ?? [] {
        entries.remove(entry)
        if let count = counts[key], count > 1 { counts[key] = count - 1 } else { counts[key] = nil }
      }
    }
  }
}
