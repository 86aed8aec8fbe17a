import JSON
import MCP
import Testing

@Suite("A compact table")
struct CompactTableTests {
  @Test("is Markdown while it is small, and no cell can be broken out of")
  func small() {
    let rows: [[JSONValue]] = [["a|b\r\nc", 1], [.null, true], [["x", "y"], ["k": "|"]]]
    #expect(
      CompactTable(columns: ["x", "y"], rows: rows).text == """
        | x | y |
        | --- | --- |
        | a\\|b c | 1 |
        |  | true |
        | x; y | {"k":"\\|"} |
        """)
  }

  @Test("is CSV beyond, quoted where RFC 4180 asks for it")
  func large() {
    let text = CompactTable(columns: ["x", "y"], rows: Array(repeating: ["say \"hi\", you\nthere", 1.5], count: 49)).text
    #expect(text.hasPrefix("x,y\n\"say \"\"hi\"\", you\nthere\",1.5\n"))
    #expect(CompactTable(columns: (1...9).map { "c\($0)" }, rows: [(1...9).map { .int($0) }]).text == "c1,c2,c3,c4,c5,c6,c7,c8,c9\n1,2,3,4,5,6,7,8,9")
  }

  @Test("shows the members of records that are asked for, and whether there are more")
  func records() {
    let table = CompactTable([["a": 1, "b": "two"], ["b": "three"]], columns: ["b", "a"], more: true)
    #expect(table.text.hasSuffix("| two | 1 |\n| three |  |\n(there is more: pass next_cursor)"))
    #expect(CompactTable([], columns: ["a"]).text == "Nothing found.")
  }
}
