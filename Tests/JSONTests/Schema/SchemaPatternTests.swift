import JSON
import Testing

@Suite("Patterns") struct SchemaPatternTests {
  static let cases: [(pattern: String, text: String, matches: Bool)] = [
    ("a", "bab", true), ("^a", "ba", false), ("a$", "ab", false), ("a$", "ba\n", false), ("", "", true), ("^$", "", true), ("^$", "a", false),
    ("a|b|", "c", true), ("^(a|bc)+$", "abca", true), ("^(a|bc)+$", "abc!", false), ("^a{2,3}$", "a", false), ("^a{2,3}$", "aaa", true),
    ("^a{2,3}$", "aaaa", false), ("^a{2}$", "aa", true), ("^a{2,}$", "aaaaa", true), ("^a{0}$", "", true), ("a{,3}", "a{,3}", true),
    ("^a*?$", "aaa", true), ("^a+?b??$", "aab", true), ("^[^a-c]$", "d", true), ("^[^a-c]$", "b", false), ("^[]$", "a", false), ("^[^]$", "\n", true),
    ("^[a\\-z]$", "-", true), ("^[\\w-.]$", "-", true), ("^[-a]$", "-", true), ("^[a-]$", "-", true), ("^[\\]]$", "]", true), ("^[\\b]$", "\u{8}", true),
    ("^.$", "\n", false), ("^.$", "\u{1F600}", true), ("^..$", "\u{1F600}", false), ("^\\u{1F600}$", "\u{1F600}", true),
    ("^\\ud83d\\ude00$", "\u{1F600}", true), ("^\\x41\\u0042\\cJ\\0$", "AB\n\0", true), ("^[\u{1F600}-\u{1F64F}]+$", "\u{1F601}\u{1F602}", true),
    ("\\bfoo\\b", "a foo b", true), ("\\bfoo\\b", "afoo", false), ("\\Boo", "foo", true), ("^\\w+@\\w+\\.com$", "a_1@b.com", true),
    ("^\\p{Lu}\\P{Lu}$", "\u{C9}e", true), ("^\\p{L}+$", "stra\u{DF}e", true), ("^\\p{gc=Nd}$", "\u{9EA}", true), ("^[\\p{Lu}\\d]+$", "A1", true),
    ("^[^\\p{L}]$", "1", true), ("^\\p{Emoji_Presentation}$", "\u{1F600}", true), ("^[\\D]$", "a", true), ("^[\\s\\S]$", "\n", true),
    ("^(?=.*[0-9])(?=.*[a-z]).{4,}$", "ab12", true), ("^(?=.*[0-9])(?=.*[a-z]).{4,}$", "abcd", false), ("^(?!-)[a-z-]+$", "a-b", true),
    ("^(?!-)[a-z-]+$", "-ab", false), ("^(?:(?!ab).)*$", "cab", false), ("^(?:(?!ab).)*$", "cba", true), ("q(?!u)", "iraq", true),
    ("^(?<year>\\d{4})-\\d\\d$", "2026-01", true), ("^[a-z]{1,63}(\\.[a-z]{1,63})*$", "www.example.com", true), ("^\\/a\\-b\\@$", "/a-b@", true),
    ("}", "}", true), ("^(a*)*$", "aaaa", true), ("^(a*)+b$", "aaaa", false), ("(^a|b$)", "xb", true), ("x(^a|b$)", "xb", true),
    ("^\\S+$", "caf\u{E9}", true), ("[\\d-x]", "-", true), ("^((a))$", "a", true),
  ]

  @Test("match as ECMA-262 says, anywhere in the text", arguments: cases)
  func matches(pattern: String, text: String, matches: Bool) throws {
    let schema = try JSONSchema(["pattern": .string(pattern)])
    #expect(schema.isValid(JSONValue.string(text).raw) == matches)
  }

  @Test(
    "are refused when ECMA-262 does not know them",
    arguments: [
      "a**", "*a", "(a", "a)", "[a", "[b-a]", "a{3,2}", "\\a", "\\z", "\\Z", "(?P<n>a)", "(?i)a", "(?#c)", "\\u{110000}", "\\x4", "\\c1", "\\01", "\\p{}", "\\p", "\\",
      "^*", "(?=a)*", "{1}", "(?<1a>b)", "\\k",
    ])
  func malformed(pattern: String) throws {
    #expect(throws: JSONSchemaError.self) { try JSONSchema(["pattern": .string(pattern)]) }
  }

  @Test("take time linear in the text") func linear() throws {
    let schema = try JSONSchema(["pattern": "^(a+)+$"])
    #expect(!schema.isValid(JSONValue.string(String(repeating: "a", count: 100_000) + "!").raw))
  }

  @Test("match names of properties, escaped or not") func names() throws {
    let schema = try JSONSchema(["patternProperties": ["^\u{E9}\"$": ["type": "string"]], "additionalProperties": false])
    #expect(schema.isValid(try RawJSON(#"{"\u00e9\"":"a"}"#)))
    #expect(schema.isValid(try RawJSON(#"{"é\"":"a"}"#)))
    #expect(!schema.isValid(try RawJSON(#"{"é\"":1}"#)))
    #expect(!schema.isValid(try RawJSON(#"{"e\u0301\"":"a"}"#)))
  }
}
