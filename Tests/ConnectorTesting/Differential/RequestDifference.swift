internal import JSON
internal import NIOCore

/// Compares what we send with what another client sends for the same act: method, path, query as a set, body as a value.
public struct RequestDifference: Sendable {
  /// A difference that is meant, with its reason.
  public struct Exception: Sendable {
    enum Part: Sendable, Hashable {
      case query(String)
      case member(String)
      case bodyEncoding
      case trailing
    }
    let part: Part
    public let reason: String

    /// A query parameter that only one of the two sends, or sends with another value.
    public static func query(_ name: String, because reason: String) -> Exception { Exception(part: .query(name), reason: reason) }
    /// A member of the body, of a form or of JSON.
    public static func member(_ name: String, because reason: String) -> Exception { Exception(part: .member(name), reason: reason) }
    /// One sends a form and the other JSON, or one an empty body and the other `{}`: members are compared as texts.
    public static func bodyEncoding(because reason: String) -> Exception { Exception(part: .bodyEncoding, reason: reason) }
    /// The other sends further requests, before or after, that only serve itself: ours must be among its.
    public static func extraRequests(because reason: String) -> Exception { Exception(part: .trailing, reason: reason) }
  }

  private let exceptions: Set<Exception.Part>

  public init(_ exceptions: [Exception] = []) { self.exceptions = Set(exceptions.map(\.part)) }

  /// What differs; empty where nothing does that is not excepted.
  public func problems(ours: [CapturedRequest], theirs: [CapturedRequest]) -> [String] {
    if exceptions.contains(.trailing) {
      var rest = theirs[...]
      return ours.compactMap { one in
        while let other = rest.popFirst() { if problems(one, other).isEmpty { return nil } }
        return "\(one) is not among theirs: \(theirs)"
      }
    }
    guard ours.count == theirs.count else { return ["we send \(ours.count) requests \(ours), they \(theirs.count) \(theirs)"] }
    return zip(ours, theirs).flatMap { problems($0, $1) }
  }

  private func problems(_ ours: CapturedRequest, _ theirs: CapturedRequest) -> [String] {
    var problems: [String] = []
    if ours.method != theirs.method { problems.append("method: ours \(ours.method), theirs \(theirs.method)") }
    // How a slash within a segment is written does not matter to the vendors' servers; where they differ, it is said.
    if ours.segments.joined(separator: "/") != theirs.segments.joined(separator: "/") { problems.append("path: ours \(ours.path), theirs \(theirs.path)") }
    let (one, other) = (query(ours), query(theirs))
    if one != other { problems.append("query: ours \(one), theirs \(other)") }
    let (body, otherBody) = (body(ours), body(theirs))
    if body != otherBody { problems.append("body: ours \(body?.text ?? "none"), theirs \(otherBody?.text ?? "none")") }
    return problems
  }

  private func query(_ request: CapturedRequest) -> [String] {
    request.query.filter { !exceptions.contains(.query($0.name)) }.map { "\($0.name)=\($0.value)" }.sorted()
  }

  private func body(_ request: CapturedRequest) -> JSONValue? {
    var value: JSONValue?
    if request.contentType == "application/x-www-form-urlencoded" {
      value = .object(request.form.reduce(into: JSONObject()) { $0[$1.name] = .string($1.value) })
    } else {
      value = request.json
      if value == nil, request.body.readableBytes > 0 { value = .string(request.text) }
    }
    if let object = value?.object {
      value = .object(object.reduce(into: JSONObject()) { if !exceptions.contains(.member($1.name)) { $0[$1.name] = $1.value } })
    }
    guard exceptions.contains(.bodyEncoding) else { return value }
    let texts = (value?.object ?? JSONObject()).reduce(into: JSONObject()) { $0[$1.name] = .string($1.value.string ?? $1.value.text) }
    return texts.isEmpty ? nil : .object(texts)
  }
}
