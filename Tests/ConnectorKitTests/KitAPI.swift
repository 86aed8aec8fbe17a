import ConnectorKit
import ConnectorTesting
import JSON
import MCPAuth
import MCPHTTP
import NIOCore
import Testing

/// A vendor's API with an invented way of saying no, in front of a ``VendorDouble``.
struct KitAPI {
  let vendor: VendorDouble
  let api: VendorAPI
  let time: VirtualTime
  let log = LogLines()

  init(
    time: VirtualTime = VirtualTime(isFrozen: true), credentials: any CredentialSource = Self.fixed, basePath: String = "", otherOrigins: Set<HTTPOrigin> = [],
    configure: (inout VendorAPI.Configuration) -> Void = { _ in }
  ) async throws {
    let vendor = try await VendorDouble()
    self.vendor = vendor
    self.time = time
    api = try Self.api(vendor, time: time.vendorTime, credentials: credentials, basePath: basePath, log: log) { configuration in
      configuration.otherOrigins = otherOrigins
      configure(&configuration)
    }
  }

  static func api(
    _ vendor: VendorDouble, time: VendorTime, credentials: any CredentialSource = Self.fixed, basePath: String = "", log: LogLines = LogLines(),
    configure: (inout VendorAPI.Configuration) -> Void
  ) throws -> VendorAPI {
    var configuration = VendorAPI.Configuration(name: "Vendor", base: try #require(HTTPURL(vendor.url + basePath)), read: read)
    configure(&configuration)
    return try VendorAPI(configuration, credentials: credentials, client: ConnectorTestingHTTP.client, time: time, logger: log.logger)
  }

  /// Each subject has a token that names it.
  static let fixed = NamedCredentials()

  struct NamedCredentials: CredentialSource {
    /// Whose limits they all share; nil where each has its own.
    var limitedAs: String?

    func credential(for subject: Subject, asking vendor: String) async throws(VendorError) -> VendorCredential {
      VendorCredential(id: subject.key, limitedAs: limitedAs, headers: [("Authorization", Secret("Bearer token of \(subject.key)"))])
    }
    func renew(_ refused: VendorCredential, for subject: Subject, asking vendor: String) async throws(VendorError) -> VendorCredential {
      throw VendorError(.unauthorized, "no other")
    }
  }

  private static func read(_ response: VendorResponse, _ request: VendorRequest, _ now: Int64) -> Disposition {
    let scope: Throttle.Scope =
      switch response.headers["X-Scope"] {
      case "credential": .credential
      case "resource": .resource
      case "everything": .everything
      default: .bucket
      }
    let quota = response.headers["X-Remaining"].flatMap { Int($0) }.map {
      QuotaReading(remaining: $0, resetsIn: response.headers["X-Resets-In"].flatMap { Int64($0) } ?? 0)
    }
    switch response.status.code {
    case 200..<300: return .accepted(quota)
    case 401: return .unauthorized(vendorCode: "bad_token")
    case 404: return .failed(VendorError(.notFound, "not found", status: 404))
    case 429:
      return .throttled(
        Throttle(scope, retryAfter: response.retryAfter(now: now), vendorCode: "slow_down", isExhausted: response.headers["X-Exhausted"] != nil))
    case 500...: return .unavailable(retryAfter: response.retryAfter(now: now))
    default: return .failed(VendorError(.invalid, "refused", status: response.status.code))
    }
  }

  func get(_ path: String = "/x", bucket: String = "", as subject: Subject = .service) async throws(VendorError) -> VendorResponse {
    try await api.send(VendorRequest(path: path, bucket: bucket), as: subject)
  }
}

/// The error of work that must fail.
func vendorError(_ work: () async throws(VendorError) -> some Any, sourceLocation: SourceLocation = #_sourceLocation) async -> VendorError? {
  do throws(VendorError) {
    _ = try await work()
    Issue.record("nothing failed", sourceLocation: sourceLocation)
    return nil
  } catch { return error }
}

extension Answer {
  static func throttle(_ after: String? = nil, scope: String = "bucket", headers: [(name: String, value: String)] = []) -> Answer {
    .json(["error": "slow_down"], status: 429, headers: headers + [("X-Scope", scope)] + (after.map { [("Retry-After", $0)] } ?? []))
  }
}
