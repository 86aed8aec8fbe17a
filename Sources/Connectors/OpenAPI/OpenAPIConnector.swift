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

/// Any HTTP API that has an OpenAPI description (3.0 to 3.2, YAML or JSON): every operation becomes a tool.
///
/// ```yaml
/// connector: openapi
/// settings:
///   description: petstore.yaml
///   base_url: https://petstore.example.com/v1
///   security: {api_key: {key: "${env:PETSTORE_KEY}"}}
///   read_only: true
/// ```
///
/// With `act_as: caller` each person's requests carry that person's credentials: from `users` of a scheme, or from signing in.
public struct OpenAPIConnector: Connector {
  public static let name = "openapi"

  public let server: Server
  public let routes: [ConnectorRoute]
  private let caller: OperationCaller
  private let rule: SubjectRule
  /// Operations that there are no credentials for, by the schemes that they lack.
  private let wanting: [String: [String]]
  private let tools: [Operation]
  private let problems: [String]
  private let probe: Operation?

  private static let keys: Set<String> = SecuritySettings.keys.union([
    "description", "base_url", "operations", "tags", "methods", "maximum_bytes", "requests_per_minute", "probe", "read_only", "fields", "slashes",
    "servers", "records",
  ])

  public init(_ settings: ConnectorSettings, _ environment: ConnectorEnvironment) throws(ConnectorError) {
    try settings.allow(Self.keys)
    let document = try Self.document(settings)
    let base = try Self.base(settings, document)
    let servers = try OperationServers(document, base: base.origin, try settings.settings("servers"))
    let reader = OperationReader(document, servers)
    let security = try SecuritySettings(document, settings)
    let api = try Self.api(settings, environment, document, base, servers, security)
    let maximumBytes = try settings.int("maximum_bytes", 1024...(64 << 20)) ?? 4 << 20
    let chosen = try Self.chosen(reader.operations, settings, security)
    let offered = chosen.filter { security.wanted(by: $0) == nil }
    let caller = OperationCaller(api: api, schemes: try security.schemes(for: offered, vendor: document.title, environment))
    for problem in reader.problems { environment.logger.warning("an operation was left out", metadata: ["operation": "\(problem)"]) }
    let server = Server(
      name: environment.name, title: document.title, version: document.version,
      instructions: "Tools are the operations of \(document.title). Answers are {status, body}.",
      // A gateway finds tools across all its upstreams, by policy; alone the connector does it.
      settings: Server.Settings(discovery: environment.isGoverned ? nil : ToolDiscovery()), logger: environment.logger)
    let fields = try Self.fields(settings, reader.operations)
    let records = try Self.records(settings, reader.operations)
    let rule = security.rule
    for operation in offered {
      let shown = fields[operation.name] ?? []
      server.add(
        OperationTool(operation: operation, document: document, records: records[operation.name]).tool { call in
          try await call.answering(document.title) {
            let subject = try rule.subject(of: call, environment)
            let response = try await caller.send(operation, call.arguments, as: subject, maximumBytes: maximumBytes)
            return OperationAnswer.result(response, fields: shown, next: NextPage.arguments(after: response, operation, call.arguments))
          }
        })
    }
    self.server = server
    self.caller = caller
    routes = caller.schemes.routes
    self.rule = rule
    wanting = chosen.reduce(into: [:]) { wanting, operation in
      if let schemes = security.wanted(by: operation) { wanting[schemes, default: []].append(operation.name) }
    }
    tools = offered
    problems = reader.problems
    if let name = try settings.string("probe") {
      guard let operation = reader.operations.first(where: { $0.name == name }) else { throw settings.error("probe", "there is no operation \(name)") }
      guard operation.isReadOnly else { throw settings.error("probe", "\(name) changes something: name one that reads") }
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

  private static func base(_ settings: ConnectorSettings, _ document: OpenAPIDocument) throws(ConnectorError) -> HTTPURL {
    let standard = OperationServers.standard(document)
    guard try settings.string("base_url") != nil || HTTPURL(standard) != nil else {
      throw settings.error("base_url", "is needed: the description names no https server")
    }
    return try settings.url("base_url", default: standard)
  }

  private static func api(
    _ settings: ConnectorSettings, _ environment: ConnectorEnvironment, _ document: OpenAPIDocument, _ base: HTTPURL, _ servers: OperationServers,
    _ security: SecuritySettings
  ) throws(ConnectorError) -> VendorAPI {
    var configuration = VendorAPI.Configuration(name: document.title, base: base) { response, _, now in Self.read(response, document.title, now) }
    configuration.otherOrigins = servers.origins
    configuration.headers = [("User-Agent", "Sluice")] + security.plainHeaders
    if let budget = try settings.int("requests_per_minute", 1...1_000_000) { configuration.budgets = { _ in Budget(budget, per: 60) } }
    do throws(VendorError) {
      return try VendorAPI(configuration, credentials: NoCredentials(), client: environment.http, time: environment.time, logger: environment.logger)
    } catch { throw ConnectorError(error.description) }
  }

  /// Which members of answers are shown, by operation.
  private static func fields(_ settings: ConnectorSettings, _ operations: [Operation]) throws(ConnectorError) -> [String: [String]] {
    var fields: [String: [String]] = [:]
    guard let part = try settings.settings("fields") else { return fields }
    for (name, _) in part.values {
      guard operations.contains(where: { $0.name == name }) else { throw part.error(name, "there is no such operation") }
      fields[name] = try part.strings(name)
    }
    return fields
  }

  private static func records(_ settings: ConnectorSettings, _ operations: [Operation]) throws(ConnectorError) -> [String: OperationRecords] {
    var records: [String: OperationRecords] = [:]
    guard let part = try settings.settings("records") else { return records }
    for (name, _) in part.values {
      guard operations.contains(where: { $0.name == name }) else { throw part.error(name, "there is no such operation") }
      guard let entry = try part.settings(name) else { throw part.error(name, "expected a mapping (key: value)") }
      records[name] = try OperationRecords(entry)
    }
    return records
  }

  /// The operations that the settings choose.
  private static func chosen(_ operations: [Operation], _ settings: ConnectorSettings, _ security: SecuritySettings) throws(ConnectorError) -> [Operation] {
    let names = try NameFilter(settings, "operations")
    let tags = try NameFilter(settings, "tags")
    let methods = try settings.strings("methods").map { Set($0.map { $0.uppercased() }) }
    for pattern in names.allow where !operations.contains(where: { NameFilter(allow: [pattern]).admits($0.name, "\($0.method) \($0.path)") }) {
      throw settings.error("operations", "no operation is called \"\(pattern)\"; names are those of the tools, or such as \"GET /pets/*\"")
    }
    // Who writes is said, not assumed.
    let isReadOnly = try settings.bool("read_only") ?? true
    let slashes = try settings.strings("slashes") ?? []
    for name in slashes where !operations.contains(where: { $0.name == name }) { throw settings.error("slashes", "there is no operation \(name)") }
    let chosen = operations.filter { operation in
      names.admits(operation.name, "\(operation.method) \(operation.path)") && (tags.admitsAll || tags.admits(operation.tags.isEmpty ? [""] : operation.tags))
        && (methods?.contains(operation.method.name) ?? true) && (!isReadOnly || operation.isReadOnly)
    }
    return chosen.map { operation in
      var operation = operation
      operation.allowsSlashes = slashes.contains(operation.name)
      operation.parameters.removeAll(where: security.fixes)
      return operation
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
      let said = Self.said(response).map { " It says: \($0.prefix(500))" } ?? ""
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

  /// Why an API refused, in its own words: by the members that have them in most APIs, or as it stands.
  private static func said(_ response: VendorResponse) -> String? {
    if let json = response.json {
      let texts = [
        json["detail"]?.string, json["message"]?.string, json["error_description"]?.string, json["error"]?.string, json["error"]?["message"]?.string,
        json["errorMessages"]?.elements.map({ $0 }).first?.string, json["errors"]?.elements.map({ $0 }).first?["message"]?.string, json["title"]?.string,
      ]
      return texts.compactMap { $0 }.first { !$0.isEmpty } ?? json.text
    }
    guard let type = response.headers["Content-Type"], type.hasPrefix("text/plain"), response.body.readableBytes > 0 else { return nil }
    return response.text
  }

  public func check() async -> [ConnectorFinding] {
    var findings = [ConnectorFinding(.ok, "\(tools.count) operations are offered as tools")]
    findings += problems.map { ConnectorFinding(.warning, "left out: \($0)") }
    findings += wanting.sorted { $0.key < $1.key }.map { schemes, names in
      let more = names.count > 10 ? " and \(names.count - 10) more" : ""
      return ConnectorFinding(
        .warning, "no secret for the security scheme \(schemes): not offered are \(names.prefix(10).joined(separator: ", "))\(more)",
        remedy: "Add it under settings.security.")
    }
    findings += await caller.schemes.check()
    guard let probe else {
      return findings + [ConnectorFinding(.warning, "no operation was tried", remedy: "Name a read without arguments as settings.probe.")]
    }
    var subject = Subject.service
    if case .caller(let person) = rule {
      guard let person else {
        return findings + [ConnectorFinding(.warning, "\(probe.name) was not tried", remedy: "Set user to the person whose credentials are to be tried.")]
      }
      subject = .user(person)
    }
    do {
      let response = try await caller.send(probe, JSONValue.object(JSONObject()).raw, as: subject, maximumBytes: 1 << 20)
      findings.append(ConnectorFinding(.ok, "\(probe.name) answered with status \(response.status.code)"))
    } catch { findings.append(ConnectorFinding(.failure, "\(probe.name): \(error)", remedy: "Check settings.security and settings.base_url.")) }
    return findings
  }
}
