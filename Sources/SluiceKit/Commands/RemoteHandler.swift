internal import Gateway
internal import JSON
internal import MCP
internal import NIOCore

/// Hands requests of one side on to a server elsewhere, in whichever eras the two speak.
final class RemoteHandler: RequestHandler {
  private let connection: ClientConnection
  private let headers = ToolHeaders()

  init(_ connection: ClientConnection) { self.connection = connection }

  func handle(_ request: Envelope, _ context: RequestContext) async -> Answer {
    var members = ByteBuffer()
    for (name, value) in request.params?.members.map({ $0 }) ?? [] where !name.equals("_meta") {
      if members.readableBytes > 0 { members.writeStaticString(",") }
      members.write(name)
      members.writeStaticString(":")
      members.write(value)
    }
    guard let method = request.method else { return .failure(.methodNotFound(request.methodName?.string ?? "")) }
    let token = request.meta?[MetaKey.progressToken]
    var body = ClientConnection.RequestBody(
      members: members, name: method.nameParameter.flatMap { request[$0]?.string }, wantsProgress: token != nil,
      capabilities: context.era == .modern || context.channel != nil ? context.client.capabilities : nil)
    if method == .toolsCall, let name = body.name { body.parameterHeaders = headers.headers(for: name, arguments: request["arguments"]) }
    do throws(ClientError) {
      let forward: @Sendable (Envelope) async -> Void = { notification in
        guard notification.method == .progress, let token, let params = notification.params else { return }
        var changed = JSONValue(params)
        changed["progressToken"] = JSONValue(token)
        await context.notify(Message.notification(.progress, params: ByteBuffer(changed)))
      }
      var answer = try await connection.request(method, body, deadline: .now() + .minutes(10), onNotification: forward)
      if method == .toolsCall, answer.error?["code"]?.int == RPCError.Code.headerMismatch.rawValue, let name = body.name {
        // The client on this side of the pipe has listed the tools at another time, or not at all.
        try await learnHeaders()
        body.parameterHeaders = headers.headers(for: name, arguments: request["arguments"])
        answer = try await connection.request(method, body, deadline: .now() + .minutes(10), onNotification: forward)
      }
      if method == .toolsList, let result = answer.result { headers.remember(result) }
      if context.era == .legacy { answer = try await settle(answer, method, body, context, forward) }
      if let result = answer.result { return .result(ResultForm.adapt(result, to: context.era, method)) }
      return .failure(answer.error.map { Self.error($0, to: context.era, method) } ?? RPCError(.internalError, "the gateway gave no answer"))
    } catch {
      if case .input(let reason) = error { return .failure(RPCError(.internalError, "The request needs input that was not given: \(reason)")) }
      return .failure(RPCError(.internalError, "The gateway cannot be reached: \(error)"))
    }
  }

  /// Asks the client on this side what the gateway wants to know, and the gateway again with the answers, until there is a result.
  private func settle(
    _ first: Envelope, _ method: MCP.Method, _ body: ClientConnection.RequestBody, _ context: RequestContext,
    _ forward: @escaping @Sendable (Envelope) async -> Void
  ) async throws(ClientError) -> Envelope {
    var answer = first
    for _ in 0..<Self.maximumRounds {
      guard let result = answer.result, result["resultType"]?.equals("input_required") == true else { return answer }
      var again = body
      if let asked = result["inputRequests"] {
        guard let channel = context.channel else { throw ClientError.input("the client has no way to be asked") }
        let answers = try await answers(to: asked, channel, context.client.version)
        again.members.writeStaticString(again.members.readableBytes > 0 ? ",\"inputResponses\":" : "\"inputResponses\":")
        again.members.write(JSONValue.object(answers))
      }
      if let state = result["requestState"] {
        again.members.writeStaticString(again.members.readableBytes > 0 ? ",\"requestState\":" : "\"requestState\":")
        again.members.write(state)
      }
      answer = try await connection.request(method, again, deadline: .now() + .minutes(10), onNotification: forward)
    }
    throw ClientError.input("the gateway asked again and again and gave no result")
  }

  private static let maximumRounds = 16

  private func answers(to asked: RawJSON, _ channel: any ClientChannel, _ version: ProtocolVersion) async throws(ClientError) -> JSONObject {
    var questions: [(key: String, question: RelayedQuestion)] = []
    for (name, request) in asked.members {
      do throws(RPCError) { questions.append((name.string ?? "", try RelayedQuestion(request))) } catch { throw ClientError.input(error.message) }
    }
    let results = await RelayedQuestion.ask(questions.map(\.question), channel, version)
    var answers = JSONObject()
    for ((key, question), result) in zip(questions, results) {
      switch result {
      case .failure(let failure): throw ClientError.input(failure.description)
      case .success(let raw):
        do throws(RPCError) { answers[key] = try question.answer(JSONValue(raw)) } catch { throw ClientError.input(error.message) }
      }
    }
    return answers
  }

  /// Reads all pages of the tools for what goes into headers.
  private func learnHeaders() async throws(ClientError) {
    var cursor: RawJSON?
    for _ in 0..<100 {
      var members = ByteBuffer()
      if let cursor {
        members.writeStaticString("\"cursor\":")
        members.write(cursor)
      }
      guard let result = try await connection.request(.toolsList, .init(members: members), deadline: .now() + .seconds(30)).result else { return }
      headers.remember(result)
      guard let next = result["nextCursor"] else { return }
      cursor = next
    }
  }

  /// The gateway's error as the client's era knows it: a missing resource has a code of its own in the legacy one.
  private static func error(_ raw: RawJSON, to era: Era, _ method: MCP.Method) -> RPCError {
    var error = RPCError(raw)
    if era == .legacy, method == .resourcesRead, error.code == .invalidParams, error.data?["code"]?.string == "not_found" {
      error.code = .resourceNotFound
    }
    return error
  }

  func receive(_ notification: Envelope, _ context: RequestContext) async {}

  /// The gateway's own description, but for updates of single resources, which do not come through here.
  func describe(_ context: RequestContext) async -> ServerDescription {
    let peer = connection.peer
    var capabilities = peer.map { JSONValue($0.capabilities) } ?? [:]
    if capabilities["resources"]?["subscribe"] != nil { capabilities["resources"]?["subscribe"] = false }
    return ServerDescription(
      name: peer?.serverInfo?["name"]?.string ?? "sluice", title: peer?.serverInfo?["title"]?.string,
      version: peer?.serverInfo?["version"]?.string ?? SluiceVersion.current, instructions: peer?.instructions,
      capabilities: capabilities)
  }

  func observe(for caller: (any Caller)?, _ observer: @escaping @Sendable (ServerChange) -> Void) -> Observation {
    let filter: JSONValue = ["toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true]
    let task = Task { [connection] in
      try? await connection.listen(filter: filter) { if let change = ServerChange($0) { observer(change) } }
    }
    return Observation { task.cancel() }
  }
}
