import ConnectorTesting
import MCP
import Testing

@Suite("Coverage of the Files connector")
struct CoverageTests {
  /// What Python's act of the same is (DifferentialTests).
  private static let python: [String: String] = [
    "list_directory": "os.scandir", "directory_tree": "os.walk", "get_file_info": "os.stat", "read_file": "readlines", "read_files": "read_bytes",
    "search_files": "os.walk, fnmatch", "search_text": "bytes.lower, in", "write_file": "write_bytes", "edit_file": "bytes.replace", "create_directory": "os.mkdir",
    "move_file": "os.rename", "delete_file": "os.remove", "copy_file": "shutil.copyfile", "append_file": "open(\"ab\")",
  ]

  /// Faults by tool, beside paths that lead out, which every tool met (EscapeTests).
  private static let faults: [String: String] = [
    "list_roots": "– asks nothing of the disk", "list_directory": "vanishing, no permission, root gone, no UTF-8 name, link out",
    "directory_tree": "vanishing, circle of links",
    "get_file_info": "vanishing, changing, a terabyte, pipe", "read_file": "changing, vanishing, a terabyte, long, no UTF-8, no permission, swapped for a link, pipe",
    "read_files": "vanishing, a terabyte, link out", "search_files": "vanishing, circle of links, link out",
    "search_text": "changing, vanishing, a terabyte, no UTF-8, no permission, pipe, link out",
    "write_file": "full disk, swapped for a link, what is no file, atomic for readers",
    "edit_file": "changed meanwhile, full disk, a terabyte, no UTF-8, twice or nowhere", "create_directory": "there already, no parent",
    "move_file": "there already, into itself, another root", "delete_file": "not empty, gone, link",
    "copy_file": "there already, too large, onto itself", "append_file": "not there, too large, no UTF-8",
  ]

  @Test("is written down, for every tool")
  func page() async throws {
    let tools = try await FilesUnderTest().files.client.listTools().map(\.name)
    let compared = Set(DifferentialTests.acts.map(\.tool))
    #expect(compared == Set(Self.python.keys))
    let rows = tools.sorted().map { tool in
      CoverageTable.Row(
        tool, description: "– files have none", differential: Self.python[tool].map { "Python: `\($0)`" } ?? "– a setting, told",
        replay: "– real files, nothing recorded",
        faults: Self.faults[tool] ?? "")
    }
    try CoverageTable(
      connector: "files", title: "Files",
      introduction: """
        There is no vendor: the tests have a file system. Differential: the tool's result, or what it leaves of a tree, is what Python's library says of the same tree or makes of \
        a copy (`Tests/FilesConnectorTests/DifferentialTests.swift`). Faults: `FaultTests.swift`, `EscapeTests.swift`, `WritingTests.swift` there; every tool met 27 paths that lead out \
        of a root. No permission is tested as another account, through the program (`ConnectorCommandTests`).
        """, rows: rows
    ).check(tools: tools)
  }
}
