internal import MCPHTTP

/// Percent-encoding (RFC 3986, section 2): only unreserved characters stay.
public enum PercentEncoding {
  /// One path segment. `.` and `..` are encoded too: no server resolves them.
  public static func segment(_ text: String) -> String {
    if text == "." { return "%2E" }
    if text == ".." { return "%2E%2E" }
    return encode(text)
  }

  /// `name=value&...`; pairs without a value are left out.
  public static func query(_ fields: [(name: String, value: String?)]) -> String {
    fields.compactMap { field in field.value.map { encode(field.name) + "=" + encode($0) } }.joined(separator: "&")
  }

  public static func append(_ fields: [(name: String, value: String?)], to path: String) -> String {
    let query = query(fields)
    guard !query.isEmpty else { return path }
    return path + (path.contains("?") ? "&" : "?") + query
  }

  public static func encode(_ text: String) -> String { FormText.encode(text) }
}
