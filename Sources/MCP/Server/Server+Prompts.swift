internal import JSON
internal import NIOCore
internal import Synchronization

extension Server {
  func getPrompt(_ request: Envelope, _ context: RequestContext) async throws -> ByteBuffer {
    let name = try string("name", of: request)
    guard let prompt = state.withLock({ $0.prompts[name] }) else {
      throw RPCError(.invalidParams, "Unknown prompt: \(name.prefix(128))")
    }
    let arguments = try strings(request["arguments"], "arguments")
    let missing = prompt.arguments.filter { $0.required && arguments[$0.name] == nil }.map(\.name)
    guard missing.isEmpty else {
      throw RPCError(.invalidParams, "Missing required argument of prompt \(name): \(missing.joined(separator: ", "))")
    }
    return try await interact(request, context) { interaction in
      let got = try await prompt.get(PromptGet(name: name, arguments: arguments, envelope: request, context: context, interaction: interaction))
      var result = ResultText(context.era)
      if let description = got.description ?? prompt.description { result.string(description, for: "description") }
      let messages = got.messages.map { JSONValue.object(["role": .string($0.role.rawValue), "content": $0.content.json(for: context.client.version)]) }
      result.value(.array(messages), for: "messages")
      return result.finish(server: implementation, meta: got.meta)
    }
  }

  private func strings(_ raw: RawJSON?, _ name: String) throws(RPCError) -> [String: String] {
    guard let raw else { return [:] }
    guard raw.kind == .object else { throw RPCError(.invalidParams, "\"\(name)\" must be an object") }
    var strings: [String: String] = [:]
    for (name, value) in raw.members {
      guard let name = name.string, let value = value.string else {
        throw RPCError(.invalidParams, "The argument \"\(name.string ?? "")\" must be a string")
      }
      strings[name] = value
    }
    return strings
  }

  // MARK: Completion

  func complete(_ request: Envelope, _ context: RequestContext) async throws -> ByteBuffer {
    guard state.withLock(\.offersCompletions) else { throw RPCError.methodNotFound(Method.complete.rawValue) }
    guard let reference = request["ref"], let argument = request["argument"]?["name"]?.string,
      let value = request["argument"]?["value"]?.string
    else { throw RPCError(.invalidParams, "completion/complete needs \"ref\" and \"argument\" with \"name\" and \"value\"") }
    let arguments = try strings(request["context"]?["arguments"], "context.arguments")
    let target = try target(reference, argument)
    let complete = state.withLock { $0.completion(for: target) }
    let asked = CompletionRequest(argument: argument, value: value, arguments: arguments, envelope: request, context: context, interaction: .none(context))
    let completion = try await complete?(asked) ?? []
    let values = completion.values.prefix(Completion.limit)
    let total = max(completion.total ?? 0, completion.values.count)
    let isCutShort = completion.values.count > values.count
    var object: JSONObject = ["values": .array(values.map { .string($0) })]
    if completion.total != nil || completion.hasMore != true { object["total"] = .int(total) }
    object["hasMore"] = .bool(isCutShort || completion.hasMore ?? (total > values.count))
    var result = ResultText(context.era)
    result.value(.object(object), for: "completion")
    return result.finish(server: implementation)
  }

  private func target(_ reference: RawJSON, _ argument: String) throws(RPCError) -> CompletionTarget {
    switch reference["type"]?.string {
    case "ref/prompt":
      guard let name = reference["name"]?.string, state.withLock({ $0.prompts[name] }) != nil else {
        throw RPCError(.invalidParams, "Unknown prompt in \"ref\"")
      }
      return .prompt(name, argument: argument)
    case "ref/resource":
      guard let uri = reference["uri"]?.string else { throw RPCError(.invalidParams, "Missing \"uri\" in \"ref\"") }
      let templates = state.withLock(\.templates)
      if templates[uri] != nil { return .resourceTemplate(uri, argument: argument) }
      guard let template = templates.items.first(where: { $0.uriTemplate.match(uri) != nil }) else {
        throw RPCError(.invalidParams, "Unknown resource template in \"ref\"")
      }
      return .resourceTemplate(template.uriTemplate.text, argument: argument)
    default: throw RPCError(.invalidParams, "\"ref\" has the type \"ref/prompt\" or \"ref/resource\"")
    }
  }
}
