internal import ConnectorKit
internal import JSON

/// What `errors` of a GraphQL answer mean. They come with a 200, and with data where only parts are missing.
enum GraphQLErrors {
  /// Whether a limit was met.
  static func isThrottled(_ error: RawJSON) -> Bool {
    // An error about a field has a path, and may repeat what the caller wrote.
    error["type"]?.string == "RATE_LIMITED" || (error["path"] == nil && GitHubAnswers.isSecondary(text(error)))
  }

  /// Whether GitHub has a problem of its own.
  static func isUnavailable(_ error: RawJSON) -> Bool {
    ["SERVICE_UNAVAILABLE", "TIMEOUT", "INTERNAL"].contains(error["type"]?.string) || text(error).hasPrefix("Something went wrong")
  }

  static func error(_ raw: RawJSON) -> VendorError {
    let type = raw["type"]?.string
    let said = text(raw)
    if raw["extensions"]?["saml_failure"]?.bool == true { return VendorError(.forbidden, "\(said) \(GitHubAnswers.signOn)", vendorCode: type) }
    switch type {
    case "NOT_FOUND": return GitHubAnswers.notFound
    case "FORBIDDEN", "INSUFFICIENT_SCOPES": return VendorError(.forbidden, said, vendorCode: type)
    case "STALE_DATA": return VendorError(.conflict, said, vendorCode: type)
    case "MAX_NODE_LIMIT_EXCEEDED", "RESOURCE_LIMITS_EXCEEDED": return VendorError(.tooLarge, "\(said) Ask for less: a smaller limit.", vendorCode: type)
    default:
      guard isUnavailable(raw) else { return VendorError(.invalid, said, vendorCode: type) }
      return VendorError(.unavailable, "GitHub cannot answer this at the moment.", vendorCode: type)
    }
  }

  static func text(_ error: RawJSON) -> String { String((error["message"]?.string ?? "GitHub refuses this.").prefix(300)) }
}
