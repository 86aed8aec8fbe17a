extension SamplingRequest {
  /// What breaks the rules for uses of tools (2026-07-28, client/sampling, "Message Content Constraints"): every use is answered in the
  /// next message, which the user sends and which holds nothing else.
  var toolUseProblem: String? {
    var open: Set<String> = []
    for message in messages {
      let results = message.content.compactMap { if case .toolResult(let id, _, _, _) = $0.kind { id } else { nil } }
      let uses = message.content.compactMap { if case .toolUse(let id, _, _) = $0.kind { id } else { nil } }
      if !results.isEmpty, message.role != .user || results.count != message.content.count {
        return "A message with tool results is the user's and holds nothing else"
      }
      if !uses.isEmpty, message.role != .assistant { return "Tools are used by the assistant, not by the user" }
      guard open == Set(results), results.count == open.count else {
        return "Each use of a tool needs its one result, in the message after it"
      }
      open = Set(uses)
      if open.count != uses.count { return "Each use of a tool has an id of its own" }
    }
    return open.isEmpty ? nil : "Each use of a tool needs its one result, in the message after it"
  }
}
