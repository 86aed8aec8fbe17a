internal import JSON
internal import NIOCore

extension Client {
  /// All prompts, page by page as they are asked for.
  public func prompts(options: RequestOptions = RequestOptions()) -> ListSequence<PromptDefinition> {
    ListSequence(client: self, method: .promptsList, member: "prompts", options: options, read: PromptDefinition.init)
  }

  /// All prompts, every page of them.
  public func listPrompts(options: RequestOptions = RequestOptions()) async throws(ClientError) -> [PromptDefinition] {
    try await prompts(options: options).all()
  }

  /// What a prompt becomes with these arguments.
  public func getPrompt(
    _ name: String, _ arguments: [String: String] = [:], options: RequestOptions = RequestOptions()
  ) async throws(ClientError) -> PromptResult {
    var members = ByteBuffer()
    members.writeStaticString("\"name\":")
    JSONText.write(name, to: &members)
    if !arguments.isEmpty { members.writeRequestMember("arguments", ByteBuffer(Self.strings(arguments))) }
    let result = try await perform(.promptsGet, ClientConnection.RequestBody(members: members, name: name), options)
    var messages: [PromptResult.Message] = []
    for message in result.elements(of: "messages") {
      guard let role = message["role"]?.string.flatMap({ PromptResult.Message.Role(rawValue: $0) }), let content = message["content"] else {
        throw invalid("the prompt \(name) has a message without a role or content")
      }
      do throws(RPCError) { messages.append(.init(role, try Content(JSONValue(content)))) } catch { throw invalid("the prompt \(name): \(error.message)") }
    }
    return PromptResult(messages, description: result["description"]?.string, meta: result.metaObject)
  }

  /// Suggestions for the value of an argument.
  ///
  /// - Parameters:
  ///   - value: what has been typed so far.
  ///   - arguments: those that have a value already.
  public func complete(
    _ target: CompletionTarget, _ value: String, arguments: [String: String] = [:], options: RequestOptions = RequestOptions()
  ) async throws(ClientError) -> Completion {
    let argument: String
    var params: JSONObject
    switch target {
    case .prompt(let name, let name_):
      argument = name_
      params = ["ref": ["type": "ref/prompt", "name": .string(name)]]
    case .resourceTemplate(let template, let name_):
      argument = name_
      params = ["ref": ["type": "ref/resource", "uri": .string(template)]]
    }
    params["argument"] = ["name": .string(argument), "value": .string(value)]
    if !arguments.isEmpty { params["context"] = ["arguments": Self.strings(arguments)] }
    let result = try await request(.complete, params, options: options)
    let completion = result["completion"]
    return Completion(
      completion?["values"]?.elements.compactMap(\.string) ?? [], total: completion?["total"]?.int, hasMore: completion?["hasMore"]?.bool)
  }

  private static func strings(_ values: [String: String]) -> JSONValue {
    var object = JSONObject()
    for (name, value) in values.sorted(by: { $0.key < $1.key }) { object[name] = .string(value) }
    return .object(object)
  }
}
