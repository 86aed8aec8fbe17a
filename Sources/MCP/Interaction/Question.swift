public import JSON

/// Something that a handler asks of the client: ``Elicitation``, ``Sampling`` or ``ListRoots``.
public protocol Question: Sendable {
  /// What the handler gets.
  associatedtype Answer: Sendable

  /// What the question is called in `inputRequests`; nil derives it from what is asked.
  var key: String? { get }
  /// Whether its answer may come with a request that has no `requestState` at all, under an explicit ``key``: nobody can say then that it was
  /// asked, so only where the answer is no consent. False, unless the question says otherwise.
  var acceptsUnasked: Bool { get }
  /// The request that asks it.
  var method: Method { get }
  /// The params of the request for a client of `version`.
  func params(for version: ProtocolVersion) -> JSONValue
  /// What of `params` its answer is bound to: a run of the handler that asks something else under the same ``key`` asks anew. All of them,
  /// unless the question says otherwise.
  func essence(of params: JSONValue) -> JSONValue
  /// Why it must not be asked of anyone; nil where it may.
  var problem: String? { get }
  /// The capabilities that `client` must declare and does not, as a `ClientCapabilities` object; nil when it may be asked.
  func missingCapability(of client: ClientDescription) -> JSONObject?
  /// Reads the result of the request.
  ///
  /// - Throws: ``AnswerProblem`` when it has not the form that was asked for.
  func answer(_ result: JSONValue) throws(AnswerProblem) -> Answer
}

extension Question {
  public func essence(of params: JSONValue) -> JSONValue { params }
  public var problem: String? { nil }
  public var acceptsUnasked: Bool { false }
}

/// What is wrong with an answer, in words for whoever wrote the client.
public struct AnswerProblem: Error, Sendable, Hashable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

extension RPCError {
  /// `-32021`: the request cannot be served without capabilities that the client did not declare.
  public static func missingCapability(_ required: JSONObject) -> RPCError {
    let names = required.map(\.name).joined(separator: ", ")
    return RPCError(
      .missingClientCapability, "This request needs a client with the capability \"\(names)\"",
      data: ["requiredCapabilities": .object(required)])
  }
}
