internal import ConnectorKit
internal import JSON
internal import MCPHTTP
internal import Synchronization

/// How Salesforce says no: an array of errors with codes, whatever the status
/// (<https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm>).
enum SalesforceAnswers {
  static func read(_ response: VendorResponse, _ request: VendorRequest, _ now: Int64, _ usage: SalesforceUsage) -> Disposition {
    let status = response.status.code
    let quota = usage.note(response.headers["Sforce-Limit-Info"])
    if (200..<300).contains(status) { return .accepted(quota) }
    let json = response.json
    // Some services answer with one error in place of an array.
    let first = json?.kind == .array ? json?.elements.first { _ in true } : json
    let code = (first?["errorCode"] ?? first?["error"])?.string.map { String($0.prefix(100)) }
    let said = words(json)
    if status == 300 { return .failed(VendorError(.conflict, "Several records have this external id, so none was chosen.\(said)", vendorCode: code, status: status)) }
    switch code {
    case "INVALID_SESSION_ID", "INVALID_AUTH_HEADER", "Bad_OAuth_Token": return .unauthorized(vendorCode: code)
    case "REQUEST_LIMIT_EXCEEDED": return .throttled(throttle(first?["message"]?.string ?? "", response.retryAfter(now: now), code))
    case "SERVER_UNAVAILABLE": return .unavailable(retryAfter: response.retryAfter(now: now), vendorCode: code)
    case "UNKNOWN_EXCEPTION" where status >= 500: return .unavailable(retryAfter: response.retryAfter(now: now), vendorCode: code)
    default: break
    }
    switch status {
    case 401: return .unauthorized(vendorCode: code)
    case 429: return .throttled(Throttle(.credential, retryAfter: response.retryAfter(now: now) ?? 10, vendorCode: code))
    case 502, 503, 504: return .unavailable(retryAfter: response.retryAfter(now: now), vendorCode: code)
    default: return .failed(failure(status, code, said))
    }
  }

  /// `TotalRequests` is the org's allowance of 24 hours: waiting within a call is pointless. `ConcurrentPerOrgLongTxn` (and
  /// `ConcurrentRequests`) are too many long requests at once, which pass.
  private static func throttle(_ message: String, _ retryAfter: Int64?, _ code: String?) -> Throttle {
    if message.contains("TotalRequests") { return Throttle(.everything, retryAfter: retryAfter ?? 900, vendorCode: "\(code ?? ""): TotalRequests", isExhausted: true) }
    let kind = message.contains("ConcurrentPerOrgLongTxn") ? ": ConcurrentPerOrgLongTxn" : message.contains("ConcurrentRequests") ? ": ConcurrentRequests" : ""
    return Throttle(.everything, retryAfter: retryAfter ?? 5, vendorCode: (code ?? "") + kind)
  }

  private static func failure(_ status: Int, _ code: String?, _ said: String) -> VendorError {
    func error(_ kind: VendorError.Code, _ text: String) -> VendorError { VendorError(kind, text + said, vendorCode: code, status: status) }
    switch code {
    case "NOT_FOUND", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY":
      return error(.notFound, "Salesforce does not find it, or it may not be seen.")
    case "INVALID_QUERY_LOCATOR":
      return error(.invalid, "The query's cursor is no longer valid: Salesforce keeps it for two days and a few queries. Start again without it.")
    case "INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED",
      "FUNCTIONALITY_NOT_ENABLED", "INVALID_FIELD_FOR_INSERT_UPDATE":
      return error(.forbidden, "Salesforce does not allow this to the account that is used.")
    case "UNABLE_TO_LOCK_ROW": return error(.conflict, "Another change of the same records was under way, and nothing was done. Try again.")
    case "DUPLICATE_VALUE", "DUPLICATES_DETECTED", "ENTITY_IS_LOCKED", "DELETE_FAILED": return error(.conflict, "Salesforce says that this conflicts with what is there.")
    case "INVALID_TYPE": return error(.invalid, "There is no such object, or it may not be seen. list_objects tells which there are.")
    case "INVALID_FIELD": return error(.invalid, "There is no such field, or it may not be seen. describe_object tells which there are.")
    case "MALFORMED_QUERY", "MALFORMED_SEARCH", "QUERY_TIMEOUT": return error(.invalid, "Salesforce cannot answer the query.")
    default: break
    }
    switch status {
    case 403: return error(.forbidden, "Salesforce does not allow this to the account that is used.")
    case 404: return error(.notFound, "Salesforce does not find it, or it may not be seen.")
    case 409, 412: return error(.conflict, "Salesforce says that this conflicts with what is there.")
    case 413, 414, 431: return error(.tooLarge, "Salesforce says that this is too large.")
    case 500...: return VendorError(.unavailable, "Salesforce failed.\(said)", vendorCode: code, status: status)
    default: return error(.invalid, "Salesforce refuses the request.")
    }
  }

  /// The messages of errors, the first three.
  static func words(_ json: RawJSON?) -> String {
    guard let json else { return "" }
    let errors = json.kind == .array ? Array(json.elements.prefix(3)) : [json]
    let texts = errors.compactMap { error -> String? in
      guard let message = (error["message"] ?? error["error_description"])?.string else { return nil }
      let line = String(message.map { $0.isNewline ? " " : $0 }).prefix(400)
      return (error["statusCode"]?.string.map { "\($0): " } ?? "") + line
    }
    return texts.isEmpty ? "" : " It says: \(texts.joined(separator: "; "))"
  }
}

/// How much of the org's daily allowance of requests is used, as every answer tells (`Sforce-Limit-Info: api-usage=14/5000`).
final class SalesforceUsage: Sendable {
  struct Reading: Sendable, Hashable {
    var used: Int
    var allowed: Int
  }

  /// Guards the last reading.
  private let last = Mutex<Reading?>(nil)
  /// Requests that are left to others of the org.
  private let reserve: Int

  /// - Parameter reserve: percent of the allowance that this connector leaves to others.
  init(reserve: Int) { self.reserve = reserve }

  var reading: Reading? { last.withLock { $0 } }

  /// Takes in the header. When the reserve is reached, requests rest for some minutes: the allowance is of rolling 24 hours.
  func note(_ header: String?) -> QuotaReading? {
    guard let header, let reading = Self.parse(header) else { return nil }
    last.withLock { $0 = reading }
    let left = reading.allowed - reading.used - reading.allowed * reserve / 100
    return left <= 0 ? QuotaReading(remaining: 0, resetsIn: 300) : nil
  }

  static func parse(_ header: String) -> Reading? {
    for part in header.split(whereSeparator: { $0 == ";" || $0 == "," }) {
      let pair = part.split(separator: "=", maxSplits: 1).map { $0.trimmingSpaces }
      guard pair.count == 2, pair[0] == "api-usage" else { continue }
      let numbers = pair[1].split(separator: "/").compactMap { Int($0) }
      if numbers.count == 2, numbers[1] > 0, numbers.allSatisfy({ (0...1 << 40).contains($0) }) { return Reading(used: numbers[0], allowed: numbers[1]) }
    }
    return nil
  }
}

extension Substring {
  fileprivate var trimmingSpaces: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return String(text.drop { $0 == " " })
  }
}
