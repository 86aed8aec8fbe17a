public import JSON

/// What a tool answered: the scanned text, read where it is asked for.
public struct CallResult: Sendable {
  /// The `CallToolResult`.
  public let raw: RawJSON

  init(_ raw: RawJSON) { self.raw = raw }

  /// Whether the tool failed in a way that the model should know of.
  public var isError: Bool { raw["isError"]?.bool ?? false }

  /// The text blocks, joined by line breaks.
  public var text: String {
    var text = ""
    var isFirst = true
    guard let content = raw["content"] else { return text }
    for block in content.elements where block["type"]?.equals("text") == true {
      let next = block["text"]?.string ?? ""
      if isFirst { text = next } else { text += "\n" + next }
      isFirst = false
    }
    return text
  }

  /// The content blocks. Blocks that are not valid, or of a type that is not known here, are left out; ``raw`` has them.
  public var content: [Content] { raw["content"]?.elements.compactMap { try? Content(JSONValue($0)) } ?? [] }

  /// The structured content.
  public var structured: JSONValue? { raw["structuredContent"].map { JSONValue($0) } }

  /// `_meta`: what extensions and applications add.
  public var meta: JSONObject? { raw.metaObject }

  /// Decodes the structured content; where a server gives none, the JSON of its single text block.
  ///
  /// - Throws: ``ToolFailure`` where the tool failed, `DecodingError` where what it gave is of another form.
  public func decode<Output: Decodable>(_ type: Output.Type = Output.self) throws -> Output {
    if isError { throw ToolFailure(self) }
    if let structured = raw["structuredContent"] { return try structured.decode(type) }
    if let value = try? RawJSON(text) { return try value.decode(type) }
    throw DecodingError.valueNotFound(type, .init(codingPath: [], debugDescription: "the result has no structured content"))
  }
}

/// A tool answered that it failed.
public struct ToolFailure: Error, Sendable, CustomStringConvertible {
  /// What the tool answered.
  public let result: CallResult

  init(_ result: CallResult) { self.result = result }

  public var description: String { result.text }
}
