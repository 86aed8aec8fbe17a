import ConnectorTesting
import JSON
import MCP
import Testing

@testable import JiraConnector

/// Data Center's texts are wiki markup. Both kinds of Jira are written to, and read, in the same Markdown.
@Suite("Markdown and the wiki markup of Jira Data Center")
struct JiraWikiTests {
  /// Markdown, and the markup that is sent.
  static let written: [(String, String)] = [
    ("", ""), ("plain", "plain"), ("two\nlines", "two lines"), ("one\n\ntwo", "one\n\ntwo"), ("hard\\\nbreak", "hard\nbreak"),
    ("# One", "h1. One"), ("###### Six **bold**", "h6. Six *bold*"), ("**bold** *em* ~~gone~~ `code`", "*bold* _em_ -gone- {{code}}"),
    ("***both***", "*_both_*"), ("un**believ**able", "un{*}believ{*}able"), ("**a**, *b*.", "*a*, _b_."), ("(**a**)", "(*a*)"),
    ("[text](https://example.com/a|b)", "[text|https://example.com/a%7Cb]"), ("https://example.com.", "[https://example.com]."),
    ("[a **b** c](https://x.example)", "[a *b* c|https://x.example]"), ("[@Ada L.](accountid:ada)", "[~ada]"),
    ("- a\n- b\n  - c\n    - d\n- e", "* a\n* b\n** c\n*** d\n* e"),
    ("1. a\n2. b\n   - c", "# a\n# b\n#* c"), ("- a\n  1. b", "* a\n*# b"), ("- [ ] open\n- [x] done", "* \\[ \\] open\n* \\[x\\] done"),
    ("- a\n\n  para", "* a\\\\ para"), ("- a\n\n  ```swift\n  let x = 1\n  ```", "* a\n{code:swift}\nlet x = 1\n{code}"), ("> quote", "bq. quote"),
    ("> one\n>\n> two", "{quote}\none\n\ntwo\n{quote}"), ("```swift\nlet a = [1]\n```", "{code:swift}\nlet a = [1]\n{code}"),
    ("```\n*raw*\n```", "{noformat}\n*raw*\n{noformat}"),
    ("```\n{noformat}\n```", "{code}\n{noformat}\n{code}"), ("```x\n{code}\n```", "{noformat}\n{code}\n{noformat}"),
    ("```x\n{code} {noformat}\n```", "{noformat}\n{code} { noformat}\n{noformat}"), ("---", "----"), ("| a | b |\n|---|---|\n| 1 | |", "||a||b||\n|1| |"),
    ("| a\\|b | `c` |\n|---|---|", "||a\\|b||{{c}}||"), ("| a<br>b |\n|---|", "||a\\\\ b||"),
    // What is no markup in Markdown must be none in Jira either.
    ("\\*no\\* \\_no\\_ {no} \\[no\\] +no+ ^no^ ??no?? !no.png!", "\\*no\\* \\_no\\_ \\{no\\} \\[no\\] \\+no\\+ \\^no\\^ \\?\\?no\\?\\? \\!no.png!"),
    ("snake_case 2 * 3 well-known a - b 1+1", "snake_case 2 * 3 well-known a - b 1+1"), ("\\# no list", "\\# no list"), ("\\- no list", "\\- no list"),
    ("h1. no heading", "&#104;1. no heading"), ("bq. no quote", "&#98;q. no quote"), ("a | b", "a \\| b"), ("C:\\temp", "C:\\temp"),
    ("\\\\\\\\server", "&#92;&#92;server"),
    ("it works :) (x) :P", "it works :\\) \\(x) &#58;P"), ("&amp; & &#42;", "&amp;amp; & &amp;#42;"), ("`{{x}} *y*`", "{{\\{\\{x\\}\\} \\*y\\*}}"),
    ("{color:red}x{color}", "\\{color:red\\}x\\{color\\}"), ("a -- b --- c", "a \\-\\- b \\-\\-\\- c"),
  ]

  @Test("Markdown becomes the markup that says the same", arguments: written)
  func writing(_ markdown: String, _ wiki: String) { #expect(DocumentWiki.text(MarkdownDocument.adf(markdown)) == wiki) }

  /// Markup, and the Markdown that is told.
  static let read: [(String, String)] = [
    ("", ""), ("one\ntwo", "one\\\ntwo"), ("one\\\\two", "one\\\ntwo"), ("h2. Title\ntext", "## Title\n\ntext"), ("h7. no", "h7. no"),
    ("*b* _e_ -s- +u+ ??c?? {{m}}", "**b** *e* ~~s~~ u *c* `m`"), ("un{*}believ{*}able", "un**believ**able"),
    ("snake_case_name 2*3*4 a - b - c", "snake_case_name 2\\*3\\*4 a - b - c"),
    ("x^2^ and H~2~O", "x^2^ and H\\~2\\~O"), ("{color:#ff0000}red{color} text", "red text"), ("[text|https://example.com]", "[text](https://example.com)"),
    ("[https://example.com]", "https://example.com"), ("see https://example.com.", "see https://example.com."),
    ("[text|https://example.com|tip]", "[text](https://example.com)"),
    ("[~ada] and [~accountid:5b1]", "[@ada](accountid:ada) and [@5b1](accountid:5b1)"),
    ("[^log.txt] !shot.png|thumbnail! wow! really!", "[attachment log.txt] [attachment shot.png] wow! really!"),
    ("!https://x.example/a.png!", "![](https://x.example/a.png)"), ("[no link] [bad|javascript:alert(1)]", "\\[no link\\] \\[bad|javascript:alert(1)\\]"),
    ("* a\n** b\n*# c\n* d", "- a\n  - b\n  1. c\n- d"), ("# a\n#* b\n# c", "1. a\n   - b\n2. c"), ("- a\n- b", "- a\n- b"), ("* a\nmore", "- a\\\n  more"),
    ("* \\[ \\] open\n* \\[x\\] done", "- [ ] open\n- [x] done"), ("** deep first", "- - deep first"),
    ("* a\n{code:java}\nx\n{code}\n* b", "- a\n\n  ```java\n  x\n  ```\n- b"),
    ("bq. said", "> said"), ("{quote}\none\n\ntwo\n{quote}", "> one\n>\n> two"), ("{quote}inline{quote} rest", "> inline\n\nrest"),
    ("{panel:title=Note|borderStyle=solid}\ntext\n{panel}", "> **Note**\n>\n> text"), ("{warning}hot{warning}", "> **Warning:** hot"),
    ("{code:java|title=A.java}\nint a;\n{code}", "```java\nint a;\n```"), ("{code:title=A}\nx\n{code}", "```\nx\n```"),
    ("{noformat}*raw* [x]{noformat}", "```\n*raw* [x]\n```"),
    ("{code}unclosed", "{code}unclosed"), ("before\n{code}\nx\n{code}after", "before\n\n```\nx\n```\n\nafter"), ("----", "---"), ("---", "\\---"),
    ("||a||b||\n|1|[x|https://x.example]|", "| a | b |\n| --- | --- |\n| 1 | [x](https://x.example) |"), ("|a\\|b| |", "| a\\|b |  |\n| --- | --- |"),
    ("|one\ntwo|b|", "| one\\<br>two | b |\n| --- | --- |"), ("\\*no\\* \\{no\\} \\[no\\]", "\\*no\\* {no} \\[no\\]"),
    ("C:\\temp &#92;&#92;server &amp;lt;", "C:\\\\temp \\\\\\\\server &lt;"),
    ("{toc} {unknown:x}", "{toc} {unknown:x}"), ("a\r\nb", "a\\\nb"), ("# no\n#no list", "1. no\\\n   #no list"),
  ]

  @Test("Markup is read as the Markdown that says the same", arguments: read)
  func reading(_ wiki: String, _ markdown: String) { #expect(WikiDocument.markdown(wiki) == markdown) }

  /// What wiki markup cannot say: the number that a list starts with, further blocks in an item, the name in a mention, a quote of nothing,
  /// white space at the start of a line.
  private static let unsayable = ["7. seven", "1. a\n2. b\n   1. c", "- a\n\n  para", "- # heading in item", "[@Ada L.]", "\ttab"]

  @Test(
    "What was sent is read again as it was written",
    arguments: JiraDocumentTests.markdown.filter { markdown in
      markdown != ">" && !unsayable.contains { markdown.hasPrefix($0) } && markdown.utf8.count < 300
    })
  func roundTrip(_ markdown: String) {
    let once = MarkdownDocument.adf(markdown)
    let wiki = DocumentWiki.text(once)
    let again = WikiDocument.adf(wiki)
    #expect(JiraDocumentTests.plain(MarkdownDocument.adf(DocumentMarkdown.text(again.raw))) == JiraDocumentTests.plain(once), "\(wiki)")
  }

  @Test("What is nested or repeated beyond measure is done in time, both ways", .timeLimit(.minutes(10)))
  func bounded() {
    for text in [
      String(repeating: "*a ", count: 200), String(repeating: "[*_{{", count: 200), String(repeating: "{*}a", count: 200),
      String(repeating: "{code:java}\n", count: 200),
      String(repeating: "{quote}\n", count: 201), String(repeating: "{quote}{panel}\n", count: 100), String(repeating: "|a\n", count: 200),
      String(repeating: "|", count: 800),
      String(repeating: "*", count: 800), (1..<20).map { String(repeating: "*", count: $0) + " x" }.joined(separator: "\n"), String(repeating: "* x\n", count: 200),
      String(repeating: "!a", count: 200), String(repeating: "{noformat}x{noformat}", count: 60), String(repeating: "\\", count: 800),
      String(repeating: "&#42;", count: 200),
    ] {
      _ = WikiDocument.markdown(text)
      _ = DocumentWiki.text(MarkdownDocument.adf(text))
    }
  }

  // MARK: Through the connector

  private static let text = "**Done** in `main`:\n\n- [x] a"
  private static let markup = "*Done* in {{main}}:\n\n* \\[x\\] a"

  static let writes: [(String, JSONValue, String, [String])] = [
    ("add_comment", ["issue": "ABC-1", "body": .string(text)], "/issue/ABC-1/comment", ["body"]),
    ("update_comment", ["issue": "ABC-1", "comment": "5", "body": .string(text)], "/comment/5", ["body"]),
    ("log_work", ["issue": "ABC-1", "time_spent": "1h", "comment": .string(text)], "/worklog", ["comment"]),
    ("create_issue", ["project": "ABC", "type": "Bug", "summary": "x", "description": .string(text)], "/rest/api/2/issue", ["fields", "description"]),
    ("edit_issue", ["issue": "ABC-1", "description": .string(text)], "/issue/ABC-1", ["fields", "description"]),
  ]

  @Test("Texts go to Data Center as markup, and are not documents", arguments: writes)
  func sending(_ tool: String, _ arguments: JSONValue, _ path: String, _ member: [String]) async throws {
    let test = try await JiraTest.dataCenter()
    _ = try await test.jira.structured(tool, arguments)
    let request = try #require(test.vendor.requests.last { $0.path.hasSuffix(path) })
    #expect(member.reduce(request.json) { $0?[$1] } == .string(Self.markup))
  }

  @Test("Texts of Data Center are told as Markdown")
  func telling() async throws {
    let test = try await JiraTest.dataCenter { vendor in
      vendor.always("GET", "/rest/api/2/issue/ABC-1", .json(JiraTest.issue("ABC-1", ["description": .string(Self.markup)])))
      vendor.always("GET", "/rest/api/2/issue/ABC-1/comment", .json(["comments": [["id": "1", "body": .string(Self.markup)]], "total": 1]))
    }
    #expect(try await test.jira.structured("get_issue", ["issue": "ABC-1"])["issue"]?["description"] == .string(Self.text))
    #expect(try await test.jira.structured("list_comments", ["issue": "ABC-1"])["comments"]?[0]?["body"] == .string(Self.text))
  }
}
