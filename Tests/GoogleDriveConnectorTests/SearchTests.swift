import ConnectorTesting
import JSON
import MCP
import Testing

@Suite("Searches of Google Drive")
struct SearchTests {
  @Test(
    "Texts of people stay literals, whatever is in them",
    arguments: [
      ("O'Brien", "name contains 'O\\'Brien' and trashed = false"), ("a\\b", "name contains 'a\\\\b' and trashed = false"),
      ("x' or name contains '", "(name contains 'x\\' or name contains \\'') and trashed = false"), ("\\'", "name contains '\\\\\\'' and trashed = false"),
    ])
  func escaping(_ name: String, _ query: String) async throws {
    let fixture = try await DriveUnderTest.plausible()
    _ = try await fixture.drive.structured("search_files", ["name": .string(name)])
    #expect(fixture.query == query)
  }

  @Test("The trash is left out unless it is asked for")
  func trash() async throws {
    let fixture = try await DriveUnderTest.plausible()
    _ = try await fixture.drive.structured("search_files", ["kind": "image", "trashed": true])
    #expect(fixture.query == "mimeType contains 'image/' and trashed = true")
    #expect(fixture.vendor.requests.last?.query("corpora") == "user")
    #expect(fixture.vendor.requests.last?.query("includeItemsFromAllDrives") == "true")
  }

  @Test("A condition in Drive's language stands in parentheses of its own, and one that does not close is refused")
  func raw() async throws {
    let fixture = try await DriveUnderTest.plausible()
    _ = try await fixture.drive.structured("search_files", ["query": "name = 'a' or starred = true", "owner": "ada@example.com"])
    #expect(fixture.query == "'ada@example.com' in owners and ((name = 'a' or starred = true)) and trashed = false")
    let count = fixture.vendor.requests.count
    for bad in ["name = 'a", "name = 'a') or (trashed = true", "(starred = true"] {
      let text = try await fixture.drive.failure("search_files", ["query": .string(bad)])
      #expect(text.contains("clos"), "\(text)")
    }
    #expect(fixture.vendor.requests.count == count)
  }

  @Test("Best matches need no order, which Drive refuses together with words")
  func order() async throws {
    let fixture = try await DriveUnderTest.plausible()
    _ = try await fixture.drive.structured("search_files", ["text": "plan"])
    #expect(fixture.vendor.requests.last?.query("orderBy") == nil)
    _ = try await fixture.drive.structured("search_files", ["name": "plan"])
    #expect(fixture.vendor.requests.last?.query("orderBy") == "modifiedTime desc")
  }

  @Test("A search that did not look everywhere says so")
  func incomplete() async throws {
    let fixture = try await DriveUnderTest()
    fixture.vendor.always("GET", "/drive/v3/files", .json(["files": [], "incompleteSearch": true]))
    let result = try await fixture.drive.call("search_files", ["text": "x", "scope": "all"])
    #expect(result.structured?["incomplete"]?.bool == true)
    #expect(result.text.contains("did not look everywhere"))
  }

  @Test("A folder's shortcut lists the folder, and an empty folder stays one")
  func shortcutToFolder() async throws {
    let fixture = try await DriveUnderTest()
    fixture.vendor.always("GET", "/drive/v3/files") { request in
      .json(["files": request.query("q")?.contains("folder7") == true ? .array([PlausibleDrive.file("doc1")]) : []])
    }
    fixture.vendor.always(
      "GET", "/drive/v3/files/short1",
      .json(PlausibleDrive.file("short1", ["mimeType": "application/vnd.google-apps.shortcut", "shortcutDetails": ["targetId": "folder7"]])))
    fixture.vendor.always("GET", "/drive/v3/files/*") { .json(PlausibleDrive.file($0.segments.last ?? "")) }
    #expect(try await fixture.drive.structured("list_folder", ["folder": "short1"])["files"]?.array?.count == 1)
    #expect(try await fixture.drive.structured("list_folder", ["folder": "folder8"])["files"] == [])
    #expect(fixture.vendor.requests.count == 6)
  }

  // MARK: Row rules

  private static func governed(_ rule: RowFilter) async throws -> (DriveUnderTest, CallResult) {
    let fixture = try await DriveUnderTest.plausible(isGoverned: true)
    let result = try await fixture.drive.call("list_recent", as: "ada@example.com", meta: [MetaKey.rows: ["File": rule.json]])
    return (fixture, result)
  }

  private static let base = "mimeType != 'application/vnd.google-apps.folder' and trashed = false"

  @Test(
    "A row rule goes into the search where Drive means the same by it, and else not at all",
    arguments: [
      (RowFilter.compare(attribute: "owner", .equal, "ada@example.com"), " and 'ada@example.com' in owners"),
      (.isIn(attribute: "owner", ["ada@example.com", "o'b@example.com"]), " and (('ada@example.com' in owners or 'o\\'b@example.com' in owners))"),
      (.compare(attribute: "starred", .equal, true), " and starred = true"), (.contains(attribute: "labels", "L1"), " and 'labels/L1' in labels"),
      (.contains(attribute: "parents", "folder1"), " and 'folder1' in parents"),
      (.and([.compare(attribute: "owner", .equal, "ada@example.com"), .compare(attribute: "visibility", .equal, "private")]), " and 'ada@example.com' in owners"),
      (.isTrue(.compare(attribute: "mime_type", .equal, "text/plain")), " and mimeType = 'text/plain'"),
      // Not exact, or not to be said: nothing.
      (.or([.compare(attribute: "owner", .equal, "ada@example.com"), .compare(attribute: "visibility", .equal, "private")]), ""),
      (.not(.compare(attribute: "owner", .equal, "ada@example.com")), ""), (.compare(attribute: "owner", .equal, "user-17"), ""),
      (.compare(attribute: "visibility", .equal, "public"), ""), (.compare(attribute: "drive", .equal, "drive1"), ""), (.like(attribute: "name", pattern: "a*"), ""),
      (.has(attribute: "owner"), ""), (.constant(true), ""),
    ] as [(RowFilter, String)])
  func pushed(_ rule: RowFilter, _ condition: String) async throws {
    let (fixture, result) = try await Self.governed(rule)
    #expect(!result.isError, "\(result.text)")
    #expect(fixture.query == Self.base + condition)
  }

  @Test(
    "A rule that no row fulfils asks nothing", arguments: [RowFilter.constant(false), .isIn(attribute: "owner", []), .and([.constant(false), .has(attribute: "owner")])])
  func nothing(_ rule: RowFilter) async throws {
    let (fixture, result) = try await Self.governed(rule)
    #expect(result.structured?["files"] == [])
    #expect(fixture.vendor.requests.isEmpty)
  }

  @Test("A gateway's row rule holds for resources too, where it sends one")
  func ruleOfResources() async throws {
    let fixture = try await DriveUnderTest.plausible(isGoverned: true)
    let own: JSONObject = [MetaKey.rows: ["File": RowFilter.compare(attribute: "owner", .equal, "ada@example.com").json]]
    let others: JSONObject = [MetaKey.rows: ["File": RowFilter.compare(attribute: "owner", .equal, "eve@example.com").json]]
    _ = try await fixture.drive.read("gdrive:///doc1", as: "ada@example.com", meta: own)
    await #expect(throws: (any Error).self) { try await fixture.drive.read("gdrive:///doc1", as: "ada@example.com", meta: others) }
    let folder = try await fixture.drive.read("gdrive://folder/folder1", as: "ada@example.com", meta: others)
    #expect("\(folder)".contains("Nothing found"))
  }

  @Test(
    "A gateway's row rule holds before a file is changed or read",
    arguments: ["update_file", "read_content", "list_sheets", "get_sheet_values", "list_comments", "share_file"])
  func ruleBeforeAct(_ tool: String) async throws {
    let extra: [String: JSONObject] = [
      "update_file": ["name": "n"], "list_sheets": [:], "get_sheet_values": ["range": "A1"], "share_file": ["type": "anyone", "role": "reader"], "read_content": [:],
      "list_comments": [:],
    ]
    let arguments = (["file": "sheet1"] as JSONValue).merging(extra[tool] ?? JSONObject())
    let fixture = try await DriveUnderTest.plausible(isGoverned: true)
    for (rule, isAllowed) in [
      (RowFilter.compare(attribute: "owner", .equal, "ada@example.com"), true), (.compare(attribute: "owner", .equal, "eve@example.com"), false),
      (.not(.compare(attribute: "owner", .equal, "ada@example.com")), false), (.like(attribute: "name", pattern: "sheet*Ada"), true), (.constant(false), false),
      (.compare(attribute: "nothing", .equal, "x"), false), (.not(.compare(attribute: "nothing", .equal, "x")), false),
    ] as [(RowFilter, Bool)] {
      let before = fixture.vendor.requests.count
      let result = try await fixture.drive.call(tool, arguments, as: "ada@example.com", meta: RowRules.meta(["File": rule, "Permission": .constant(true)]))
      #expect(result.isError != isAllowed, "\(rule): \(result.text)")
      let sent = fixture.vendor.requests.dropFirst(before)
      if !isAllowed { #expect(sent.map { "\($0.method) \($0.path)" } == ["GET /drive/v3/files/sheet1"]) }
    }
  }
}
