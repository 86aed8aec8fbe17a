internal import ConnectorKit
internal import JSON
internal import Logging
internal import MCP
internal import MCPHTTP
internal import NIOCore

/// Google Drive's REST API (v3), with the values of Sheets (v4) and the documents of Docs (v1), which are at other hosts.
struct DriveAPI: Sendable {
  /// Where the three are.
  struct Hosts: Sendable {
    var drive: HTTPURL
    var sheets: HTTPURL
    var docs: HTTPURL
  }

  static let standardDrive = "https://www.googleapis.com"
  static let standardSheets = "https://sheets.googleapis.com"
  static let standardDocs = "https://docs.googleapis.com"
  /// Hosts from which Google serves what it has prepared for a download.
  private static let downloadHosts = ["www.googleapis.com", "drive.google.com", "docs.google.com", "drive.usercontent.google.com"]

  private let api: VendorAPI
  private let hosts: Hosts
  private let time: VendorTime
  private static let drive = "/drive/v3/"

  init(_ hosts: Hosts, credentials: any CredentialSource, _ environment: ConnectorEnvironment) throws(ConnectorError) {
    var configuration = VendorAPI.Configuration(name: "Google Drive", base: hosts.drive) { GoogleAnswers.read($0, $1, $2) }
    configuration.otherOrigins = [hosts.sheets.origin, hosts.docs.origin]
    for host in Self.downloadHosts { configuration.otherOrigins.insert(HTTPOrigin(scheme: .https, host: host)) }
    configuration.headers = [("User-Agent", "Sluice"), ("Accept", "*/*")]
    configuration.timeout = .seconds(60)
    configuration.budgets = GoogleAnswers.budget
    do throws(VendorError) {
      api = try VendorAPI(configuration, credentials: credentials, client: environment.http, time: environment.time, logger: environment.logger)
    } catch { throw ConnectorError(error.description) }
    self.hosts = hosts
    time = environment.time
  }

  // MARK: Drive

  func get(_ path: [String], _ query: [(name: String, value: String?)] = [], as subject: Subject) async throws(VendorError) -> RawJSON {
    try await api.json(request(.get, path, query), as: subject)
  }

  /// - Parameter isIdempotent: whether it may be sent again when it is not known whether it had its effect.
  func send(
    _ method: HTTPMethod, _ path: [String], _ query: [(name: String, value: String?)] = [], _ body: JSONValue?, as subject: Subject, isIdempotent: Bool
  ) async throws(VendorError) -> RawJSON? {
    var request = request(method, path, query)
    request.isIdempotent = isIdempotent
    if let body { request = request.json(body) }
    return try await api.send(request, as: subject).json
  }

  /// Bytes: `alt=media` or an export.
  func bytes(_ path: [String], _ query: [(name: String, value: String?)], as subject: Subject, maximumBytes: Int) async throws(VendorError) -> VendorResponse {
    var request = request(.get, path, query)
    request.maximumBytes = maximumBytes
    request.bucket = "content"
    request.followsRedirects = true
    return try await api.send(request, as: subject)
  }

  private func request(_ method: HTTPMethod, _ path: [String], _ query: [(name: String, value: String?)]) -> VendorRequest {
    VendorRequest(
      method, path: Self.drive + path.map { PercentEncoding.segment($0) }.joined(separator: "/"), query: query, bucket: method == .get ? "read" : "write")
  }

  // MARK: Downloads that Google prepares

  /// Asks for a download of what cannot be exported at once, waits until it is ready and reads it
  /// (<https://developers.google.com/workspace/drive/api/guides/manage-downloads#download_blob_file_content_as_a_long-running_operation>).
  func preparedBytes(_ id: String, _ mimeType: String?, revision: String?, as subject: Subject, maximumBytes: Int) async throws(VendorError) -> VendorResponse {
    var operation = try await send(
      .post, ["files", id, "download"], [("mimeType", mimeType), ("revisionId", revision)], nil, as: subject, isIdempotent: true)
    var wait: Int64 = 1
    while operation?["done"]?.bool != true {
      guard let name = operation?["name"]?.string, wait <= 16 else {
        throw VendorError(.timeout, "Google has not prepared the download yet. Ask again.", retryAfter: 30)
      }
      do { try await time.sleep(.seconds(wait)) } catch { throw VendorError(.cancelled, "The request was cancelled.") }
      wait *= 2
      operation = try await get(["operations", name], as: subject)
    }
    if let error = operation?["error"], !error.isNull {
      throw VendorError(.invalid, "Google could not prepare the download. It says: \((error["message"]?.string ?? "nothing").prefix(300))")
    }
    guard let link = operation?["response"]?["downloadUri"]?.string, let target = HTTPURL(link) else {
      throw VendorError(.invalidAnswer, "Google gave no usable address for the download.")
    }
    guard target.origin == hosts.drive.origin || api.configuration.otherOrigins.contains(target.origin) else {
      throw VendorError(.refused, "Google prepared the download at \(target.origin.host), a host that this connector does not know.")
    }
    var request = VendorRequest(.get, path: target.path, bucket: "content", maximumBytes: maximumBytes)
    request.origin = target.origin
    request.followsRedirects = true
    return try await api.send(request, as: subject)
  }

  // MARK: Uploads

  static let upload = "/upload/drive/v3/"

  func upload(_ request: VendorRequest, as subject: Subject) async throws(VendorError) -> VendorResponse { try await api.send(request, as: subject) }

  /// The path of the address of an upload; nil where it leads elsewhere than to Google Drive.
  func path(ofUpload link: String) -> String? { api.path(ofLink: link) }

  // MARK: Sheets and Docs

  /// - Parameter path: of literals and encoded segments.
  func sheets(
    _ method: HTTPMethod = .get, path: String, _ query: [(name: String, value: String?)] = [], _ body: JSONValue? = nil, as subject: Subject,
    isIdempotent: Bool = true, maximumBytes: Int = 4 << 20
  ) async throws(VendorError) -> RawJSON {
    try await elsewhere(hosts.sheets, "sheets", method, path, query, body, subject, isIdempotent, maximumBytes)
  }

  func docs(
    _ method: HTTPMethod = .get, path: String, _ query: [(name: String, value: String?)] = [], _ body: JSONValue? = nil, as subject: Subject,
    isIdempotent: Bool = true, maximumBytes: Int = 4 << 20
  ) async throws(VendorError) -> RawJSON {
    try await elsewhere(hosts.docs, "docs", method, path, query, body, subject, isIdempotent, maximumBytes)
  }

  private func elsewhere(
    _ host: HTTPURL, _ bucket: String, _ method: HTTPMethod, _ path: String, _ query: [(name: String, value: String?)], _ body: JSONValue?, _ subject: Subject,
    _ isIdempotent: Bool, _ maximumBytes: Int
  ) async throws(VendorError) -> RawJSON {
    let root = host.path.hasSuffix("/") ? String(host.path.dropLast()) : host.path
    var request = VendorRequest(
      method, path: root + path, query: query, bucket: bucket + (method == .get ? " read" : " write"), isIdempotent: isIdempotent, maximumBytes: maximumBytes)
    request.origin = host.origin
    if let body { request = request.json(body) }
    return try await api.json(request, as: subject)
  }
}
