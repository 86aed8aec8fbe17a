internal import JSON
internal import Synchronization

/// The output schemas of a server's tools, as `tools/list` told, each compiled when it is first needed.
final class OutputSchemas: Sendable {
  private enum Entry {
    case listed(RawJSON)
    case compiled(RawJSON, JSONSchema)
    /// It cannot be used: results are taken as they are.
    case unusable(RawJSON)

    var text: RawJSON {
      switch self {
      case .listed(let text), .compiled(let text, _), .unusable(let text): text
      }
    }
  }

  /// Tools with a schema, beyond which nothing is remembered: no honest server comes near.
  private static let limit = 10_000

  /// Guards what is remembered, by tool.
  private let known: Mutex<[String: Entry]> = Mutex([:])

  /// Takes in a result of `tools/list`.
  func remember(_ result: RawJSON) {
    for tool in result.elements(of: "tools") {
      guard let name = tool["name"]?.string else { continue }
      let schema = tool["outputSchema"]
      known.withLock { known in
        guard let schema else { return known[name] = nil }
        if let entry = known[name], entry.text.text == schema.text { return }
        if known.count < Self.limit || known[name] != nil { known[name] = .listed(schema) }
      }
    }
  }

  /// Says how a result of `tool` differs from what its schema promises; nil when it does not, or nothing is promised.
  func problem(with result: RawJSON, of tool: String) -> String? {
    guard let schema = schema(of: tool), result["isError"]?.bool != true else { return nil }
    guard let structured = result["structuredContent"] else { return "it has no structured content, which the tool's output schema asks for" }
    guard !schema.isValid(structured) else { return nil }
    return schema.validate(structured).map(\.description).joined(separator: "; ")
  }

  private func schema(of tool: String) -> JSONSchema? {
    guard let entry = known.withLock({ $0[tool] }) else { return nil }
    switch entry {
    case .compiled(_, let schema): return schema
    case .unusable: return nil
    case .listed(let text):
      // Outside of the lock: a large schema takes its time, and twice does no harm.
      let schema = try? JSONSchema(text)
      known.withLock { $0[tool] = schema.map { .compiled(text, $0) } ?? .unusable(text) }
      return schema
    }
  }
}
