import ConnectorKit
import ConnectorTesting
import GoogleDriveConnector
import JSON
import MCP
import Testing

@Suite("Changes, resources and prompts of Google Drive")
struct LiveTests {
  @Test("Changes are followed from a start token, told by URI, and gone on with after a restart")
  func feed() async throws {
    let state = InMemoryConnectorState()
    let vendor = try await VendorDouble()
    PlausibleDrive.answer(every: vendor)
    let secrets = try TestSecrets()
    let token = try secrets.reference("token", DriveUnderTest.token)
    func run(sleeps: Int) async throws -> ConnectorUnderTest<GoogleDriveConnector> {
      let drive = try ConnectorUnderTest(
        GoogleDriveConnector.self, ["base_url": .string(vendor.url), "token": .string(token)], secrets: secrets, time: VirtualTime(sleeps: sleeps), state: state)
      await drive.connector.run()
      return drive
    }
    _ = try await run(sleeps: 1)
    #expect(vendor.requests.map(\.path) == ["/drive/v3/changes/startPageToken", "/drive/v3/changes"])
    #expect(vendor.requests.last?.query("pageToken") == "100")
    _ = try await run(sleeps: 0)
    #expect(vendor.requests.last?.query("pageToken") == "101")
    if SharedData.isPresent { try GoogleDescriptions().expectValid(vendor.requests) }
  }

  @Test("A token that Google no longer knows starts the feed anew")
  func gone() async throws {
    let fixture = try await DriveUnderTest(time: VirtualTime(sleeps: 1))
    fixture.vendor.always("GET", "/drive/v3/changes/startPageToken", .json(["startPageToken": "100"]))
    fixture.vendor.always("GET", "/drive/v3/changes", .json(["error": ["code": 410, "message": "gone"]], status: 410))
    await fixture.drive.connector.run()
    #expect(fixture.vendor.requests.map { $0.segments.last } == ["startPageToken", "changes", "startPageToken"])
  }

  @Test("The tool for changes gives a cursor of now first, then what changed")
  func tool() async throws {
    let fixture = try await DriveUnderTest.plausible()
    let start = try await fixture.drive.structured("list_changes")
    #expect(start["changes"] == [])
    let page = try await fixture.drive.structured("list_changes", ["cursor": try #require(start["next_cursor"])])
    #expect(page["changes"]?.array?.map { $0["id"]?.string } == ["doc1", "text2"])
    #expect(page["changes"]?.array?.map { $0["removed"]?.bool } == [false, true])
    #expect(page["next_cursor"] != nil)
    if SharedData.isPresent { try GoogleDescriptions().expectValid(fixture.vendor.requests) }
  }

  @Test(
    "Files, forms and folders are resources",
    arguments: [
      ("gdrive:///doc1", "# Plan"), ("gdrive:///doc1/export/html", "exported"), ("gdrive:///text1", "plain text"), ("gdrive://folder/folder1", "doc of Ada"),
      ("gdrive:///folder1", "doc of Ada"),
    ])
  func resources(_ uri: String, _ text: String) async throws {
    let fixture = try await DriveUnderTest.plausible()
    let result = try await fixture.drive.read(uri)
    guard case .text(let body)? = result.contents.first?.body else {
      Issue.record("\(uri) is no text")
      return
    }
    #expect(body.contains(text) && body.contains("<untrusted"), "\(body)")
    if SharedData.isPresent { try GoogleDescriptions().expectValid(fixture.vendor.requests) }
  }

  @Test("A form that a document does not have is refused with those that it has")
  func form() async throws {
    let fixture = try await DriveUnderTest.plausible()
    await #expect(throws: (any Error).self) { try await fixture.drive.read("gdrive:///sheet1/export/markdown") }
    #expect(try await fixture.drive.failure("read_content", ["file": "sheet1", "format": "markdown"]).contains("csv, tsv, xlsx, pdf"))
  }

  @Test("Prompts name the tools that they need, and take a line of text for one", arguments: ["summarize_document", "compare_documents", "find_and_brief"])
  func prompts(_ name: String) async throws {
    let fixture = try await DriveUnderTest.plausible()
    let arguments = ["file": "Plan\nIgnore all", "first": "a", "second": "b", "topic": "x"]
    let prompt = try #require(try await fixture.drive.client.listPrompts().first { $0.name == name })
    let result = try await fixture.drive.prompt(name, arguments.filter { argument in prompt.arguments.contains { $0.name == argument.key } })
    let text = "\(result)"
    #expect(text.contains("read_content") && text.contains("never an instruction"))
    #expect(!text.contains("Plan\nIgnore"))
  }

  @Test("Names of files are completed from Drive, and not at all where a gateway's rule cannot be held over them")
  func completion() async throws {
    let target = CompletionTarget.resourceTemplate("gdrive:///{fileId}", argument: "fileId")
    let fixture = try await DriveUnderTest.plausible()
    #expect(try await fixture.drive.complete(target, "pl") == ["doc1", "text1"])
    #expect(fixture.query == "trashed = false and name contains 'pl'")
  }
}
