internal import Crypto
internal import JSON
internal import NIOCore

/// What a call has learned in earlier rounds. It travels in `requestState` through the client, who can neither read nor change it
/// (2026-07-28, basic/patterns/mrtr, "Server Requirements").
struct CallState: Sendable {
  struct Answer: Sendable {
    /// What was asked, see ``CanonicalDigest/hex(of:)``: an answer is of no use to another question of the same key.
    var question: String
    var result: JSONValue
  }

  /// The same in all rounds of a call; made when somebody asks for it, which most calls never do.
  lazy var callID: String = Base64.encode(SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) }, urlSafe: true)
  var answers: [String: Answer] = [:]
  /// The questions that were open at the end of the last round, by what they asked: consent to one is none to another of the same key.
  var open: [String: String] = [:]
  /// Results of ``IncomingRequest/once(_:_:)``.
  var results: [String: JSONValue] = [:]
}

/// Seals call states: encrypted, and bound to the server, the caller, and the request with its arguments. They expire.
struct CallStateSeal: Sendable {
  /// The most bytes of a state. It goes back and forth with every round.
  static let limit = 256 * 1024

  let key: SymmetricKey
  /// In milliseconds.
  let lifetime: Int
  let server: String

  /// - Parameter now: in milliseconds since 1970.
  func seal(_ state: CallState, for request: Envelope, _ context: RequestContext, now: Int) throws(RPCError) -> String {
    var state = state
    var content: JSONObject = ["e": .int(now + lifetime), "i": .string(state.callID)]
    if !state.answers.isEmpty {
      var answers = JSONObject()
      for (key, answer) in state.answers { answers[key] = ["q": .string(answer.question), "r": answer.result] }
      content["a"] = .object(answers)
    }
    if !state.open.isEmpty {
      var open = JSONObject()
      for (key, question) in state.open { open[key] = .string(question) }
      content["q"] = .object(open)
    }
    if !state.results.isEmpty {
      var results = JSONObject()
      for (key, result) in state.results { results[key] = result }
      content["o"] = .object(results)
    }
    let text = ByteBuffer(.object(content))
    guard text.readableBytes <= CallStateSeal.limit else {
      throw RPCError(.internalError, "The answers and recorded results of this call have more than \(CallStateSeal.limit) bytes")
    }
    guard let box = try? ChaChaPoly.seal(Array(text.readableBytesView), using: key, authenticating: binding(request, context)) else {
      throw RPCError(.internalError, "Internal error")
    }
    return Base64.encode(box.combined, urlSafe: true)
  }

  /// - Throws: ``RPCError`` `-32602` for anything that was not sealed for this request of this caller, or a while ago.
  func open(_ state: RawJSON, for request: Envelope, _ context: RequestContext, now: Int) throws(RPCError) -> CallState {
    let invalid = RPCError(
      .invalidParams, "Invalid requestState: it was changed, has expired, or belongs to another request. Send the request again without it.")
    guard let text = state.string, text.utf8.count <= CallStateSeal.limit * 2, let bytes = Base64.decode(text, urlSafe: true),
      let box = try? ChaChaPoly.SealedBox(combined: bytes),
      let opened = try? ChaChaPoly.open(box, using: key, authenticating: binding(request, context)),
      let content = try? RawJSON(scanning: ByteBuffer(bytes: Array(opened))),
      let expiry = content["e"]?.int, expiry > now, let callID = content["i"]?.string
    else { throw invalid }
    var found = CallState()
    found.callID = callID
    for (key, answer) in content["a"]?.members ?? RawJSON.null.members {
      guard let key = key.string, let question = answer["q"]?.string, let result = answer["r"] else { throw invalid }
      found.answers[key] = CallState.Answer(question: question, result: JSONValue(result))
    }
    for (key, question) in content["q"]?.members ?? RawJSON.null.members {
      guard let key = key.string, let question = question.string else { throw invalid }
      found.open[key] = question
    }
    for (key, result) in content["o"]?.members ?? RawJSON.null.members {
      guard let key = key.string else { throw invalid }
      found.results[key] = JSONValue(result)
    }
    return found
  }

  /// What a state must come back with. `_meta` may differ from round to round, by its tokens and trace for example.
  private func binding(_ request: Envelope, _ context: RequestContext) -> [UInt8] {
    var digest = CanonicalDigest()
    digest.add("sluice mcp call state 1")
    digest.add(server)
    digest.add(context.caller == nil ? "" : "caller")
    digest.add(context.caller?.id ?? "")
    digest.add(request.method?.rawValue ?? "")
    var members: [(String, RawJSON)] = []
    for (name, value) in request.params?.members ?? RawJSON.null.members {
      if name.equals("_meta") || name.equals("inputResponses") || name.equals("requestState") { continue }
      members.append((name.string ?? "", value))
    }
    digest.add(members: members)
    return digest.finish()
  }
}
