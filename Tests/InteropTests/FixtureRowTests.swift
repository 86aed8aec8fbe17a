import Foundation
import Testing

/// The rows of the fixtures that conformance tooling agrees on (`design/mcp-test-fixtures.md` of the shared folder), each with the test that
/// drives it: `FixtureRows.tsv` beside this file. The tests it names validate what they send and get against the schema of the revision, and
/// the messages of the tasks extension against what its page says of them (`Python/task_shapes.py`).
@Suite("Fixtures", .enabled(if: FixturePage.text != nil, "shared/design/mcp-test-fixtures.md not present: its rows not compared with the tests"))
struct FixtureRowTests {
  private static let tests = PythonProgram.root.appending(path: "Tests")
  private static let table: [[String]] = {
    let text = try? String(contentsOf: tests.appending(path: "InteropTests/FixtureRows.tsv"), encoding: .utf8)
    return (text ?? "").split(separator: "\n").dropFirst().map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
  }()

  /// What the page names in the first column of its two tables.
  private static func rows(of page: String) -> Set<String> {
    var rows: Set<String> = []
    var isServer = true
    for line in page.split(separator: "\n") {
      if line.hasPrefix("## ") { isServer = line.contains("Server") }
      let cells = line.split(separator: "|", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
      guard line.hasPrefix("| "), cells.count > 2, !cells[1].hasPrefix("---"), cells[1] != "Exposed", cells[1] != "Scenario" else { continue }
      if isServer {
        // Names are in code; in parentheses stand the names of questions and the like, and a name that begins with _ goes on from the first.
        let names = cells[1].replacing(/\([^)]*\)/, with: "").matches(of: /`([^`]+)`/).map { String($0.output.1) }
        for name in names {
          let bare = name.hasPrefix("test://") ? name : String(name.prefix { $0 != "{" })
          rows.insert(bare.hasPrefix("_") ? "test_input_required_result" + bare : bare)
        }
      } else {
        for name in cells[1].replacing(/\([^)]*\)/, with: "").split(whereSeparator: { $0 == ";" || $0 == "," }) {
          rows.insert(name.trimmingCharacters(in: .whitespaces))
        }
      }
    }
    return rows
  }

  @Test("Every row of the fixtures has a test")
  func complete() throws {
    let rows = Self.rows(of: try #require(FixturePage.text))
    #expect(rows.count > 50, "the tables are where this test looks")
    let known = Set(Self.table.compactMap(\.first))
    #expect(rows.subtracting(known) == [], "rows without a test")
    // Those that the tables do not name are rules of the page's text.
    let own = known.subtracting(rows)
    #expect(own.allSatisfy { $0.hasPrefix("rule: ") || $0 == "completion of arg1" || $0 == "unknown resource" }, "not on the page: \(own)")
  }

  @Test("Every test that the table names is there")
  func evidence() throws {
    var texts: [String: String] = [:]
    #expect(Set(Self.table.compactMap(\.first)).count == Self.table.count, "a row stands there twice")
    for row in Self.table {
      #expect(row.count == 3 && !row.contains(""), "\(row)")
      guard row.count == 3 else { continue }
      let text = try texts[row[1]] ?? String(contentsOf: Self.tests.appending(path: row[1]), encoding: .utf8)
      texts[row[1]] = text
      #expect(text.contains(row[2]), "\(row[0]): \(row[1]) has no \(row[2])")
    }
  }
}

/// The page that lists the fixtures; nil if it is not there.
private enum FixturePage {
  static let text: String? = {
    guard let shared = PythonProgram.shared else { return nil }
    return try? String(contentsOfFile: "\(shared)/design/mcp-test-fixtures.md", encoding: .utf8)
  }()
}
