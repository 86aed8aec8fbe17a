internal import MCPHTTP
internal import ConnectorKit
internal import JSON
internal import Synchronization

/// What GitHub's answers mean (docs.github.com/rest, "Rate limits", "Best practices", "Troubleshooting").
final class GitHubAnswers: Sendable {
  /// How many secondary limits were met in a row: each wait without a word of GitHub is longer than the one before.
  private let secondary = Mutex(0)

  func read(_ response: VendorResponse, _ request: VendorRequest, _ now: Int64) -> Disposition {
    let status = response.status.code
    let quota = Self.quota(response, now)
    switch status {
    case 200..<300:
      let isGraphQL = request.bucket == GitHub.Bucket.graphQL
      let json = isGraphQL ? response.json : nil
      if let json, let refusal = graphQL(response, json, quota, now) { return refusal }
      secondary.withLock { $0 = 0 }
      return .accepted(isGraphQL ? Self.points(json, quota, now) : quota)
    case 401: return .unauthorized(vendorCode: Self.message(response.json))
    case 403, 429:
      return throttle(response, response.json?["message"]?.string ?? "", quota, now).map { .throttled($0) } ?? .failed(Self.forbidden(response))
    case 500...: return .unavailable(retryAfter: response.retryAfter(now: now), vendorCode: Self.message(response.json))
    default: return .failed(Self.failure(response))
    }
  }

  private static func quota(_ response: VendorResponse, _ now: Int64) -> QuotaReading? {
    guard let remaining = response.headers["x-ratelimit-remaining"].flatMap({ Int($0) }), let reset = response.headers["x-ratelimit-reset"].flatMap({ Int64($0) })
    else { return nil }
    return QuotaReading(remaining: remaining, resetsIn: min(max(reset, now), now + 86_400) - now)
  }

  /// Points of GraphQL that are left, less what the next query of the same cost takes beyond the one that is counted for it.
  private static func points(_ json: RawJSON?, _ quota: QuotaReading?, _ now: Int64) -> QuotaReading? {
    let limit = json?["data"]?["rateLimit"]
    let said = limit?["remaining"]?.int.flatMap { remaining in
      limit?["resetAt"]?.string.flatMap { Timestamp.seconds($0) }.map { QuotaReading(remaining: remaining, resetsIn: $0 - now) }
    }
    guard var reading = quota ?? said else { return nil }
    reading.remaining = max(reading.remaining - max((limit?["cost"]?.int ?? 1) - 1, 0), 0)
    return reading
  }

  /// What GraphQL says no with, in a 200; nil if it answers, be it in part.
  private func graphQL(_ response: VendorResponse, _ json: RawJSON, _ quota: QuotaReading?, _ now: Int64) -> Disposition? {
    guard let error = json["errors"]?.elements.first(where: { GraphQLErrors.isThrottled($0) || GraphQLErrors.isUnavailable($0) }) else { return nil }
    guard GraphQLErrors.isThrottled(error) else {
      // A part that failed is told with what is there.
      let hasData = json["data"]?.members.contains { $0.name.string != "rateLimit" && !$0.value.isNull } ?? false
      return hasData ? nil : .unavailable(retryAfter: response.retryAfter(now: now), vendorCode: error["type"]?.string)
    }
    return .throttled(throttle(response, GraphQLErrors.text(error), quota, now) ?? Throttle(.bucket, retryAfter: max(quota?.resetsIn ?? 60, 1), vendorCode: "rate limit"))
  }

  /// The limit that was met; nil if it is none but a missing right.
  private func throttle(_ response: VendorResponse, _ message: String, _ quota: QuotaReading?, _ now: Int64) -> Throttle? {
    let isSecondary = Self.isSecondary(message)
    if let after = response.retryAfter(now: now) {
      return Throttle(.credential, retryAfter: max(after, 1), vendorCode: isSecondary ? "secondary rate limit" : "rate limit")
    }
    // The primary limit of one resource: until its window ends, and no other resource is stopped.
    if let quota, quota.remaining == 0, !isSecondary { return Throttle(.bucket, retryAfter: max(quota.resetsIn, 1), vendorCode: "rate limit") }
    guard isSecondary || response.status.code == 429 else { return nil }
    let met = secondary.withLock { met in
      met += 1
      return met
    }
    return Throttle(.credential, retryAfter: 60 << Int64(min(met - 1, 4)), vendorCode: "secondary rate limit")
  }

  /// Whether what GitHub says is of a secondary limit.
  static func isSecondary(_ message: String) -> Bool {
    let message = message.lowercased()
    return message.contains("secondary rate limit") || message.contains("abuse detection")
  }

  static let signOn = "The organization wants the token authorized for its single sign-on, on GitHub's page of the token."
  static let notFound = VendorError(.notFound, "GitHub has no such thing, or the credential may not see it.", status: 404)

  private static func message(_ json: RawJSON?) -> String? { json?["message"]?.string.map { String($0.prefix(300)) } }

  private static func forbidden(_ response: VendorResponse) -> VendorError {
    var text = message(response.json) ?? "GitHub refuses this."
    if let permissions = response.headers["X-Accepted-GitHub-Permissions"], !permissions.isEmpty { text += " Permissions that would do: \(permissions.prefix(200))." }
    let accepted = response.headers["X-Accepted-OAuth-Scopes"] ?? ""
    if !accepted.isEmpty { text += " Scopes that would do: \(accepted.prefix(200)); there are: \((response.headers["X-OAuth-Scopes"] ?? "none").prefix(200))." }
    if let sso = response.headers["X-GitHub-SSO"], sso.hasPrefix("required") { text += " " + signOn }
    return VendorError(.forbidden, text, status: response.status.code)
  }

  private static func failure(_ response: VendorResponse) -> VendorError {
    let status = response.status.code
    let json = response.json
    let said = message(json)
    switch status {
    case 404:
      var error = notFound
      error.vendorCode = said == "Not Found" ? nil : said
      return error
    case 410: return VendorError(.notFound, said ?? "It is gone, or the feature is switched off for the repository.", status: status)
    case 405, 409: return VendorError(.conflict, said ?? "GitHub cannot do this in the present state.", status: status)
    case 301, 302, 307, 308:
      return VendorError(.notFound, "The repository was moved or renamed. Use its present name.", status: status)
    case 422:
      var details = (json?["errors"]?.elements.map { $0 } ?? []).prefix(8).map { detail(of: $0) }
      details.removeAll { $0.isEmpty }
      let text = [said ?? "GitHub says that the request is not valid."] + (details.isEmpty ? [] : [details.joined(separator: "; ")])
      return VendorError(.invalid, text.joined(separator: ": "), status: status)
    default: return VendorError(.invalid, said ?? "GitHub refuses the request.", status: status)
    }
  }

  private static func detail(of error: RawJSON) -> String {
    if let text = error.string ?? error["message"]?.string { return String(text.prefix(300)) }
    return [error["resource"]?.string, error["field"]?.string, error["code"]?.string].compactMap { $0 }.joined(separator: " ")
  }
}
