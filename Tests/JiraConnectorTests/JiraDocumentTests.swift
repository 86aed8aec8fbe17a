import ConnectorTesting
import Foundation
import JSON
import MCP
import Testing

@testable import JiraConnector

@Suite("Markdown and the documents of Jira")
struct JiraDocumentTests {
  static let markdown: [String] = [
    "", "plain", "two\nlines", "one\n\ntwo", "hard  \nbreak", "back\\\nslash", "# One\n## Two\n###### Six\n####### seven", "# C#\n\n## closed ##", "# ",
    "**bold** *em* ~~gone~~ `code`",
    "***both*** **bold *em* bold** *em **bold*** __b__ _e_", "snake_case_name and 2*3*4", "a * b * c", "**unclosed *and `this", "`a ` `` b`c ``",
    "*`code`* **[link](https://x.example)**",
    "[text](https://example.com \"title\") <https://x.example> https://bare.example/path?q=1.", "[not a link](javascript:alert(1)) [x] [y](z)",
    "[@Ada L.](accountid:5b1:x-y)",
    "- a\n- b\n  - c\n    - d\n- e", "1. a\n2. b\n   1. c\n\n   more\n3. d", "7. seven\n8. eight", "* a\n+ b", "- [ ] open\n- [x] done **now**\n",
    "- a\n\n  para\n\n  ```swift\n  let x = 1\n  ```",
    "- # heading in item\n- > quote in item\n- | a |\n  |---|\n  | b |", "-", "- ", "- ---", "> quote\n> more\n>\n> second", "> - item\n> - other", ">", "```\ncode\n```",
    "```swift\nlet a = \"`b`\"\n\n  indented\n```",
    "~~~\ntildes\n~~~", "```\nunclosed", "```inline``` text", "````\n```\n````", "| a | b |\n|---|:-:|\n| 1 | **2** |\n| 3 |", "| only |\n|---|",
    "text\n| a | b |\n|---|---|\n| x\\|y | `z` |", "| a | b |\n| c | d |",
    "---\n***\n_ _ _", "text\n---\nmore", "text\n- list", "text\n# heading", "emoji \u{1F600} and \u{E9}", "\\*not em\\* \\# \\[x\\]", "<b>html</b> &amp;",
    "line<br>break", "   indented", "\ttab", "a\r\nb",
    String(repeating: "- x\n", count: 200), String(repeating: "  ", count: 40) + "- deep",
    (0..<30).map { String(repeating: "  ", count: $0) + "- \($0)" }.joined(separator: "\n"),
    String(repeating: "> ", count: 50) + "deep", String(repeating: "*", count: 300), String(repeating: "[", count: 500), String(repeating: "`", count: 301) + "x",
    String(repeating: "*a ", count: 300), String(repeating: "a_[*`", count: 60), "[a](https://x.example/(b))", "**[a *b* `c`](https://x.example)**",
  ]

  @Test("Every document that is made is valid against Atlassian's schema", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func valid() throws {
    let schema = try Self.schema()
    let compiled = try JSONSchema(schema, options: JSONSchema.Options(schemas: 200_000))
    for markdown in Self.markdown {
      let problems = compiled.validate(MarkdownDocument.adf(markdown).raw)
      #expect(problems.isEmpty, "\(markdown.prefix(60)): \(problems.prefix(2).map { "\($0)" })")
    }
  }

  @Test("The schema rejects what is no document, so that its word counts", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func strict() throws {
    let compiled = try JSONSchema(try Self.schema(), options: JSONSchema.Options(schemas: 200_000))
    let wrong: [JSONValue] = [
      ["type": "doc", "version": 1, "content": [["type": "text", "text": "x"]]], ["type": "doc", "version": 1, "content": [["type": "heading", "attrs": ["level": 7]]]],
      ["type": "doc", "version": 1, "content": [["type": "blockquote", "content": [["type": "bulletList", "content": []]]]]],
      ["type": "doc", "version": 2, "content": []],
      ["type": "doc", "version": 1, "content": [["type": "paragraph", "content": [["type": "text", "text": ""]]]]],
      [
        "type": "doc", "version": 1,
        "content": [["type": "paragraph", "content": [["type": "text", "text": "x", "marks": [["type": "code"], ["type": "strong"]]]]]],
      ],
    ]
    for document in wrong { #expect(!compiled.validate(document.raw).isEmpty, "\(document.text)") }
  }

  /// Draft 4 in the words of a later one: `id` is `$id`, flags of exclusive bounds are bounds, items that are a list are a prefix.
  private static func schema() throws -> JSONValue { later(try SharedData.json("jira/adf-schema.json")) }

  private static func later(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let values): return .array(values.map { later($0) })
    case .object(let object):
      var result = JSONObject()
      for (name, member) in object {
        switch name {
        case "$schema",
          "id" where member.string != nil:
          continue
        case "exclusiveMinimum" where member.bool != nil, "exclusiveMaximum" where member.bool != nil: continue
        case "enum", "required": result[name] = member
        // Atlassian means: the first are these, the last of them goes on.
        case "items" where member.array != nil:
          let places = (member.array ?? []).map { later($0) }
          if places.count > 1 { result["prefixItems"] = .array(Array(places.dropLast())) }
          if let last = places.last { result["items"] = last }
        default: result[name] = later(member)
        }
      }
      return .object(result)
    default: return value
    }
  }

  @Test("A document that was made of Markdown is the same after it was Markdown again", arguments: markdown)
  func roundTrip(_ markdown: String) throws {
    let once = MarkdownDocument.adf(markdown)
    let text = DocumentMarkdown.text(once.raw)
    let again = MarkdownDocument.adf(text)
    #expect(Self.plain(again) == Self.plain(once), "\(text.prefix(300))")
  }

  /// Neighbouring texts with the same marks are one, and local ids say nothing.
  static func plain(_ node: JSONValue) -> JSONValue {
    guard let object = node.object else { return node }
    var result = JSONObject()
    for (name, value) in object where name != "attrs" || value["localId"] == nil { result[name] = value }
    // The order of marks says nothing.
    if let marks = node["marks"]?.array { result["marks"] = .array(marks.sorted { $0.text < $1.text }) }
    if let state = node["attrs"]?["state"] { result["state"] = state }
    guard let content = node["content"]?.array else { return .object(result) }
    var joined: [JSONValue] = []
    for child in content.map(plain).flatMap(withoutMarkedEdges) {
      if child["type"] == "text", let last = joined.last, last["type"] == "text", last["marks"] == child["marks"] {
        joined[joined.count - 1]["text"] = .string((last["text"]?.string ?? "") + (child["text"]?.string ?? ""))
      } else {
        joined.append(child)
      }
    }
    result["content"] = .array(joined)
    return .object(result)
  }

  /// White space at the edges of emphasis looks the same without it, and Markdown cannot say it otherwise.
  private static func withoutMarkedEdges(_ node: JSONValue) -> [JSONValue] {
    guard node["type"] == "text", let text = node["text"]?.string, let marks = node["marks"]?.array else { return [node] }
    let start = text.prefix(while: \.isWhitespace)
    let end = String(text.dropFirst(start.count).reversed().prefix(while: \.isWhitespace))
    func part(_ text: some StringProtocol, _ marks: [JSONValue]) -> JSONValue? {
      guard !text.isEmpty else { return nil }
      var node: JSONValue = ["type": "text", "text": .string(String(text))]
      if !marks.isEmpty { node["marks"] = .array(marks) }
      return node
    }
    let links = marks.filter { $0["type"] == "link" }
    return [part(start, links), part(text.dropFirst(start.count).dropLast(end.count), marks), part(end, links)].compactMap { $0 }
  }

  private static func paragraph(_ content: JSONValue...) -> JSONValue { ["type": "paragraph", "content": .array(content)] }
  private static func text(_ text: String, _ marks: String...) -> JSONValue {
    var node: JSONValue = ["type": "text", "text": .string(text)]
    if !marks.isEmpty { node["marks"] = .array(marks.map { ["type": .string($0)] }) }
    return node
  }

  static let documents: [(JSONValue, String)] = [
    (paragraph(text("- no list")), "\\- no list"), (paragraph(text("1. no list")), "1\\. no list"), (paragraph(text("# no heading")), "\\# no heading"),
    (paragraph(text("> no quote")), "\\> no quote"), (paragraph(text("---")), "\\---"),
    (paragraph(text("*a* `b` [c] _d_ ~e~")), "\\*a\\* \\`b\\` \\[c\\] \\_d\\_ \\~e\\~"),
    (paragraph(text("snake_case")), "snake_case"), (paragraph(text("bold ", "strong"), text("next")), "**bold** next"),
    (paragraph(text("both", "strong", "em")), "***both***"),
    (paragraph(text("a"), ["type": "hardBreak"], text("- b")), "a\\\n\\- b"),
    (paragraph(["type": "mention", "attrs": ["id": "5b1", "text": "@Ada"]]), "[@Ada](accountid:5b1)"),
    (paragraph(["type": "emoji", "attrs": ["shortName": ":smile:", "text": "\u{1F604}"]]), "\u{1F604}"),
    (paragraph(["type": "status", "attrs": ["text": "DONE", "color": "green"]]), "[DONE]"),
    (paragraph(["type": "date", "attrs": ["timestamp": "1785196800000"]]), "2026-07-28"),
    (paragraph(["type": "inlineCard", "attrs": ["url": "https://a.example"]]), "https://a.example"),
    (["type": "panel", "attrs": ["panelType": "warning"], "content": [paragraph(text("Careful"))]], "> **Warning:** Careful"),
    (["type": "expand", "attrs": ["title": "More"], "content": [paragraph(text("inside"))]], "**More**\n\ninside"),
    (["type": "mediaSingle", "content": [["type": "media", "attrs": ["id": "1", "type": "file", "collection": "c", "alt": "a.png"]]]], "[attachment a.png]"),
    (["type": "decisionList", "content": [["type": "decisionItem", "content": [text("go")]]]], "- Decision: go"),
    (["type": "codeBlock", "attrs": ["language": "swift"], "content": [text("a ``` b")]], "~~~~swift\na ``` b\n~~~~"),
    (["type": "unknownThing", "content": [paragraph(text("kept"))]], "kept"),
    (["type": "heading", "attrs": ["level": 2], "content": [text("a"), ["type": "hardBreak"], text("C#")]], "## a C\\#"),
    (
      [
        "type": "table",
        "content": [
          [
            "type": "tableRow",
            "content": [
              ["type": "tableHeader", "content": [paragraph(text("a|b"))]], ["type": "tableHeader", "content": [paragraph(text("c")), paragraph(text("d"))]],
            ],
          ]
        ],
      ],
      "| a\\|b | c<br>d |\n| --- | --- |"
    ),
  ]

  @Test("What a document says stands in its Markdown", arguments: documents)
  func reading(_ node: JSONValue, _ expected: String) {
    let document: JSONValue = ["type": "doc", "version": 1, "content": [node]]
    #expect(DocumentMarkdown.text(document.raw) == expected)
  }

  @Test("A recorded document is read whole", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func recorded() throws {
    let document = try SharedData.json("jira/adf-fixtures/md.json")
    let markdown = DocumentMarkdown.text(document.raw)
    var words: [String] = []
    func collect(_ node: JSONValue) {
      if node["type"] == "text", let text = node["text"]?.string { words.append(text) }
      for child in node["content"]?.array ?? [] { collect(child) }
    }
    collect(document)
    let bare = markdown.filter { $0 != "\\" }
    for text in words {
      for word in text.split(whereSeparator: \.isWhitespace) { #expect(bare.contains(word.filter { $0 != "\\" }), "\(word)") }
    }
    #expect(words.count > 20)
    // And is still a document when it is sent back.
    #expect(try JSONSchema(try Self.schema(), options: JSONSchema.Options(schemas: 200_000)).validate(MarkdownDocument.adf(markdown).raw).isEmpty)
  }

  @Test("What is nested or repeated beyond measure is done in time", .timeLimit(.minutes(10)))
  func bounded() {
    for text in [
      String(repeating: "*a`", count: 2000), String(repeating: "[*_`", count: 2000), String(repeating: "**a *", count: 1000), String(repeating: "> - ", count: 1000),
    ] {
      _ = MarkdownDocument.adf(text)
    }
    var node: JSONValue = ["type": "paragraph", "content": [["type": "text", "text": "x"]]]
    for _ in 0..<200 { node = ["type": "blockquote", "content": [node]] }
    _ = DocumentMarkdown.text((["type": "doc", "content": [node]] as JSONValue).raw)
  }
}
