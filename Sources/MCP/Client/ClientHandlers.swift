internal import JSON

/// What a client does for servers that ask something of it. The capabilities that it declares follow from what is given.
///
/// Handlers run beside each other, each in the task of the call that it serves or in one of its own, and are cancelled with it.
public struct ClientHandlers: Sendable {
  /// Lets the user fill in a form. Show who asks, let them review, and let them decline. What is accepted must fit the form's schema.
  public var form: (@Sendable (FormElicitation) async throws -> ElicitationResult)?
  /// Lets the user visit an address: show its host and ask for consent first.
  ///
  /// What a server of 2025-11-25 refuses until an address is visited is sent once more when all such visits are accepted. A handler that
  /// waits for ``ServerEvent/elicitationCompleted(id:)`` before it accepts makes sure that this is not too early.
  public var url: (@Sendable (URLElicitation) async throws -> ElicitationResult)?
  /// Has a model write a message. Users should see, and be able to change, what goes in and out.
  public var sampling: (@Sendable (SamplingRequest) async throws -> SamplingResult)?
  /// Whether ``sampling`` lets the model use the tools of a request.
  public var samplesWithTools: Bool
  /// What the server may work on: `file://` URIs of absolute paths, see ``Root/problem``.
  public var roots: (@Sendable () async throws -> [Root])?

  public init(
    form: (@Sendable (FormElicitation) async throws -> ElicitationResult)? = nil,
    url: (@Sendable (URLElicitation) async throws -> ElicitationResult)? = nil,
    sampling: (@Sendable (SamplingRequest) async throws -> SamplingResult)? = nil, samplesWithTools: Bool = false,
    roots: (@Sendable () async throws -> [Root])? = nil
  ) {
    self.form = form
    self.url = url
    self.sampling = sampling
    self.samplesWithTools = samplesWithTools
    self.roots = roots
  }

  /// `ClientCapabilities` for servers of `era`.
  func capabilities(_ era: Era) -> JSONObject {
    var capabilities = JSONObject()
    if form != nil || url != nil {
      var modes = JSONObject()
      if form != nil { modes["form"] = [:] }
      if url != nil { modes["url"] = [:] }
      capabilities["elicitation"] = .object(modes)
    }
    if sampling != nil { capabilities["sampling"] = samplesWithTools ? ["tools": [:]] : [:] }
    if roots != nil { capabilities["roots"] = era == .legacy ? ["listChanged": true] : [:] }
    return capabilities
  }

  /// Answers one request of a server's, however it came.
  ///
  /// - Throws: ``RPCError``: `-32601` where there is no handler, `-32602` where the params are not valid, `-32603` where the handler failed.
  func answer(_ method: Method, _ params: JSONValue) async throws(RPCError) -> JSONValue {
    do {
      switch method {
      case .elicit:
        switch try ElicitationRequest(params) {
        case .form(let form):
          guard let handler = self.form else { throw RPCError(.invalidParams, "This client does not support forms") }
          let answer = try await handler(form)
          // A server would ask again, or fail, and nobody would know why.
          if answer.action == .accept, let problem = form.problem(with: answer.content) {
            throw RPCError(.internalError, "The client's answer does not fit the form that was asked for: \(problem)")
          }
          return answer.json
        case .url(let url):
          guard let handler = self.url else { throw RPCError(.invalidParams, "This client does not support elicitation by URL") }
          return try await handler(url).json
        }
      case .createMessage:
        guard let sampling else { throw RPCError.methodNotFound(method.rawValue) }
        let request = try SamplingRequest(params)
        guard samplesWithTools || (request.tools.isEmpty && request.toolChoice == nil) else {
          throw RPCError(.invalidParams, "This client does not support tools in sampling")
        }
        return try await sampling(request).json
      case .rootsList:
        guard let roots else { throw RPCError.methodNotFound(method.rawValue) }
        let all = try await roots()
        for root in all {
          if let problem = root.problem { throw RPCError(.internalError, "The client has a root that may not be shown: it \(problem)") }
        }
        return Root.result(all)
      default: throw RPCError.methodNotFound(method.rawValue)
      }
    } catch let error as RPCError {
      throw error
    } catch is CancellationError {
      throw RPCError(.internalError, "The request was cancelled")
    } catch {
      throw RPCError(.internalError, "The client could not answer: \(error)")
    }
  }
}
