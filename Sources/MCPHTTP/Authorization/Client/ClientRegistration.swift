internal import JSON
internal import MCPAuth
internal import Synchronization

/// Finds out who the client is to an authorization server (MCP 2026-07-28, client registration): registered beforehand, by a metadata
/// document, or registered dynamically.
final class ClientRegistration: Sendable {
  private let configuration: OAuthConfiguration
  private let transport: OAuthTransport
  /// Guards the issuers that clients without one were bound to, by client id.
  private let bindings: Mutex<[String: String]> = Mutex([:])

  init(_ configuration: OAuthConfiguration, _ transport: OAuthTransport) {
    self.configuration = configuration
    self.transport = transport
  }

  /// The issuer to turn to, of those that a resource names.
  func choose(_ issuers: [String], current: String?) -> String {
    let known = Set(configuration.clients.compactMap(\.issuer))
    return issuers.first(where: known.contains) ?? issuers.first { $0 == current } ?? issuers[0]
  }

  /// - Parameter id: of the client that a refresh token was issued to: that one will do wherever it is sent back to. A program on a
  ///   desktop listens on another port each time.
  /// - Returns: nil for a grant that needs no client.
  func identity(at server: AuthorizationServerMetadata, scopes: [String], issuedTo id: String? = nil) async throws -> ClientIdentity? {
    if let client = try preregistered(server.issuer) {
      return ClientIdentity(
        id: client.id, client.authentication, issuer: server.issuer, tokenEndpoint: server.tokenEndpoint, methods: server.tokenAuthenticationMethods)
    }
    if case .jwtBearer = configuration.grant { return nil }
    if case .clientCredentials = configuration.grant {
      throw OAuthError(.registration, "There are no client credentials for the authorization server \(server.issuer). Register a client there and configure it.")
    }
    if let url = configuration.clientMetadataURL, server.takesMetadataDocuments { return ClientIdentity(id: url, proof: .none) }
    if configuration.registration != nil {
      let stored = try await configuration.store.client(issuedBy: server.issuer)
      if let stored, stored.redirectURI == redirectURI || stored.id == id, stored.secretExpires.map({ $0 > configuration.now() }) ?? true { return identity(stored) }
      if let endpoint = server.registrationEndpoint { return identity(try await register(at: endpoint, server, scopes)) }
    }
    throw OAuthError(
      .registration,
      "There is no client id for the authorization server \(server.issuer), and it \(server.registrationEndpoint == nil ? "registers none by itself" : "was not to be asked for one"). Register a client there and configure its id."
    )
  }

  /// Whether the client is known to whom a refresh token was issued. For the sake of a token that is another's nobody registers.
  func knows(_ id: String, at server: AuthorizationServerMetadata) async throws -> Bool {
    switch configuration.grant {
    case .jwtBearer, .clientCredentials: return true
    default: break
    }
    let isRegistered = try preregistered(server.issuer) != nil || (configuration.clientMetadataURL != nil && server.takesMetadataDocuments)
    guard !isRegistered, configuration.registration != nil else { return true }
    return try await configuration.store.client(issuedBy: server.issuer)?.id == id
  }

  /// Forgets a client that the authorization server no longer knows.
  func forget(issuer: String) async throws { try await configuration.store.save(nil, issuedBy: issuer) }

  private var redirectURI: String? {
    if case .authorizationCode(let uri, _) = configuration.grant { return uri }
    return nil
  }

  private func preregistered(_ issuer: String) throws(OAuthError) -> PreregisteredClient? {
    if let client = configuration.clients.first(where: { $0.issuer == issuer }) { return client }
    guard let client = configuration.clients.first(where: { $0.issuer == nil }) else {
      guard let other = configuration.clients.first?.issuer, configuration.clientMetadataURL == nil, configuration.registration == nil else { return nil }
      throw OAuthError(.registration, "The MCP server's authorization server is \(issuer), but the configured client belongs to \(other). Its credentials are not sent.")
    }
    let bound = bindings.withLock { bindings in
      if bindings[client.id] == nil { bindings[client.id] = issuer }
      return bindings[client.id]
    }
    guard bound == issuer else {
      throw OAuthError(
        .registration, "The authorization server changed from \(bound ?? "") to \(issuer). The client's credentials belong to the first and are not sent to the second.")
    }
    return client
  }

  private func identity(_ client: RegisteredClient) -> ClientIdentity {
    let proof: ClientIdentity.Proof
    switch (client.method, client.secret) {
    case (.basic, let secret?): proof = .basic(secret)
    case (.post, let secret?): proof = .post(secret)
    default: proof = .none
    }
    return ClientIdentity(id: client.id, proof: proof, isDynamic: true)
  }

  /// RFC 7591 section 3.
  private func register(at endpoint: HTTPURL, _ server: AuthorizationServerMetadata, _ scopes: [String]) async throws -> RegisteredClient {
    guard let description = configuration.registration else { throw OAuthError(.registration, "Dynamic registration is not configured.") }
    let supported = server.tokenAuthenticationMethods
    let methods: [ClientAuthentication.Method] = [.none, .basic, .post]
    let wanted = supported.flatMap { supported in methods.first { supported.contains($0.rawValue) } } ?? .none
    var request: JSONObject = [
      "client_name": .string(description.name), "token_endpoint_auth_method": .string(wanted.rawValue),
      "application_type": .string(Self.applicationType(description, redirectURI).rawValue),
    ]
    if let redirectURI {
      request["redirect_uris"] = [.string(redirectURI)]
      request["grant_types"] = ["authorization_code", "refresh_token"]
      request["response_types"] = ["code"]
    } else {
      request["grant_types"] = ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
      request["response_types"] = []
    }
    if let uri = description.uri { request["client_uri"] = .string(uri) }
    if !scopes.isEmpty { request["scope"] = .string(scopes.joined(separator: " ")) }

    let answer = try await transport.post(endpoint, json: .object(request))
    guard answer.status.isSuccess, let json = answer.json, let id = json["client_id"]?.string, !id.isEmpty else {
      let error = answer.json?["error"]?.string
      throw OAuthError(
        .registration,
        "The authorization server \(server.issuer) did not register the client: \(TokenEndpoint.described(error, answer.json?["error_description"]?.string) ?? "status \(answer.status.code)"). Register one there by hand, or see whether it takes the redirect URI \(redirectURI ?? "").",
        serverError: error)
    }
    let secret = json["client_secret"]?.string.map(Secret.init)
    let given = json["token_endpoint_auth_method"]?.string.flatMap(ClientAuthentication.Method.init(rawValue:))
    let ends = json["client_secret_expires_at"]?.int.map(Int64.init).flatMap { $0 > 0 ? $0 : nil }
    let client = RegisteredClient(
      id: id, secret: secret, method: given ?? (secret == nil ? .none : wanted), redirectURI: redirectURI, secretExpires: secret == nil ? nil : ends)
    try await configuration.store.save(client, issuedBy: server.issuer)
    return client
  }

  /// MCP 2026-07-28, application type and redirect URI constraints.
  private static func applicationType(_ description: OAuthClientDescription, _ redirectURI: String?) -> OAuthClientDescription.ApplicationType {
    if let type = description.applicationType { return type }
    return redirectURI.flatMap(HTTPURL.init)?.isLoopback == false ? .web : .native
  }
}
