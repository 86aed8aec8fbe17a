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
    /// Proofs remembered at most; beyond, new ones are refused until old ones are out of time.
    public var capacity: Int
    /// Whether every proof must carry a nonce of this server (section 9).
    public var requiresNonce: Bool

    public init(algorithms: [SignatureAlgorithm] = [.es256, .edDSA], tolerance: Int64 = 60, capacity: Int = 100_000, requiresNonce: Bool = false) {
      self.algorithms = algorithms
      self.tolerance = tolerance
      self.capacity = capacity
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
    // A proof is good from `tolerance` before now to `tolerance` after.
    seen = Mutex(ReplayWindow(length: 2 * configuration.tolerance + 1, capacity: configuration.capacity))
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
    switch seen.withLock({ $0.note(ReplayWindow.Entry(entry.0, entry.1), at: now) }) {
    case .new: break
    case .replayed: throw .invalidProof("The DPoP proof was used before. Make one for each request")
    case .full: throw .unavailable(KeySourceError("Too many DPoP proofs in the last \(2 * configuration.tolerance) seconds."))
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

/// What was seen in the last seconds, bounded in number.
///
/// Two generations of `length` seconds each: an entry lives through at least one whole length and at most two.
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

  private var young: Set<Entry> = []
  private var old: Set<Entry> = []
  private var began: Int64 = 0
  private let length: Int64
  private let capacity: Int

  init(length: Int64, capacity: Int) {
    self.length = length
    self.capacity = capacity
  }

  mutating func note(_ entry: Entry, at now: Int64) -> Outcome {
    if now - began >= 2 * length || now < began {
      // A clock that was set back forgets nothing that it could need.
      old = now < began ? young.union(old) : []
      young = []
      began = now
    } else if now - began >= length {
      old = young
      young = []
      began = now
    }
    if young.contains(entry) || old.contains(entry) { return .replayed }
    guard young.count + old.count < capacity else { return .full }
    young.insert(entry)
    return .new
  }
}
