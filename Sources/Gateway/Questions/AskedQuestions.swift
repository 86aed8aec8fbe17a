internal import JSON
internal import MCP

/// What was asked of the caller during one exchange, for its outcome leaf.
struct AskedQuestions: Sendable {
  private struct Entry: Sendable {
    let method: String
    var answer: String
  }

  private static let limit = 64

  private var entries: [Entry] = []
  /// The exchange whose question this one answers.
  var continued: ExchangeID?

  var isEmpty: Bool { entries.isEmpty }

  /// Notes a question.
  ///
  /// - Parameter answer: `pending` where the client comes back with it in another exchange, else what became of it.
  mutating func add(_ method: MCP.Method, _ answer: String) {
    guard entries.count < Self.limit else { return }
    entries.append(Entry(method: method.rawValue, answer: answer))
  }

  /// Adds the members of the leaf; nothing where nothing was asked.
  func write(to leaf: inout AuditLeaf) {
    if let continued { leaf.member("continues", continued.description) }
    guard !entries.isEmpty else { return }
    leaf.member("questions", .array(entries.map { ["method": .string($0.method), "answer": .string($0.answer)] }))
  }
}
