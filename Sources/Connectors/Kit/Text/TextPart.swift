public import MCP

/// The part of a long text that a call asks for, by `offset` and `length` in characters.
public struct TextPart: Sendable {
  public let text: String
  /// Characters of the whole text.
  public let total: Int
  /// Where to go on; nil at the end.
  public let next: Int?
  private let offset: Int

  /// The arguments that say which part is wanted.
  public static func fields(most: Int = 400_000) -> [Field] {
    [
      Field.integer("offset", "The first character of the text to give, 0 if not given.", 0...Int.max),
      Field.integer("length", "How many characters to give, 50000 if not given.", 1...most),
    ]
  }

  public init(of whole: String, _ call: ToolCall) {
    let length = call.int("length") ?? 50_000
    offset = call.int("offset") ?? 0
    let start = whole.index(whole.startIndex, offsetBy: offset, limitedBy: whole.endIndex) ?? whole.endIndex
    let end = whole.index(start, offsetBy: length, limitedBy: whole.endIndex) ?? whole.endIndex
    text = String(whole[start..<end])
    total = whole.count
    next = end < whole.endIndex ? offset + length : nil
  }

  /// What tells a model that there is more; nil at the end.
  public var note: String? { next.map { "Characters \(offset) to \($0) of \(total); go on with offset \($0)." } }
}
