public import JSON
internal import NIOCore

/// A question that one side asked and another is to answer: read as far as whoever stands between must understand it, and written as
/// the other's revision knows it. What is not understood is not passed on.
public struct RelayedQuestion: Sendable {
  private enum Form: Sendable {
    case elicitation(ElicitationRequest)
    case sampling(SamplingRequest)
    case roots
  }

  /// What is asked for: an elicitation, a sampling, or the roots.
  public let method: Method
  /// The same, as settings name it.
  public let kind: QuestionKind
  private let form: Form

  /// - Throws: ``RPCError`` `-32601` for what is no question, `-32602` where the params are not valid.
  public init(_ method: Method, _ params: JSONValue) throws(RPCError) {
    self.method = method
    switch method {
    case .elicit:
      kind = .elicitation
      let request = try ElicitationRequest(params)
      if case .url(let page) = request, !Self.isWebAddress(page.url) {
        throw RPCError(.invalidParams, "elicitation/create in URL mode needs an http or https URL of at most 2048 bytes")
      }
      form = .elicitation(request)
    case .createMessage:
      kind = .sampling
      form = .sampling(try SamplingRequest(params))
    case .rootsList:
      kind = .roots
      form = .roots
    default: throw RPCError.methodNotFound(method.rawValue)
    }
  }

  /// Reads an entry of `inputRequests`.
  public init(_ request: RawJSON) throws(RPCError) {
    guard let method = request["method"]?.string.flatMap({ Method(rawValue: $0) }) else {
      throw RPCError(.invalidParams, "a question names its method: elicitation/create, sampling/createMessage or roots/list")
    }
    try self.init(method, request["params"].map { JSONValue($0) } ?? .object(JSONObject()))
  }

  private static func isWebAddress(_ url: String) -> Bool {
    let scheme = url.prefix { $0 != ":" }.lowercased()
    return (scheme == "https" || scheme == "http") && url.utf8.count <= 2048 && url.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }

  /// Whether `client` declared that it can answer.
  public func canBeAsked(of client: ClientDescription) -> Bool {
    switch form {
    case .elicitation(let request):
      if case .url = request, client.version < .v2025_11_25 { return false }
      return request.missingCapability(of: client) == nil
    case .sampling(let request): return Sampling(request).missingCapability(of: client) == nil
    case .roots: return ListRoots().missingCapability(of: client) == nil
    }
  }

  /// The params as clients of `version` know them; what is not of the question itself, such as their `_meta`, is left out.
  public func params(for version: ProtocolVersion) -> JSONValue {
    switch form {
    case .elicitation(.form(let form)):
      var params = ElicitationRequest.form(form).params
      if version < .v2025_11_25 { params["mode"] = nil }
      return params
    case .elicitation(.url(var page)):
      // 2025-11-25 alone names the visit, and requires a name.
      page.elicitationID = version.era == .legacy ? page.elicitationID ?? "page-\(UInt64.random(in: .min ... .max))" : nil
      return ElicitationRequest.url(page).params
    case .sampling(let request): return request.params(for: version)
    case .roots: return .object(JSONObject())
    }
  }

  /// The page to visit, where there is one.
  public var address: String? {
    if case .elicitation(.url(let page)) = form { return page.url }
    return nil
  }

  // MARK: Answers

  /// Asks a legacy client while a request of its own is answered.
  ///
  /// - Returns: its result as it came; see ``answer(_:)``.
  public func ask(_ channel: any ClientChannel, _ version: ProtocolVersion) async throws(ClientFailure) -> RawJSON {
    try await channel.request(method, params: kind == .roots ? nil : ByteBuffer(params(for: version)))
  }

  /// What whoever asked gets of an answer.
  ///
  /// - Throws: ``RPCError`` `-32602` where it is none to this question.
  public func answer(_ result: JSONValue) throws(RPCError) -> JSONValue {
    switch form {
    case .elicitation: return try ElicitationResult(result).json
    case .sampling: return try SamplingResult(result).json
    case .roots: return Root.result(try Root.list(result))
    }
  }

  /// What was done with a question, as logs may tell it: never what was said.
  public static func summary(of answer: JSONValue) -> String {
    answer["action"]?.string.flatMap { ElicitationResult.Action(rawValue: $0) }?.rawValue ?? "given"
  }

  /// Asks a legacy client several questions at once, as one user may see them together. One that is not answered ends the others.
  ///
  /// - Returns: a result for each.
  public static func ask(_ questions: [RelayedQuestion], _ channel: any ClientChannel, _ version: ProtocolVersion) async -> [Result<RawJSON, ClientFailure>] {
    await withTaskGroup(of: (Int, Result<RawJSON, ClientFailure>).self) { group in
      for (index, question) in questions.enumerated() {
        group.addTask {
          do throws(ClientFailure) { return (index, .success(try await question.ask(channel, version))) } catch { return (index, .failure(error)) }
        }
      }
      var results: [Result<RawJSON, ClientFailure>] = Array(repeating: .failure(.cancelled), count: questions.count)
      for await (index, result) in group {
        results[index] = result
        if case .failure = result { group.cancelAll() }
      }
      return results
    }
  }
}
