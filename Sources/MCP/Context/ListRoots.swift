public import JSON

/// A folder or file that the client lets the server work on (2026-07-28, client/roots).
public struct Root: Sendable, Hashable {
  /// A `file://` URI.
  public var uri: String
  public var name: String?

  public init(uri: String, name: String? = nil) {
    self.uri = uri
    self.name = name
  }
}

/// Asks the client for its roots.
public struct ListRoots: Question {
  public var key: String?
  public init(key: String? = nil) { self.key = key }

  public var method: Method { .rootsList }

  public func params(for version: ProtocolVersion) -> JSONObject { JSONObject() }

  public func missingCapability(of client: ClientDescription) -> JSONObject? { client.capabilities["roots"] == nil ? ["roots": [:]] : nil }

  public func answer(_ result: RawJSON) throws(AnswerProblem) -> [Root] {
    guard let roots = result["roots"], roots.kind == .array else { throw AnswerProblem("\"roots\" must be an array") }
    var found: [Root] = []
    for root in roots.elements {
      guard let uri = root["uri"]?.string else { throw AnswerProblem("a root needs \"uri\", a string") }
      found.append(Root(uri: uri, name: root["name"]?.string))
    }
    return found
  }
}
