import ConnectorKit
import ConnectorTesting
import JSON
import MCP
import NIOCore
import Testing

/// The checks that tests of connectors lean on must see what is wrong.
@Suite("Requests against vendors' descriptions", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct DescriptionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var request: String
    var body: JSONValue?
    var form: String?
    /// What the problem names; nil where there is none.
    var problem: String?

    init(_ request: String, _ body: JSONValue? = nil, form: String? = nil, problem: String? = nil) {
      self.request = request
      self.body = body
      self.form = form
      self.problem = problem
    }

    var testDescription: String { "\(request) \(body?.text ?? form ?? "")" }

    var captured: CapturedRequest {
      let parts = request.split(separator: " ", maxSplits: 1).map(String.init)
      let target = parts[1].split(separator: "?", maxSplits: 1).map(String.init)
      var headers: [(name: String, value: String)] = [("Authorization", "Bearer t")]
      if body != nil { headers.append(("Content-Type", "application/json; charset=utf-8")) }
      if form != nil { headers.append(("Content-Type", "application/x-www-form-urlencoded")) }
      return CapturedRequest(
        method: parts[0], path: target[0], query: PercentText.fields(target.count > 1 ? target[1] : ""), headers: headers,
        body: ByteBuffer(string: body?.text ?? form ?? ""), act: nil)
    }
  }

  private func check(_ description: some VendorDescription, _ one: Case) {
    let problems = description.problems(with: one.captured)
    if let problem = one.problem {
      #expect(problems.contains { $0.contains(problem) }, "\(problems)")
    } else {
      #expect(problems == [])
    }
  }

  static let github: [Case] = [
    Case("GET /repos/o/r/issues?state=open&per_page=5"), Case("GET /repos/o/r/issues?states=open", problem: "no query parameter \"states\""),
    Case("GET /repos/o/r/issues?per_page=many", problem: "whole number"), Case("GET /repos/o/r/issues?state=open&state=closed", problem: "2 times"),
    Case("GET /repos/o/r/nothing", problem: "no operation"), Case("GET /repos/o/r/contents/a/b%20c.md?ref=main"),
    Case("POST /repos/o/r/issues", ["title": "T", "labels": ["a"]]), Case("POST /repos/o/r/issues", ["body": "B"], problem: "needs \"title\""),
    Case("POST /repos/o/r/issues", ["title": "T", "label": "a"], problem: "no member \"label\""),
    Case("POST /repos/o/r/issues", ["title": "T", "labels": "a"], problem: "type list"), Case("POST /repos/o/r/issues", form: "title=T", problem: "no JSON"),
  ]

  @Test("of GitHub, by ghapi's table", arguments: github)
  func table(_ one: Case) throws { check(try GHAPITable(), one) }

  static let jira: [Case] = [
    Case("POST /rest/api/3/search/jql", ["jql": "project = A", "maxResults": 10, "fields": ["summary"]]),
    Case("POST /rest/api/3/search/jql", ["jql": "project = A", "maximum": 10], problem: "the body"),
    Case("POST /rest/api/3/search/jql", ["jql": "project = A", "maxResults": "10"], problem: "the body"),
    Case("GET /rest/api/3/issue/A-1?fields=summary&expand=names"), Case("GET /rest/api/3/issue/A-1?field=summary", problem: "no query parameter \"field\""),
    Case("GET /rest/api/3/issue/A-1/nothing", problem: "no operation"), Case("GET /rest/api/3/issue/A-1?updateHistory=perhaps", problem: "updateHistory"),
    Case("POST /rest/api/3/issue/A-1/comment", ["body": ["type": "doc", "version": 1, "content": []]]),
  ]

  @Test("of Jira, by its OpenAPI description", arguments: jira)
  func openAPI(_ one: Case) throws { check(try OpenAPIDescription("jira/openapi-v3-subset.json"), one) }

  static let drive: [Case] = [
    Case("GET /drive/v3/files?q=name%20%3D%20'a'&pageSize=10&supportsAllDrives=true&fields=files(id)"),
    Case("GET /drive/v3/files?pagesize=10", problem: "no parameter \"pagesize\""), Case("GET /drive/v3/files?pageSize=ten", problem: "whole number"),
    Case("GET /drive/v3/files?pageSize=5000", problem: "at most"), Case("GET /drive/v3/files/abc?alt=media&supportsAllDrives=true"),
    Case("PATCH /drive/v3/files/abc?addParents=p", ["name": "new"]), Case("PATCH /drive/v3/files/abc", ["nam": "new"], problem: "no member \"nam\""),
    Case("PATCH /drive/v3/files/abc", ["trashed": "yes"], problem: "true or false"), Case("GET /drive/v3/nothing/abc", problem: "no method"),
    Case("POST /upload/drive/v3/files?uploadType=resumable", ["name": "a"]),
  ]

  @Test("of Google Drive, by its discovery document", arguments: drive)
  func discovery(_ one: Case) throws { check(try GoogleDiscovery("gdrive/drive.v3-discovery-subset.json"), one) }

  static let slack: [Case] = [
    Case("POST /api/chat.postMessage", ["channel": "C1", "text": "hi"]), Case("POST /api/chat.postMessage", form: "channel=C1&text=hi&unfurl_links=true"),
    Case("POST /api/chat.postMessage", ["text": "hi"], problem: "needs \"channel\""),
    Case("POST /api/chat.postMessage", ["channel": "C1", "txt": "hi"], problem: "\"txt\""),
    Case("GET /api/conversations.history?channel=C1&limit=15"), Case("GET /api/conversations.history?channel=C1&limit=many", problem: "another type"),
    Case("GET /api/conversations.history?channel=C1&token=t", problem: "outside of the header"), Case("GET /api/chat.nothing", problem: "no method"),
  ]

  @Test("of Slack, by its method reference", arguments: slack)
  func methods(_ one: Case) throws { check(try SlackMethods(), one) }

  @Test("Differences between two clients are seen, but those that are excepted")
  func differences() {
    let ours = [Case("POST /a/b%2Fc?x=1", ["n": 1, "m": [1, 2]]).captured]
    #expect(RequestDifference().problems(ours: ours, theirs: [Case("POST /a/b/c?x=1", ["m": [1, 2], "n": 1]).captured]) == [])
    for other in [
      Case("PUT /a/b/c?x=1", ["n": 1, "m": [1, 2]]), Case("POST /a/b/d?x=1", ["n": 1, "m": [1, 2]]), Case("POST /a/b/c?x=2", ["n": 1, "m": [1, 2]]),
      Case("POST /a/b/c?x=1", ["n": 1, "m": [2, 1]]),
    ] {
      #expect(RequestDifference().problems(ours: ours, theirs: [other.captured]).count == 1, "\(other.testDescription)")
    }
    #expect(RequestDifference().problems(ours: ours, theirs: []).count == 1)
    let excepted = RequestDifference([.query("x", because: "r"), .member("m", because: "r")])
    #expect(excepted.problems(ours: ours, theirs: [Case("POST /a/b/c", ["n": 1]).captured]) == [])
    let extra = RequestDifference([.extraRequests(because: "r")])
    #expect(extra.problems(ours: ours, theirs: [Case("GET /first").captured, ours[0]]) == [])
    #expect(extra.problems(ours: ours, theirs: [Case("GET /first").captured]).count == 1)
  }

  @Test("What a row rule says of a record is what the gateway says: unknown is no yes")
  func rowRules() throws {
    let record: JSONValue = ["owner": "ada", "labels": ["bug", "p1"], "size": 3, "none": nil, "place": ["city": "Ghent"]]
    let cases: [(JSONValue, Bool)] = [
      (["=", "owner", "ada"], true), (["=", "owner", "bob"], false), (["not", ["=", "owner", "bob"]], true), (["not", ["=", "missing", "x"]], false),
      (["=", "none", nil], false), (["has", "none"], false), (["has", "owner"], true), (["not", ["has", "missing"]], true), (["contains", "labels", "bug"], true),
      (["contains", "owner", "ada"], false), (["in", "owner", ["bob", "ada"]], true), (["<", "size", 4], true), (["<", "size", 3], false), (["<=", "size", 3], true),
      (["<", "owner", 3], false), (["like", "owner", "a*"], true), (["like", "owner", "a\\*"], false), (["=", "place.city", "Ghent"], true),
      (["or", ["=", "missing", "x"], ["=", "owner", "ada"]], true), (["and", ["=", "missing", "x"], ["=", "owner", "ada"]], false), (["and"], true), (["or"], false),
      (["not", ["isTrue", ["=", "missing", "x"]]], true), (["true"], true), (["false"], false),
    ]
    for (rule, expected) in cases { #expect(try #require(RowFilter(rule)).admits(record) == expected, "\(rule.text)") }
  }

  @Test(
    "A pattern's asterisk is any run of characters, an asterisk after a backslash is itself, and any other backslash is itself",
    arguments: [
      ("", "", true), ("", "a", false), ("*", "", true), ("*", "añb", true), ("a*", "ab", true), ("a*", "ba", false), ("*b*", "abc", true), ("*b*", "ac", false),
      ("a*b*c", "a1b2b3c", true), ("a*b*c", "a1c2b3", false), ("*aab", "aaab", true), ("\\*", "*", true), ("\\*", "a", false), ("a\\*b*", "a*bc", true),
      ("a\\b", "a\\b", true), ("a\\b", "ab", false), ("a\\", "a\\", true), ("?", "a", false), ("%", "a", false), ("A*", "ab", false), ("*é", "caf\u{e9}", true),
      ("*é", "cafe\u{301}", false),
    ])
  func patterns(_ pattern: String, _ text: String, _ isMatch: Bool) {
    #expect(RowFilter.like(attribute: "name", pattern: pattern).admits(["name": .string(text)]) == isMatch)
  }
}
