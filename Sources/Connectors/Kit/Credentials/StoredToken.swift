public import JSON
public import MCPAuth

/// A token that a vendor granted, and what is needed for the next.
public struct StoredToken: Sendable {
  public var accessToken: Secret
  /// Seconds since 1970; nil if the vendor did not say.
  public var expires: Int64?
  public var refreshToken: Secret?
  public var scopes: [String]
  /// What else the vendor said that requests need: `instance_url`, `team_id`. No secrets.
  public var extra: JSONObject

  public init(accessToken: Secret, expires: Int64? = nil, refreshToken: Secret? = nil, scopes: [String] = [], extra: JSONObject = JSONObject()) {
    self.accessToken = accessToken
    self.expires = expires
    self.refreshToken = refreshToken
    self.scopes = scopes
    self.extra = extra
  }

  /// When a token that was answered just now ends.
  static func expiry(_ answer: RawJSON, now: Int64) -> Int64? { answer["expires_in"]?.double.map { now + Int64(min(max($0, 0), 1e9)) } }

  /// The scopes that an answer names; nil where it names none. Some vendors part them with commas.
  static func scopes(_ answer: RawJSON) -> [String]? {
    answer["scope"]?.string.map { $0.split(whereSeparator: { $0 == " " || $0 == "," }).map(String.init) }
  }

  /// For ``ConnectorState`` only.
  var bytes: [UInt8] {
    var json: JSONValue = ["access_token": .string(accessToken.reveal()), "scopes": .array(scopes.map { .string($0) }), "extra": .object(extra)]
    if let expires { json["expires"] = .int(expires) }
    if let refreshToken { json["refresh_token"] = .string(refreshToken.reveal()) }
    return Array(json.text.utf8)
  }

  init?(bytes: [UInt8]) {
    guard let text = String(validating: bytes, as: UTF8.self), let json = try? JSONValue(parsing: text), let access = json["access_token"]?.string else { return nil }
    self.init(
      accessToken: Secret(access), expires: json["expires"]?.int.map(Int64.init), refreshToken: json["refresh_token"]?.string.map { Secret($0) },
      scopes: (json["scopes"]?.array ?? []).compactMap(\.string), extra: json["extra"]?.object ?? JSONObject())
  }
}
