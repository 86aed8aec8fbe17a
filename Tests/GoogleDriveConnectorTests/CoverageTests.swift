import ConnectorTesting
import MCP
import Testing

@Suite("Coverage of the Google Drive connector")
struct CoverageTests {
  private static let common = "a refusal, a limit beyond the deadline, a cut answer"
  private static let faults: [String: String] = [
    "list_recent":
      "limits of each reason, Retry-After 0 and beyond the deadline, a daily limit, a token that ends between pages, a cut, lost, slow and oversized answer, no JSON, a hang-up",
    "search_files": "a short page that is not the last, a cursor of another list, an incomplete search, quotes and backslashes in every argument",
    "update_file": "a 403 that is no limit, a 503 and the repetition", "create_folder": "a 500 that may have had its effect", "delete_file": "an empty 204",
    "upload_file": "chunks taken in part, a 503 between them, an address that leads elsewhere, paths out of the folder",
    "read_content": "an export that is too large, a size that lies, shortcuts beyond five hops, damaged and oversized documents",
    "list_changes": "410: a forgotten token",
    "download_file": "an operation that is not done yet",
  ]

  @Test("Every tool is accounted for")
  func table() async throws {
    let fixture = try await DriveUnderTest.plausible()
    let tools = try await fixture.drive.client.listTools().map(\.name)
    let acts = Dictionary(grouping: DriveAct.all, by: \.tool)
    let rows = tools.sorted().map { tool in
      let names = (acts[tool] ?? []).map(\.name).joined(separator: ", ")
      return CoverageTable.Row(
        tool, description: names.isEmpty ? "- no act" : tool == "list_sheets" ? "yes, by the document that comes with the client: \(names)" : "yes: \(names)",
        differential: names.isEmpty ? "- no act" : "google-api-python-client: \(names)",
        replay: tool == "list_recent" ? "Google's error bodies" : "- answers after the discovery document; no recordings of Drive are published",
        faults: [Self.common, Self.faults[tool]].compactMap { $0 }.joined(separator: "; "))
    }
    #expect(tools.allSatisfy { acts[$0] != nil }, "\(tools.filter { acts[$0] == nil })")
    try CoverageTable(
      connector: "google_drive", title: "Google Drive",
      introduction: """
        Descriptions: Google's discovery documents of Drive v3, Sheets v4 and Docs v1. Differential: google-api-python-client with the discovery documents that come \
        with it; `fields` and `alt=json` differ by intent, boundaries of multipart bodies are random. Resumable uploads are tested against Google's description of \
        the protocol. None of this is a live tenant.
        """, rows: rows
    ).check(tools: tools)
  }
}
