internal import Foundation
public import Testing

/// How the tools of one connector were tested without a live tenant: a page below `docs/connectors/coverage`, written by the tests.
public struct CoverageTable: Sendable {
  /// One tool. A cell is what was tested, or a dash (or "own") and why not.
  public struct Row: Sendable {
    public var tool: String
    /// Its requests against the vendor's description.
    public var description: String
    /// Its requests against those of another client.
    public var differential: String
    /// Recorded answers that it read.
    public var replay: String
    /// Faults that it met.
    public var faults: String

    public init(_ tool: String, description: String, differential: String, replay: String, faults: String) {
      self.tool = tool
      self.description = description
      self.differential = differential
      self.replay = replay
      self.faults = faults
    }
  }

  public var connector: String
  public var title: String
  /// What stands above the table: where descriptions, clients and recordings come from.
  public var introduction: String
  public var rows: [Row]

  public init(connector: String, title: String, introduction: String, rows: [Row]) {
    self.connector = connector
    self.title = title
    self.introduction = introduction
    self.rows = rows
  }

  private static let folder = ProjectFiles.root.appending(path: "docs/connectors/coverage")
  private static let index = ProjectFiles.root.appending(path: "docs/connectors/coverage.md")

  /// Whether golden files are written rather than compared.
  public static var isUpdating: Bool { ProcessInfo.processInfo.environment["SLUICE_UPDATE_GOLDEN"] == "1" }

  /// Records an issue where a tool has no row, a row no tool or a cell no reason, or where the page is not what the rows say.
  ///
  /// - Parameter tools: the names of all tools that the connector has.
  public func check(tools: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
    func fail(_ text: String) { Issue.record("\(text)", sourceLocation: sourceLocation) }
    for tool in tools.sorted() where !rows.contains(where: { $0.tool == tool }) { fail("\(tool) has no row in the coverage of \(connector)") }
    for row in rows where !tools.contains(row.tool) { fail("the coverage of \(connector) speaks of \(row.tool), which there is not") }
    for (tool, count) in rows.reduce(into: [String: Int](), { $0[$1.tool, default: 0] += 1 }) where count > 1 { fail("\(tool) has \(count) rows") }
    for row in rows where [row.description, row.differential, row.replay, row.faults].contains(where: Self.saysNothing) {
      fail("\(row.tool) has a cell that says neither what was tested nor why not: \([row.description, row.differential, row.replay, row.faults])")
    }
    try compare(page, Self.folder.appending(path: "\(connector).md"), fail)
    if Self.isUpdating { try Self.writeIndex() } else { try checkIndex(fail) }
  }

  /// A dash, or an answer of the tests' own, needs a reason: what there is not, at whom.
  private static func saysNothing(_ cell: String) -> Bool { ["", "-", "–", "—", "own"].contains(cell.trimmingCharacters(in: .whitespaces)) }

  public var page: String {
    var lines = [
      "# Coverage: \(title)", "", "Written by the tests (`SLUICE_UPDATE_GOLDEN=1 swift test --filter ConnectorTests`); do not edit.", "",
      introduction, "",
    ]
    lines += ["| Tool | Description | Differential | Replay | Faults |", "| --- | --- | --- | --- | --- |"]
    for row in rows {
      let cells = ["`\(row.tool)`", row.description, row.differential, row.replay, row.faults]
      lines.append("| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func compare(_ text: String, _ file: URL, _ fail: (String) -> Void) throws {
    let current = try? String(contentsOf: file, encoding: .utf8)
    guard current != text else { return }
    if Self.isUpdating {
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    } else {
      fail("docs/connectors/coverage/\(file.lastPathComponent) is stale: run the tests with SLUICE_UPDATE_GOLDEN=1")
    }
  }

  // MARK: The index

  private static let head = """
    # Coverage of the connectors

    How each tool was tested without a live tenant of its vendor: its requests against the vendor's own description, against those of
    another client for the same act, recorded answers that it reads, and faults that it meets. None of this is a live tenant.
    Written by the tests; do not edit.


    """

  private func checkIndex(_ fail: (String) -> Void) throws {
    let text = (try? String(contentsOf: Self.index, encoding: .utf8)) ?? ""
    if !text.contains("(coverage/\(connector).md)") { fail("docs/connectors/coverage.md does not name \(connector): run the tests with SLUICE_UPDATE_GOLDEN=1") }
  }

  private static func writeIndex() throws {
    let pages = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".md") }.sorted()
    let lines = try pages.map { page in
      let first = try String(contentsOf: folder.appending(path: page), encoding: .utf8).prefix { $0 != "\n" }
      return "- [\(first.replacing("# Coverage: ", with: ""))](coverage/\(page))"
    }
    try Data((head + lines.joined(separator: "\n") + "\n").utf8).write(to: index)
  }
}
