internal import JSON
internal import MCP
internal import NIOCore

/// What came back for a call.
enum UpstreamAnswer: Sendable {
  /// A result object as the upstream sent it.
  case result(RawJSON)
  /// A result that the gateway made itself, complete for the client's era.
  case own(ByteBuffer)
  case error(RPCError)
  /// Questions to the caller in place of a result, screened and complete: an `input_required` result.
  case asked(ByteBuffer)
}

/// Sends what was authorized and recorded, and nothing else, to where it belongs.
struct Dispatcher: Sendable {
  let policy: PolicyStage
  let seal: RequestStateSeal
  let lists: Lists
  let screening: Screening
  /// Calls that wait for their clients to come back.
  let suspended: SuspendedCalls

  func send(_ entry: borrowing RecordedIntent) async throws(Refusal) -> UpstreamAnswer {
    let call = entry.call
    let plan = entry.admitted.permit.plan
    let meta = entry.admitted.permit.meta
    switch call.target {
    case .search(let query, let limit): return .own(lists.found(query, limit: limit, call))
    case .list(let list): return .own(try lists.text(of: list, call))
    case .subscription, .acknowledged: return .own(ByteBuffer(string: "{}"))
    case .tool(let tool): return try await request(call, entry.admitted.permit.body(tool), isRead: tool.effect == .read, plan: plan)
    case .prompt(let prompt):
      return try await request(call, body(call, ["name": prompt.upstreamName], copying: ["arguments"], meta), isRead: true, plan: plan)
    case .resource(let entry, let uri):
      let original = entry.isRenamed ? ViewURI.original(uri, of: entry.upstream.name) : uri
      let answer = try await request(call, body(call, ["uri": original], copying: [], meta), isRead: true, plan: plan)
      guard entry.isRenamed, case .result(let result) = answer else { return answer }
      return .result(ViewURI.published(contentsOf: result, of: entry.upstream.name))
    case .promptCompletion(let prompt):
      var members = ByteBuffer()
      members.writeStaticString("\"ref\":")
      members.write(["type": "ref/prompt", "name": .string(prompt.upstreamName)] as JSONValue)
      return try await request(call, completion(call, members, meta), isRead: true, plan: plan)
    case .resourceCompletion(let entry):
      var members = ByteBuffer()
      members.writeStaticString("\"ref\":")
      members.write(["type": "ref/resource", "uri": .string(entry.upstreamURI)] as JSONValue)
      return try await request(call, completion(call, members, meta), isRead: true, plan: plan)
    }
  }

  // MARK: Bodies

  private func body(_ call: Call, _ own: KeyValuePairs<String, String>, copying names: [String], _ meta: ByteBuffer) -> ClientConnection.RequestBody {
    var members = ByteBuffer()
    for (name, value) in own {
      if members.readableBytes > 0 { members.writeStaticString(",") }
      JSONText.write(name, to: &members)
      members.writeStaticString(":")
      JSONText.write(value, to: &members)
    }
    for name in names { members.writeMember(name, call.exchange.request[name]) }
    return ClientConnection.RequestBody(members: members, meta: meta, name: own.first?.value)
  }

  private func completion(_ call: Call, _ reference: ByteBuffer, _ meta: ByteBuffer) -> ClientConnection.RequestBody {
    var members = reference
    for name in ["argument", "context"] { members.writeMember(name, call.exchange.request[name]) }
    return ClientConnection.RequestBody(members: members, meta: meta)
  }

  // MARK: Routes

  private func request(
    _ call: Call, _ body: ClientConnection.RequestBody, isRead: Bool, plan: ScreeningPlan
  ) async throws(Refusal) -> UpstreamAnswer {
    guard let upstream = call.upstream else { throw Refusal(.internalError, .gateway, "The request has no upstream") }
    var body = body
    if upstream.configuration.learnsCaller { body.meta.writeMember(MetaKey.caller, JSONValue.string(call.exchange.principal.id).raw) }
    // A client that shows views and cannot be asked anything still tells of the views.
    if let ui = call.exchange.context.client.capabilities["extensions"]?[UIExtension.identifier] {
      body.capabilities = (["extensions": .object([UIExtension.identifier: JSONValue(ui)])] as JSONValue).raw
    }
    let request = OutgoingRequest(call: call, upstream: upstream, body: body, isRead: isRead)
    let mayAsk = call.mayAsk
    let asker = mayAsk ? Asker(call, upstream, plan, screening) : nil
    if mayAsk, call.exchange.era == .modern, let answer = try await continuation(of: request, asker) { return answer }
    if upstream.connection.version?.era == .legacy { return try await requestOfLegacy(request, asker) }
    guard let asker else { return try await plain(request) }
    return call.exchange.era == .modern ? try await askInRounds(request, asker, after: nil) : try await askLive(request, asker)
  }
}

extension Permit {
  /// What an upstream is sent for a tool call: its own name for the tool, the arguments, and what it must enforce.
  func body(_ tool: ToolEntry) -> ClientConnection.RequestBody {
    var members = ByteBuffer()
    members.writeStaticString("\"name\":")
    JSONText.write(tool.upstreamName, to: &members)
    if let arguments {
      members.writeStaticString(",\"arguments\":")
      members.writeImmutableBuffer(arguments)
    } else {
      members.writeMember("arguments", call.arguments)
    }
    return ClientConnection.RequestBody(members: members, meta: meta, name: tool.upstreamName, parameterHeaders: tool.headers(for: call))
  }
}

extension ToolEntry {
  /// The `Mcp-Param-*` headers that the tool asks for.
  func headers(for call: Call) -> [HTTPHint.Header] {
    headerParameters.isEmpty ? [] : HeaderParameter.headers(headerParameters, for: call.arguments)
  }
}

extension ByteBuffer {
  /// Appends `,"name":value` where there is a value; the comma only after other members.
  mutating func writeMember(_ name: String, _ value: RawJSON?) {
    guard let value else { return }
    if readableBytes > 1 { writeStaticString(",") }
    JSONText.write(name, to: &self)
    writeStaticString(":")
    write(value)
  }
}
