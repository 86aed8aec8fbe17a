internal import ConnectorKit
internal import JSON
internal import MCPAuth
internal import MCPHTTP

/// The sites that a person's sign-in reaches, among which one is ours
/// (<https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/>, "Get the cloudid for your site").
struct CloudSites: Sendable {
  /// The member of ``StoredToken/extra`` that keeps the cloud id.
  static let member = "cloud_id"

  private let site: HTTPURL
  private let api: VendorAPI

  init(site: HTTPURL, base: HTTPURL, credentials: any CredentialSource, _ environment: ConnectorEnvironment) throws(ConnectorError) {
    self.site = site
    var configuration = VendorAPI.Configuration(name: "Jira", base: base) { JiraAPI.read($0, $1, $2) }
    configuration.headers = [("User-Agent", "Sluice"), ("Accept", "application/json")]
    do throws(VendorError) {
      api = try VendorAPI(configuration, credentials: credentials, client: environment.http, time: environment.time, logger: environment.logger)
    } catch { throw ConnectorError(error.description) }
  }

  /// A token with the cloud id of the site.
  ///
  /// - Throws: `forbidden` where the account does not reach the site.
  func resolving(_ token: StoredToken) async throws(VendorError) -> StoredToken {
    var request = VendorRequest(.get, ["oauth", "token", "accessible-resources"]).header("Authorization", "Bearer " + token.accessToken.reveal())
    // The token is not stored yet, so that it is nobody's.
    request.isAuthenticated = false
    let json = try await api.json(request, as: .service)
    guard json.kind == .array else { throw VendorError(.invalidAnswer, "Atlassian listed the sites of the account in no known form.") }
    let sites = json.elements.map { (url: $0["url"]?.string ?? "", id: $0["id"]?.string ?? "") }
    guard let found = sites.first(where: { HTTPURL($0.url)?.origin.description.lowercased() == site.origin.description.lowercased() }) else {
      let others = sites.isEmpty ? "none" : sites.prefix(10).map(\.url).joined(separator: ", ")
      throw VendorError(.forbidden, "The account does not reach \(site.origin). It reaches: \(others).")
    }
    guard Self.isID(found.id) else { throw VendorError(.invalidAnswer, "Atlassian gave no cloud id for \(site.origin).") }
    var token = token
    token.extra[Self.member] = .string(found.id)
    return token
  }

  /// The cloud id that was resolved when the person signed in.
  static func id(_ token: StoredToken) -> String? { token.extra[member]?.string.flatMap { isID($0) ? $0 : nil } }

  private static func isID(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 128 && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
  }
}
