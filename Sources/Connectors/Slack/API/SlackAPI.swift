internal import ConnectorKit
internal import JSON
internal import Logging
internal import MCPHTTP
internal import NIOCore

/// Slack's Web API. Errors come with status 200 and `"ok": false`; limits are per method, workspace and app
/// (<https://docs.slack.dev/apis/web-api/rate-limits>).
struct SlackAPI: Sendable {
  private let api: VendorAPI
  private let pace: HistoryPace
  /// The workspace that an organization's token is used in.
  let team: String?

  static let standardBase = "https://slack.com/api"
  /// Where uploads go and private files are kept.
  static let filesOrigin = HTTPOrigin(scheme: .https, host: "files.slack.com")

  /// Methods that take `team_id`, and need it with an organization's token.
  private static let teamMethods: Set<String> = [
    "chat.scheduledMessages.list", "conversations.create", "conversations.list", "files.list", "search.files", "search.messages", "usergroups.create",
    "usergroups.list", "usergroups.update", "usergroups.users.list", "usergroups.users.update", "users.conversations", "users.list",
  ]

  init(
    base: HTTPURL, filesOrigin: HTTPOrigin, credentials: any CredentialSource, team: String? = nil, pace: HistoryPace? = nil, _ environment: ConnectorEnvironment
  ) throws(ConnectorError) {
    let pace = pace ?? HistoryPace(nil, time: environment.time)
    var configuration = VendorAPI.Configuration(name: "Slack", base: base) { Self.read($0, $1, $2, pace) }
    configuration.otherOrigins = [filesOrigin]
    configuration.headers = [("User-Agent", "Sluice"), ("Accept", "application/json")]
    configuration.budgets = { Self.budget($0, pace) }
    do throws(VendorError) {
      api = try VendorAPI(configuration, credentials: credentials, client: environment.http, time: environment.time, logger: environment.logger)
    } catch { throw ConnectorError(error.description) }
    self.team = team
    self.pace = pace
  }

  /// How many of `most` messages may be asked for at once.
  func objects(_ most: Int, as subject: Subject) async throws(VendorError) -> Int {
    min(most, pace.limit(try await api.limitHolder(of: subject))?.objects ?? most)
  }

  /// Whether Slack gives the subject no more than one history a minute.
  func isLimitedHard(as subject: Subject) async throws(VendorError) -> Bool {
    pace.limit(try await api.limitHolder(of: subject)).map { $0.perMinute <= HistoryPace.hard.perMinute } ?? false
  }

  /// Calls a method that Slack documents as GET.
  func get(_ method: String, _ arguments: [(name: String, value: String?)] = [], as subject: Subject) async throws(VendorError) -> RawJSON {
    let workspace: [(name: String, value: String?)] = Self.teamMethods.contains(method) ? [("team_id", team)] : []
    // The budget of a history depends on what was learnt of whom Slack limits.
    let bucket = HistoryPace.methods.contains(method) ? method + " " + (try await api.limitHolder(of: subject)) : method
    return try await api.json(VendorRequest(.get, path: "/" + method, query: arguments + workspace, bucket: bucket), as: subject)
  }

  /// Calls a method that takes JSON.
  func post(_ method: String, _ arguments: JSONObject = JSONObject(), as subject: Subject, isRead: Bool = false) async throws(VendorError) -> RawJSON {
    var arguments = arguments
    if let team, Self.teamMethods.contains(method) { arguments["team_id"] = .string(team) }
    var request = VendorRequest(.post, path: "/" + method, bucket: method, isIdempotent: isRead).json(.object(arguments))
    if let channel = arguments["channel"]?.string, method == "chat.postMessage" { request.limitedResource = "channel " + channel }
    return try await api.json(request, as: subject)
  }

  /// Calls a method that takes form fields only.
  func form(_ method: String, _ arguments: [(name: String, value: String?)], as subject: Subject) async throws(VendorError) -> RawJSON {
    try await api.json(VendorRequest(.post, path: "/" + method, bucket: method, isIdempotent: false).form(arguments), as: subject)
  }

  /// Who the subject is at Slack, and the scopes of its token.
  func identity(as subject: Subject) async throws(VendorError) -> (RawJSON, scopes: Set<String>) {
    let response = try await api.send(VendorRequest(.post, path: "/auth.test", bucket: "auth.test", isIdempotent: true).json([:]), as: subject)
    guard let json = response.json else { throw VendorError(.invalidAnswer, "Slack answered with something that is not its JSON.") }
    return (json, Set((response.headers["X-OAuth-Scopes"] ?? "").split(separator: ",").map { String($0.drop { $0 == " " }) }))
  }

  /// The bytes of a private file.
  func download(_ url: String, as subject: Subject, maximumBytes: Int) async throws(VendorError) -> VendorResponse {
    guard let target = HTTPURL(url) else { throw VendorError(.invalidAnswer, "Slack gave no usable address for the file.") }
    var request = VendorRequest(.get, path: target.path, bucket: "download", maximumBytes: maximumBytes)
    request.origin = target.origin
    return try await api.send(request, as: subject)
  }

  /// Sends bytes to an upload address, which needs no credential.
  func upload(_ bytes: ByteBuffer, to url: String, as subject: Subject) async throws(VendorError) {
    guard let target = HTTPURL(url) else { throw VendorError(.invalidAnswer, "Slack gave no usable address for the upload.") }
    var request = VendorRequest(.post, path: target.path, bucket: "upload", isIdempotent: false)
    request.origin = target.origin
    request.isAuthenticated = false
    request.headers.set("Content-Type", "application/octet-stream")
    request.body = bytes
    _ = try await api.send(request, as: subject)
  }

  // MARK: Answers

  private static let okay = Array(#"{"ok":true,"#.utf8)

  private static func read(_ response: VendorResponse, _ request: VendorRequest, _ now: Int64, _ pace: HistoryPace) -> Disposition {
    let retryAfter = response.retryAfter(now: now)
    let reader = reader(request.bucket)
    if let reader, response.status.code == 429, let retryAfter { pace.note(wait: retryAfter, reader) }
    switch response.status.code {
    // Posting is limited by channel as well, the other methods by themselves.
    case 429: return .throttled(Throttle(request.limitedResource == nil ? .bucket : .resource, retryAfter: retryAfter ?? 30, vendorCode: "ratelimited"))
    case 500...: return .unavailable(retryAfter: retryAfter)
    case 200..<300: break
    // Files that the token may not read lead to the sign-in page.
    case 300..<400 where request.origin != nil:
      return .failed(VendorError(.forbidden, "Slack did not give the file. The app needs the scope files:read, and must be in a channel where the file is."))
    default: return .failed(VendorError(.invalid, "Slack answered with status \(response.status.code).", status: response.status.code))
    }
    // Downloads and uploads answer with other things than JSON.
    guard request.origin == nil else { return .accepted() }
    if let reader, let quota = quota(response, request, pace, reader) { return .accepted(quota) }
    // That something was done is said first, and whoever asked scans the answer anyway.
    if response.body.readableBytesView.starts(with: okay) { return .accepted() }
    guard let json = response.json, let isOK = json["ok"]?.bool else {
      return .failed(VendorError(.invalidAnswer, "Slack answered with something that is not its JSON.", status: response.status.code))
    }
    return isOK ? .accepted() : failure(json, request, retryAfter)
  }

  /// Whose limit a bucket of histories is; nil for other buckets.
  private static func reader(_ bucket: String) -> String? {
    guard let space = bucket.firstIndex(of: " "), HistoryPace.methods.contains(String(bucket[..<space])) else { return nil }
    return String(bucket[bucket.index(after: space)...])
  }

  /// What a page of a history says of its limit where it shows the hard one: the next may be asked for in a minute.
  private static func quota(_ response: VendorResponse, _ request: VendorRequest, _ pace: HistoryPace, _ reader: String) -> QuotaReading? {
    guard pace.limit(reader) == nil, let asked = request.path.firstRange(of: "&limit="),
      let limit = Int(request.path[asked.upperBound...].prefix { $0 != "&" }), limit > HistoryPace.hard.objects, let json = response.json,
      json["ok"]?.bool == true
    else { return nil }
    let count = json["messages"].map { Array($0.elements).count } ?? 0
    let hasMore = json["has_more"]?.bool == true
    return pace.note(objects: count, of: limit, hasMore: hasMore, reader) ? QuotaReading(remaining: 0, resetsIn: 60) : nil
  }

  /// <https://docs.slack.dev/reference/methods>, "Errors" of each method.
  private static func failure(_ json: RawJSON, _ request: VendorRequest, _ retryAfter: Int64?) -> Disposition {
    let code = String((json["error"]?.string ?? "unknown_error").prefix(100))
    func failed(_ kind: VendorError.Code, _ text: String) -> Disposition { .failed(VendorError(kind, text, vendorCode: code)) }
    switch code {
    case "ratelimited", "rate_limited":
      return .throttled(Throttle(request.limitedResource == nil ? .bucket : .resource, retryAfter: retryAfter ?? 30, vendorCode: code))
    // The workspace's own limit: no channel takes more for a while.
    case "message_limit_exceeded": return .throttled(Throttle(.bucket, retryAfter: retryAfter ?? 30, vendorCode: code))
    case "invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive": return .unauthorized(vendorCode: code)
    case "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org": return .unavailable(vendorCode: code)
    case "missing_scope":
      let needed = json["needed"]?.string.map { " It needs \($0.prefix(200))." } ?? ""
      return failed(.forbidden, "The Slack app lacks a scope.\(needed) An administrator adds it and installs the app again.")
    case "not_in_channel": return failed(.forbidden, "The Slack app is not in this channel. Invite it there first.")
    case "channel_not_found", "user_not_found", "users_not_found", "file_not_found", "message_not_found", "thread_not_found", "canvas_not_found", "no_such_subteam":
      return failed(.notFound, "Slack does not find it, or it may not be seen.")
    case "is_archived": return failed(.conflict, "The channel is archived.")
    case "already_reacted", "already_pinned", "name_taken", "already_in_channel", "no_reaction": return failed(.conflict, "Slack says that this is so already.")
    case "not_allowed_token_type":
      return failed(.forbidden, "Slack does this only for a person's own token, not for the app's: set act_as: caller (docs/connectors/slack.md).")
    case "restricted_action", "access_denied", "no_permission", "ekm_access_denied", "cant_delete_message", "cant_update_message",
      "org_login_required":
      return failed(.forbidden, "Slack does not allow this to the account that is used.")
    default: return failed(.invalid, "Slack refused the request.")
    }
  }

  // MARK: Limits

  /// Requests a minute of the tiers (<https://docs.slack.dev/apis/web-api/rate-limits>). Special ones are left to Slack's answers.
  private static func budget(_ bucket: String, _ pace: HistoryPace) -> Budget? {
    if let reader = reader(bucket) { return Budget(pace.limit(reader)?.perMinute ?? 50, per: 60) }
    return switch bucket {
    case "chat.postMessage": Budget(60, per: 60)
    case "conversations.list", "users.list", "usergroups.list", "usergroups.users.list", "usergroups.create", "usergroups.update", "usergroups.users.update",
      "search.messages", "search.files", "pins.list", "pins.add",
      "conversations.create", "conversations.setTopic", "conversations.setPurpose", "conversations.rename", "conversations.archive", "canvases.create",
      "conversations.canvases.create", "reactions.remove", "assistant.search.info":
      Budget(20, per: 60)
    case "users.info", "users.profile.get", "conversations.members", "files.info", "files.getUploadURLExternal", "files.completeUploadExternal": Budget(100, per: 60)
    case "auth.test", "team.info", "conversations.info", "conversations.open", "conversations.invite", "conversations.kick", "conversations.leave",
      "conversations.join", "conversations.mark", "users.conversations", "users.lookupByEmail", "chat.update", "chat.delete",
      "chat.scheduleMessage", "chat.scheduledMessages.list", "chat.deleteScheduledMessage", "reactions.add", "reactions.get", "files.list", "bookmarks.list",
      "canvases.edit", "canvases.sections.lookup":
      Budget(50, per: 60)
    default: nil
    }
  }
}
