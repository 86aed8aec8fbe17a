import MCP
import Testing

@Suite("URI templates")
struct ServerURITemplateTests {
  @Test(
    "A URI gives the values that the template would make it from",
    arguments: [
      ("test://a", "test://a", [String: String]()),
      ("test://{id}", "test://42", ["id": "42"]),
      ("test://{id}/data", "test://a%2Fb/data", ["id": "a/b"]),
      ("test://{a}/{b}", "test://x/y", ["a": "x", "b": "y"]),
      ("test://{a}-{b}", "test://x-y-z", ["a": "x-y", "b": "z"]),
      ("test://{a,b}", "test://x,y", ["a": "x", "b": "y"]),
      ("file:///{+path}", "file:///a/b.txt", ["path": "a/b.txt"]),
      ("file:///{+path}.txt", "file:///a/b.txt", ["path": "a/b"]),
      ("x:{/path*}", "x:/a/b%20c", ["path": "a/b c"]),
      ("x:{/a,b}", "x:/1/2", ["a": "1", "b": "2"]),
      ("x:y{.ext}", "x:y.json", ["ext": "json"]),
      ("x:y{#part}", "x:y#a/b", ["part": "a/b"]),
      ("x:s{?q,page}", "x:s?page=2&q=a%26b", ["q": "a&b", "page": "2"]),
      ("x:s{?q,page}", "x:s?q=", ["q": ""]),
      ("x:s{?q}", "x:s", [:]),
      ("x:s?fixed=1{&q}", "x:s?fixed=1&q=2", ["q": "2"]),
      ("x:{name}", "x:%C3%A9", ["name": "é"]),
    ])
  func matches(_ template: String, _ uri: String, _ expected: [String: String]) throws {
    let variables = try #require(try URITemplate(template).match(uri))
    for (name, value) in expected { #expect(variables[name] == value) }
    #expect(variables.isEmpty == expected.isEmpty)
  }

  @Test(
    "A URI that the template cannot make is no match",
    arguments: [
      ("test://{id}", "test://"), ("test://{id}", "test://a/b"), ("test://{id}/data", "test://a/dat"), ("test://{id}", "other://a"),
      ("test://{id}", "test://%zz"), ("test://{id}", "test://%C3"), ("x:s{?q}", "x:s?other=1"), ("x:s{?q}", "x:s?q=1&q=2"), ("x:{/p*}", "x:a"),
    ])
  func misses(_ template: String, _ uri: String) throws {
    #expect(try URITemplate(template).match(uri) == nil)
  }

  @Test("Text that is no template is refused", arguments: ["x:{", "x:}", "x:{}", "x:{a b}", "x:{a:3}", "x:{a,}", "x:{|a}"])
  func malformed(_ text: String) {
    #expect(throws: URITemplate.ParseError.self) { try URITemplate(text) }
  }

  @Test("Many variables and a long URI do not cost more than the bound")
  func bounded() throws {
    let template = try URITemplate("x:" + (0..<12).map { "{+v\($0)}" }.joined(separator: "a") + "!")
    #expect(template.match("x:" + String(repeating: "a", count: 4000)) == nil)
    #expect(try URITemplate("x:{+v}").match("x:" + String(repeating: "a", count: 9000)) == nil)
  }
}
