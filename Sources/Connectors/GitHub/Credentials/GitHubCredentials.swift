internal import ConnectorKit
internal import MCPHTTP
internal import Synchronization

/// Where a connector's credentials come from, and the pages by which people give theirs.
struct GitHubCredentials: Sendable {
  let source: any CredentialSource
  let routes: [ConnectorRoute]

  init(_ settings: GitHubSettings, _ environment: ConnectorEnvironment) throws(ConnectorError) {
    let (http, time) = (environment.http, environment.time)
    func tokens(_ grant: any Grant) -> TokenCredentials {
      TokenCredentials(connector: environment.name, grant: grant, state: environment.state, time: time)
    }
    switch settings.grant {
    case .tokens(let service, let users):
      source = SecretCredentials(service: service, users: users)
      routes = []
    case .app:
      guard let grant = AppGrant(settings, environment) else { throw ConnectorError("app: is needed") }
      source = tokens(grant)
      routes = []
    case .oauth(let clientID, let secret, let scopes, let usesDevice):
      let web = settings.web.origin.description
      guard let authorize = HTTPURL(web + "/login/oauth/authorize"), let token = HTTPURL(web + "/login/oauth/access_token"),
        let device = HTTPURL(web + "/login/device/code")
      else { throw ConnectorError("web_url: is no origin") }
      let client: ConnectorKit.OAuthGrant.ClientAuthentication = secret.map { .post(id: clientID, secret: $0) } ?? .publicClient(id: clientID)
      var grant = ConnectorKit.OAuthGrant(vendor: GitHub.vendor, endpoint: token, kind: .refreshToken(), client: client, scopes: [], http: http, time: time)
      if usesDevice {
        source = tokens(
          DeviceGrant(
            vendor: GitHub.vendor, deviceEndpoint: device, tokenEndpoint: token, clientID: clientID, scopes: scopes, renewal: grant, http: http, time: time))
        routes = []
        return
      }
      guard let publicURL = environment.publicURL else {
        throw ConnectorError("oauth: signing in with a browser needs the gateway's public URL (resource_url). Give it, or set oauth.device to true")
      }
      let signIn = SignIn(
        SignIn.Configuration(vendor: GitHub.vendor, authorizationEndpoint: authorize, clientID: clientID, scopes: scopes),
        publicURL: publicURL, key: environment.signInKey, time: time)
      grant.consentURL = { signIn.link(for: $0) }
      let credentials = tokens(grant)
      source = credentials
      routes = signIn.routes { [grant] code, subject, redirect, verifier throws(VendorError) in
        try await credentials.adopt(try await grant.token(for: subject, code: code, redirectURI: redirect, verifier: verifier), for: subject)
      }
    }
  }
}
