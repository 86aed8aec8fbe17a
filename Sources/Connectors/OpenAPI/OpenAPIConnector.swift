public import ConnectorKit
internal import JSON
internal import Logging
public import MCP
internal import MCPHTTP
internal import NIOCore

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Any HTTP API that has an OpenAPI description (3.0 or 3.1, YAML or JSON): every operation becomes a tool.
///
/// ```yaml
/// connector: openapi
/// settings:
///   description: petstore.yaml
///   base_url: https://petstore.example.com/v1
///   security: {api_key: {key: "${env:PETSTORE_KEY}"}}
///   read_only: true
/// ```
public struct OpenAPIConnector: Connector {
  public static let name = "openapi"

  public let server: Server
  private let api: VendorAPI
  private let schemes: SecuritySchemes
  private let tools: [Operation]
  private let problems: [String]
  private let probe: Operation?

  private static let keys: Set<String> = [
    "description", "base_url", "security", "operations", "tags", "methods", "headers", "maximum_bytes", "requests_per_minute", "probe", "read_only",
  ]

  public init(_ settings: ConnectorSettings, _ environment: ConnectorEnvironment) throws(ConnectorError) {
    try settings.allow(Self.keys)
    let document = try Self.document(settings)
    let reader = OperationReader(document)
    let schemes = try SecuritySchemes(document, try settings.settings("security"), environment)
    let api = try Self.api(settings, environment, document, schemes)
    let maximumBytes = try settings.int("maximum_bytes", 1024...(64 << 20)) ?? 4 << 20
    let offered = try Self.offered(reader.operations, settings, schemes)
    for problem in reader.problems { environment.logger.warning("an operation was left out", metadata: ["operation": "\(problem)"]) }
    let server = Server(
      name: environment.name, title: document.title, version: document.version,
      instructions: "Tools are the operations of \(document.title). Answers are {status, body}.",
      // A gateway finds tools across all its upstreams, by policy; alone the connector does it.
      settings: Server.Settings(discovery: environment.isGoverned ? nil : ToolDiscovery()), logger: environment.logger)
    for operation in offered {
      server.add(
        OperationTool(operation: operation, document: document).tool { call in
          try await call.answering(document.title) {
            let request = try OperationRequest(operation).make(call.arguments, maximumBytes: maximumBytes)
            let response = try await api.send(try await schemes.authorize(request, operation), as: .service)
            return OperationAnswer.result(response, fields: [])
          }
        })
    }
    self.server = server
    self.api = api
    self.schemes = schemes
    tools = offered
    problems = reader.problems
    if let name = try settings.string("probe") {
      guard let operation = reader.operations.first(where: { $0.name == name }) else { throw settings.error("probe", "there is no operation \(name)") }
      probe = operation
    } else {
      probe = nil
    }
  }

  private static func document(_ settings: ConnectorSettings) throws(ConnectorError) -> OpenAPIDocument {
    let path = try settings.required("description")
    guard !path.contains("://") else { throw settings.error("description", "expected a file: nothing is fetched when the connector starts") }
    guard let bytes = Self.contents(of: path) else { throw settings.error("description", "the file \(path) cannot be read, or is longer than 64 MB") }
    do throws(OpenAPIError) { return try OpenAPIDocument(parsing: bytes) } catch { throw settings.error("description", error.description) }
  }

  private static func contents(of path: String) -> ByteBuffer? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var buffer = ByteBuffer()
    while buffer.readableBytes <= OpenAPIDocument.maximumBytes {
      let count = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 1 << 16) { fread($0.baseAddress, 1, 1 << 16, file) }
      if count == 0 { return ferror(file) == 0 ? buffer : nil }
    }
    return nil
  }

  private static func api(
    _ settings: ConnectorSettings, _ environment: ConnectorEnvironment, _ document: OpenAPIDocument, _ schemes: SecuritySchemes
  ) throws(ConnectorError) -> VendorAPI {
    var standard = document.root["servers"]?.array?.first?["url"]?.string ?? ""
    for (name, variable) in document.root["servers"]?.array?.first?["variables"]?.object ?? JSONObject() {
      standard = standard.replacing("{\(name)}", with: variable["default"]?.string ?? "")
    }
    let base = try settings.url("base_url", default: standard)
    var configuration = VendorAPI.Configuration(name: document.title, base: base) { response, _, now in Self.read(response, document.title, now) }
    configuration.headers = [("User-Agent", "Sluice")]
    for (name, value) in try settings.settings("headers")?.values ?? JSONObject() {
      guard let text = value.string else { throw settings.error("headers", "\(name) must be a text") }
      configuration.headers.append((name, text))
    }
    if let budget = try settings.int("requests_per_minute", 1...1_000_000) { configuration.budgets = { _ in Budget(budget, per: 60) } }
    do throws(VendorError) {
      return try VendorAPI(configuration, credentials: NoCredentials(), client: environment.http, time: environment.time, logger: environment.logger)
    } catch { throw ConnectorError(error.description) }
  }

  private static func offered(_ operations: [Operation], _ settings: ConnectorSettings, _ schemes: SecuritySchemes) throws(ConnectorError) -> [Operation] {
    let names = try NameFilter(settings, "operations")
    let tags = try NameFilter(settings, "tags")
    let methods = try settings.strings("methods").map { Set($0.map { $0.uppercased() }) }
    // Who writes is said, not assumed.
    let isReadOnly = try settings.bool("read_only") ?? true
    return operations.filter { operation in
      names.admits(operation.name, "\(operation.method) \(operation.path)") && (tags.admitsAll || tags.admits(operation.tags.isEmpty ? [""] : operation.tags))
        && (methods?.contains(operation.method.name) ?? true) && (!isReadOnly || operation.isReadOnly) && schemes.canAuthorize(operation)
    }
  }

  /// HTTP's own meaning of statuses (RFC 9110, RFC 6585), and problem details (RFC 9457) where the API gives them.
  private static func read(_ response: VendorResponse, _ title: String, _ now: Int64) -> Disposition {
    let retryAfter = response.retryAfter(now: now)
    switch response.status.code {
    case 200..<300, 304: return .accepted(nil)
    case 401: return .unauthorized()
    case 429: return .throttled(Throttle(.credential, retryAfter: retryAfter))
    case 502, 503, 504: return .unavailable(retryAfter: retryAfter)
    case let status:
      let json = response.json
      let detail = json?["detail"]?.string ?? json?["message"]?.string ?? json?["error"]?.string ?? json?["title"]?.string
      let said = detail.map { " It says: \($0.prefix(500))" } ?? ""
      let code: VendorError.Code =
        switch status {
        case 403: .forbidden
        case 404, 410: .notFound
        case 409, 412: .conflict
        case 500...: .unavailable
        default: .invalid
        }
      return .failed(VendorError(code, "\(title) answered with status \(status).\(said)", status: status))
    }
  }

  public func check() async -> [ConnectorFinding] {
    var findings = [ConnectorFinding(.ok, "\(tools.count) operations are offered as tools")]
    findings += problems.map { ConnectorFinding(.warning, "left out: \($0)") }
    findings += schemes.missing.sorted().map {
      ConnectorFinding(.warning, "no secret for the security scheme \($0): operations that need it are not offered", remedy: "Add it under settings.security.")
    }
    guard let probe else {
      return findings + [ConnectorFinding(.warning, "no operation was tried", remedy: "Name a read without arguments as settings.probe.")]
    }
    do {
      let request = try OperationRequest(probe).make(JSONValue.object(JSONObject()).raw, maximumBytes: 1 << 20)
      let response = try await api.send(try await schemes.authorize(request, probe), as: .service)
      findings.append(ConnectorFinding(.ok, "\(probe.name) answered with status \(response.status.code)"))
    } catch { findings.append(ConnectorFinding(.failure, "\(probe.name): \(error)", remedy: "Check settings.security and settings.base_url.")) }
    return findings
  }
}
