import JSON
import Testing

@testable import SQLConnector

@Suite struct RecordTests {
  @Test(
    "a cursor gives back its place, and only to its list",
    arguments: [
      (.integer(5), .text("opp_1")), (.text("O'Hara \" \\ 日本"), .text("x")), (.real(1.5), .integer(-3)), (.integer(.max), .text("")),
    ] as [(SQLValue, SQLValue)])
  func cursor(key: SQLValue, id: SQLValue) throws {
    let text = RecordCursor([key, id]).text(digest: "abc")
    let read = try RecordCursor(text, digest: "abc", count: 2)
    #expect(read.values == [key, id])
    #expect(throws: SQLToolError.self) { try RecordCursor(text, digest: "abc", count: 3) }
    #expect(throws: SQLToolError.self) { try RecordCursor(text, digest: "abd", count: 2) }
    #expect(throws: SQLToolError.self) { try RecordCursor(String(text.dropLast(2)), digest: "abc", count: 2) }
  }

  @Test(
    "a cursor with anything but two plain values is refused",
    arguments: [
      #"["abc"]"#, #"["abc", 1]"#, #"["abc", [1], 2]"#, #"["abc", null, 2]"#, #"["abc", {"a": 1}, 2]"#, #"["abc", "\u0000", 2]"#, #"["abc", 1, 2, 3]"#, "{}", "", "[",
      "1",
    ])
  func hostileCursor(json: String) {
    let text = json.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    #expect(throws: SQLToolError.self) { try RecordCursor(text, digest: "abc", count: 2) }
  }

  @Test(
    "the kind of a column follows its declared type",
    arguments: [
      ("INTEGER", .integer), ("BIGINT", .integer), ("BOOLEAN", .boolean), ("VARCHAR(10)", .text), ("TEXT", .text), ("DATE", .text), ("REAL", .real),
      ("DECIMAL(10,2)", .real), ("BLOB", .blob),
      ("", .text),
    ] as [(String, SQLColumn.Kind)])
  func kinds(type: String, kind: SQLColumn.Kind) { #expect(SQLColumn.kind(ofType: type) == kind) }
}
