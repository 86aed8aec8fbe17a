internal import MCPHTTP

/// Percent-encoding (RFC 3986, section 2): only unreserved characters stay.
public enum PercentEncoding {
  /// One path segment. `.` and `..` are encoded too, which does not keep every server from resolving them: ``VendorAPI`` refuses them.
  public static func segment(_ text: String) -> String {
    if text == "." { return "%2E" }
    if text == ".." { return "%2E%2E" }
    return encode(text)
  }

  /// Whether a part of a path is `.` or `..`, encoded or not: `%2E` is the same as `.` (RFC 3986, section 6.2.2.2), so that servers and
  /// proxies may resolve it and reach another path.
  static func climbs(_ path: String) -> Bool {
    path.prefix { $0 != "?" }.split(separator: "/").contains { segment in
      let dots = segment.replacing("%2E", with: ".").replacing("%2e", with: ".")
      return dots == "." || dots == ".."
    }
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
