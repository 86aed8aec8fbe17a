import JSON
import MCP
import Testing

@Suite("Messages to and from models")
struct SamplingContentTests {
  private static let annotations: JSONValue = ["audience": ["user"], "priority": 0.5, "lastModified": "2026-07-28T00:00:00Z"]
  private static let meta: JSONValue = ["example.com/cache": ["id": "c-1"]]

  /// One message of each kind of block that the schemas of 2025-11-25 and 2026-07-28 have, with everything that the block may have.
  private static let messages: [JSONValue] = [
    ["role": "user", "content": ["type": "text", "text": "Look", "annotations": annotations, "_meta": meta], "_meta": meta],
    [
      "role": "user",
      "content": [
        ["type": "image", "data": "AAEC", "mimeType": "image/png", "annotations": annotations, "_meta": meta],
        ["type": "audio", "data": "AAEC", "mimeType": "audio/wav", "annotations": annotations, "_meta": meta],
      ],
    ],
    ["role": "assistant", "content": ["type": "tool_use", "id": "u-1", "name": "t", "input": ["a": 1], "_meta": meta]],
    [
      "role": "user",
      "content": [
        "type": "tool_result", "toolUseId": "u-1", "content": [["type": "text", "text": "3", "annotations": annotations, "_meta": meta]],
        "structuredContent": ["n": 3], "isError": true, "_meta": meta,
      ],
    ],
  ]

  @Test("keep every field of every block on their way through", arguments: messages)
  func roundTrip(_ message: JSONValue) throws {
    #expect(try SamplingMessage(message).json == message)
  }

  @Test("keep every field of a result, its _meta and that of a use of a tool among them")
  func result() throws {
    let result: JSONValue = [
      "role": "assistant", "content": ["type": "tool_use", "id": "u-1", "name": "t", "input": ["a": 1], "_meta": Self.meta], "model": "m",
      "stopReason": "toolUse", "_meta": Self.meta,
    ]
    let read = try SamplingResult(result)
    #expect(read.json == result && read.message.meta == Self.meta.object && read.message.content.first?.meta == Self.meta.object)
    #expect(try RelayedQuestion(.createMessage, ["messages": .array(Self.messages), "maxTokens": 5]).answer(result) == result)
  }

  @Test("are relayed whole, but for structured content that the other's revision does not know", arguments: [ProtocolVersion.v2026_07_28, .v2025_11_25])
  func relayed(_ version: ProtocolVersion) throws {
    let relayed = try RelayedQuestion(.createMessage, ["messages": .array(Self.messages), "maxTokens": 5])
    #expect(relayed.params(for: version)["messages"] == .array(Self.messages))
    var messages = Self.messages
    messages[3]["content"]?["structuredContent"] = [1, 2]
    let list = try RelayedQuestion(.createMessage, ["messages": .array(messages), "maxTokens": 5]).params(for: version)["messages"]
    if version.era == .legacy { messages[3]["content"]?["structuredContent"] = nil }
    #expect(list == .array(messages))
  }
}
