public import JSON

/// Asks for the client's roots (2026-07-28, client/roots).
public struct ListRoots: Question {
  public var key: String?
  public init(key: String? = nil) { self.key = key }

  public var method: Method { .rootsList }

  public func params(for version: ProtocolVersion) -> JSONValue { [:] }

  public func missingCapability(of client: ClientDescription) -> JSONObject? { client.capabilities["roots"] == nil ? ["roots": [:]] : nil }

  public func answer(_ result: JSONValue) throws(AnswerProblem) -> [Root] {
    do { return try Root.list(result) } catch { throw AnswerProblem(error.message) }
  }
}
