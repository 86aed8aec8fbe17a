public import Crypto
internal import JSON
internal import MCP
public import MCPHTTP
internal import Synchronization

/// Signing in at a vendor in a browser: the authorization code grant with PKCE (RFC 6749, section 4.1; RFC 7636), begun from a link
/// that names one subject, lives for minutes and works once.
///
/// The link's page says whose account will be connected before it leads on. Whoever holds the link is taken for that person, so it
/// goes to the person's own client only; where the connector can ask the vendor, the account must also be the person's.
public final class SignIn: Sendable {
  public struct Configuration: Sendable {
    /// As it stands on the page.
    public var vendor: String
    /// Asked when somebody signs in.
    public var authorizationEndpoint: @Sendable () async throws(VendorError) -> HTTPURL
    public var clientID: String
    public var scopes: [String]
    /// How scopes are joined: some vendors want commas.
    public var scopeSeparator: String
    public var extraQuery: [(name: String, value: String?)]
    /// Whether the vendor knows PKCE.
    public var usesPKCE: Bool
    /// Seconds that a link lives.
    public var lifetime: Int64

    public init(
      vendor: String, authorizationEndpoint: HTTPURL, clientID: String, scopes: [String], scopeSeparator: String = " ",
      extraQuery: [(name: String, value: String?)] = [], usesPKCE: Bool = true, lifetime: Int64 = 600
    ) {
      self.init(
        vendor: vendor, authorizationEndpoint: { authorizationEndpoint }, clientID: clientID, scopes: scopes, scopeSeparator: scopeSeparator,
        extraQuery: extraQuery, usesPKCE: usesPKCE, lifetime: lifetime)
    }

    /// Of an endpoint that has to be found.
    public init(
      vendor: String, authorizationEndpoint: @escaping @Sendable () async throws(VendorError) -> HTTPURL, clientID: String, scopes: [String],
      scopeSeparator: String = " ", extraQuery: [(name: String, value: String?)] = [], usesPKCE: Bool = true, lifetime: Int64 = 600
    ) {
      self.vendor = vendor
      self.authorizationEndpoint = authorizationEndpoint
      self.clientID = clientID
      self.scopes = scopes
      self.scopeSeparator = scopeSeparator
      self.extraQuery = extraQuery
      self.usesPKCE = usesPKCE
      self.lifetime = lifetime
    }
  }

  private let configuration: Configuration
  private let publicURL: String
  private let key: SymmetricKey
  private let time: VendorTime
  /// Nonces that were spent, with the time at which their links end anyway. Guarded by the mutex.
  private let spent = Mutex<[String: Int64]>([:])

  /// - Parameters:
  ///   - publicURL: under which ``routes(finish:)`` are reached.
  ///   - key: 32 bytes, the same in every replica.
  public init(_ configuration: Configuration, publicURL: String, key: SymmetricKey, time: VendorTime = .system) {
    self.configuration = configuration
    self.publicURL = publicURL
    self.key = key
    self.time = time
  }

  private static let startPath = "/sign-in"
  private static let endPath = "/callback"
  public var redirectURI: String { publicURL + Self.endPath }

  /// The link of a subject; nil where there is none, for services.
  public func link(for subject: Subject) -> String? {
    guard case .user(let user) = subject else { return nil }
    let nonce = Base64.encode(SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) }, urlSafe: true)
    let state: JSONValue = ["u": .string(user), "n": .string(nonce), "e": .int(time.seconds() + configuration.lifetime)]
    guard let box = try? ChaChaPoly.seal(Array(state.text.utf8), using: key, authenticating: context) else { return nil }
    return publicURL + Self.startPath + "?state=" + Base64.encode(box.combined, urlSafe: true)
  }

  private var context: [UInt8] { Array("sluice sign-in 1 \(configuration.clientID) \(redirectURI)".utf8) }

  private struct State {
    var user: String
    var nonce: String
    var expiry: Int64
  }

  private func open(_ text: String?) -> State? {
    guard let text, text.utf8.count <= 4096, let bytes = Base64.decode(text, urlSafe: true), let box = try? ChaChaPoly.SealedBox(combined: bytes),
      let opened = try? ChaChaPoly.open(box, using: key, authenticating: context), let plain = String(validating: Array(opened), as: UTF8.self),
      let json = try? JSONValue(parsing: plain), let user = json["u"]?.string, let nonce = json["n"]?.string, let expiry = json["e"]?.int,
      expiry > time.seconds()
    else { return nil }
    return State(user: user, nonce: nonce, expiry: Int64(expiry))
  }

  /// Derived, so that nothing is kept between the two halves.
  private func verifier(_ nonce: String) -> String {
    Base64.encode(Array(HMAC<SHA256>.authenticationCode(for: Array("verifier \(nonce)".utf8), using: key)), urlSafe: true)
  }

  /// The two pages of a sign-in.
  ///
  /// - Parameters:
  ///   - finish: spends the code and stores the token.
  public func routes(
    finish: @escaping @Sendable (_ code: String, _ subject: Subject, _ redirectURI: String, _ verifier: String?) async throws(VendorError) -> Void
  ) -> [ConnectorRoute] {
    [
      ConnectorRoute(.get, Self.startPath) { request in
        guard let state = self.open(request.query["state"]) else { return Self.page(400, "This link is not valid any more. Ask for it again.") }
        guard request.query["go"] == "1" else { return self.confirmation(state.user, request.query["state"] ?? "") }
        do throws(VendorError) {
          return RouteReply(302, location: self.authorizationURL(try await self.configuration.authorizationEndpoint(), state.nonce, request.query["state"] ?? ""))
        } catch { return Self.page(502, "The sign-in cannot begin: \(error)") }
      },
      ConnectorRoute(.get, Self.endPath) { request in
        guard let state = self.open(request.query["state"]) else { return Self.page(400, "This sign-in is not valid any more. Begin again.") }
        guard let code = request.query["code"] else { return Self.page(400, "\(self.configuration.vendor) did not grant access. Nothing was stored.") }
        guard self.spend(state) else { return Self.page(400, "This sign-in was used already. Begin again.") }
        do throws(VendorError) {
          try await finish(code, .user(state.user), self.redirectURI, self.configuration.usesPKCE ? self.verifier(state.nonce) : nil)
          return Self.page(200, "You are signed in to \(self.configuration.vendor). You can close this page.")
        } catch { return Self.page(502, "The sign-in could not be finished: \(error)") }
      },
    ]
  }

  private func spend(_ state: State) -> Bool {
    let now = time.seconds()
    return spent.withLock { spent in
      spent = spent.filter { $0.value > now }
      return spent.updateValue(state.expiry, forKey: state.nonce) == nil
    }
  }

  private func authorizationURL(_ endpoint: HTTPURL, _ nonce: String, _ state: String) -> String {
    var query: [(name: String, value: String?)] = [
      ("response_type", "code"), ("client_id", configuration.clientID), ("redirect_uri", redirectURI), ("state", state),
      ("scope", configuration.scopes.isEmpty ? nil : configuration.scopes.joined(separator: configuration.scopeSeparator)),
    ]
    if configuration.usesPKCE {
      query += [
        ("code_challenge", Base64.encode(Array(SHA256.hash(data: Array(verifier(nonce).utf8))), urlSafe: true)), ("code_challenge_method", "S256"),
      ]
    }
    return PercentEncoding.append(query + configuration.extraQuery, to: endpoint.description)
  }

  // MARK: Pages

  private func confirmation(_ user: String, _ state: String) -> RouteReply {
    let link = "\(publicURL)\(Self.startPath)?go=1&amp;state=\(state)"
    return Self.page(
      200, "You are about to connect a \(configuration.vendor) account to \(user). Go on only if that is you and you asked for this.",
      link: "<p><a href=\"\(link)\">Sign in to \(Self.escaped(configuration.vendor))</a></p>")
  }

  private static func page(_ status: Int, _ text: String, link: String = "") -> RouteReply {
    RouteReply(
      status, "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Sluice</title><p>\(escaped(text))</p>\(link)</html>",
      contentType: "text/html; charset=utf-8")
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
  }
}
