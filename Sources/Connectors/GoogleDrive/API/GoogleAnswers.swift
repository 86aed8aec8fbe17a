internal import ConnectorKit
internal import JSON
internal import MCPHTTP

/// How Google says no (<https://developers.google.com/workspace/drive/api/guides/handle-errors>): a status, and a reason in the body.
/// A 403 is a limit or a refusal, and only the reason tells which.
enum GoogleAnswers {
  private static let limits: Set<String> = ["userRateLimitExceeded", "rateLimitExceeded", "sharingRateLimitExceeded", "RATE_LIMIT_EXCEEDED"]
  /// Limits that do not end within one call.
  private static let exhausted: Set<String> = ["dailyLimitExceeded", "quotaExceeded"]

  static func read(_ response: VendorResponse, _ request: VendorRequest, _ now: Int64) -> Disposition {
    let status = response.status.code
    // 308 tells how much of a resumable upload has come.
    if (200..<300).contains(status) || status == 308 && request.bucket == "upload" { return .accepted() }
    let error = response.json?["error"]
    let reason = reason(error)
    let retryAfter = response.retryAfter(now: now)
    switch status {
    case 401: return .unauthorized(vendorCode: reason)
    case 403 where reason.map { limits.contains($0) } ?? false: return .throttled(Throttle(.credential, retryAfter: retryAfter, vendorCode: reason))
    case 403 where reason.map { exhausted.contains($0) } ?? false:
      return .throttled(Throttle(.credential, retryAfter: retryAfter ?? 3600, vendorCode: reason, isExhausted: true))
    case 429: return .throttled(Throttle(.credential, retryAfter: retryAfter, vendorCode: reason))
    case 408, 500, 502, 503, 504: return .unavailable(retryAfter: retryAfter, vendorCode: reason)
    default: return .failed(failure(status, reason, error))
    }
  }

  /// `errors[].reason` of Drive, `details[].reason` of the newer APIs, else `status`.
  private static func reason(_ error: RawJSON?) -> String? {
    let old = error?["errors"]?.elements.first { $0["reason"]?.string != nil }?["reason"]?.string
    let new = error?["details"]?.elements.first { $0["reason"]?.string != nil }?["reason"]?.string
    return (old ?? new ?? error?["status"]?.string).map { String($0.prefix(100)) }
  }

  private static func failure(_ status: Int, _ reason: String?, _ error: RawJSON?) -> VendorError {
    let said = (error?["message"]?.string).map { " It says: \($0.prefix(400))" } ?? ""
    func failed(_ code: VendorError.Code, _ text: String) -> VendorError { VendorError(code, text + said, vendorCode: reason, status: status) }
    switch reason {
    case "accessNotConfigured", "SERVICE_DISABLED":
      return failed(.forbidden, "This API is not enabled in the Google Cloud project. An administrator enables it there.")
    case "insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT":
      return failed(.forbidden, "The Google credential lacks a scope. docs/connectors/google_drive.md lists which toolset needs which.")
    case "exportSizeLimitExceeded":
      return failed(.tooLarge, "Google exports at most 10 MB. Read a part: get_sheet_values with a range, or get_document.")
    case "fileNotDownloadable": return failed(.invalid, "Only files with content of their own can be downloaded; Google's documents are exported.")
    case "cannotDownloadAbusiveFile": return failed(.forbidden, "Google holds this file for malware or spam, so it is not downloaded.")
    case "domainPolicy": return failed(.forbidden, "A policy of the Workspace domain does not allow this.")
    case "storageQuotaExceeded", "teamDriveFileLimitExceeded", "myDriveHierarchyDepthLimitExceeded", "numChildrenInNonRootLimitExceeded":
      return failed(.conflict, "A limit of Google Drive's storage is reached.")
    default: break
    }
    switch status {
    case 403: return failed(.forbidden, "Google does not allow this to the account that is used.")
    case 404: return failed(.notFound, "Google Drive does not find it, or it may not be seen.")
    case 409, 412: return failed(.conflict, "Google says that this conflicts with what is there.")
    // A page token or an upload that Google no longer knows.
    case 410: return failed(.invalid, "Google no longer knows this token. Start again without it.")
    case 413: return failed(.tooLarge, "Google says that this is too large.")
    case 416: return failed(.invalid, "Google says that the range is not there.")
    default: return failed(.invalid, "Google refuses the request.")
    }
  }

  /// Requests a minute of one user (<https://developers.google.com/workspace/drive/api/guides/limits>,
  /// <https://developers.google.com/workspace/sheets/api/limits>, <https://developers.google.com/workspace/docs/api/limits>).
  static func budget(_ bucket: String) -> Budget? {
    switch bucket {
    case "read", "content": Budget(12_000, per: 60)
    // Writes of one account beyond three a second are refused now and then.
    case "write", "upload": Budget(180, per: 60)
    case "sheets read", "sheets write", "docs write": Budget(60, per: 60)
    case "docs read": Budget(300, per: 60)
    default: nil
    }
  }
}
