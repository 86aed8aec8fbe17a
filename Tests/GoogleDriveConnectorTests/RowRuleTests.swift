import ConnectorKit
import ConnectorTesting
import GoogleDriveConnector
import JSON
import MCP
import Testing

@Suite("Row rules that Google Drive's connector keeps")
struct RowRuleTests {
  private func fixture() async throws -> (DriveUnderTest, [String: ToolDefinition]) {
    let fixture = try await DriveUnderTest.plausible(isGoverned: true)
    let tools = try await fixture.drive.client.listTools()
    return (fixture, Dictionary(tools.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }))
  }

  @Test("A rule that lets everything through costs no request, and changes no answer of any tool")
  func free() async throws {
    let (governed, tools) = try await fixture()
    let (plain, _) = try await fixture()
    for act in DriveAct.all {
      let tool = try #require(tools[act.tool])
      let counts = (governed.vendor.requests.count, plain.vendor.requests.count)
      let one = try await governed.drive.call(act.tool, act.arguments, as: "ada", meta: RowRules.meta(tool, .constant(true)))
      let other = try await plain.drive.call(act.tool, act.arguments, as: "ada")
      let sent = governed.vendor.requests.dropFirst(counts.0).map { "\($0.method) \($0.path)" }
      #expect(sent == plain.vendor.requests.dropFirst(counts.1).map { "\($0.method) \($0.path)" }, "\(act.name)")
      #expect(one.isError == other.isError && one.structured == other.structured, "\(act.name): \(one.text)")
    }
  }

  @Test("Where no record of a type may be seen no tool that declares it shows one, and nothing is written", arguments: [true, false])
  func nothing(_ hidesFiles: Bool) async throws {
    let (fixture, tools) = try await fixture()
    for act in DriveAct.all {
      let tool = try #require(tools[act.tool])
      guard RowRules.declares(tool) else { continue }
      let before = fixture.vendor.requests.count
      // Hidden files hide what hangs on them; without that each type has a rule of its own.
      let meta = RowRules.meta(tool, .constant(false), but: hidesFiles ? [:] : ["File": .constant(true)])
      let result = try await fixture.drive.call(act.tool, act.arguments, as: "ada", meta: meta)
      let places = RowRules.places(result, tool).filter { hidesFiles || !["/files", "/file", "/changes"].contains($0) }
      #expect(places.isEmpty, "\(act.name): \(result.raw.text)")
      if tool.annotations.readOnly != true, hidesFiles || tool.name.contains("comment") || tool.name.contains("permission") || tool.name == "share_file" {
        #expect(result.isError, "\(act.name)")
        #expect(fixture.vendor.requests.dropFirst(before).allSatisfy { $0.method == "GET" }, "\(act.name)")
      }
    }
  }

  private static let own = RowFilter.compare(attribute: "owner", .equal, "ada@example.com")
  private static let bob: JSONObject = ["owners": [["emailAddress": "bob@example.com"]]]

  @Test("A file is the team's of its shared drive, folder or owner, as the settings say, and a rule by team holds for all of it")
  func teams() async throws {
    let teams: JSONObject = ["teams": ["West": ["drive1", "bob@*"], "Archive": ["folder9"]]]
    let fixture = try await DriveUnderTest(teams, isGoverned: true)
    let files = [
      PlausibleDrive.file("text1", ["driveId": "drive1", "owners": []]), PlausibleDrive.file("text2", Self.bob), PlausibleDrive.file("text3", ["parents": ["folder9"]]),
      PlausibleDrive.file("text4"),
    ]
    fixture.vendor.always("GET", "/drive/v3/files", .json(["files": .array(files)]))
    for file in files { fixture.vendor.always("GET", "/drive/v3/files/\(file["id"]?.string ?? "")", .json(file)) }
    let all = try await fixture.drive.structured("list_recent", ["fields": ["name"]], as: "ada", meta: RowRules.meta(["File": .constant(true)]))
    #expect(all["files"]?.array?.map { $0["team"] } == ["West", "West", "Archive", nil], "\(all.text)")
    let meta = RowRules.meta(["File": .compare(attribute: "team", .equal, "West")])
    let found = try await fixture.drive.structured("list_recent", as: "ada", meta: meta)
    #expect(found["files"]?.array?.map { $0["id"] } == ["text1", "text2"], "\(found.text)")
    for id in ["text3", "text4"] {
      for tool in ["get_file", "trash_file"] { #expect(try await fixture.drive.failure(tool, ["file": .string(id)], as: "ada", meta: meta).contains("may not be seen")) }
    }
    #expect(fixture.vendor.requests.allSatisfy { $0.method == "GET" })
    #expect(throws: ConnectorError.self) { try ConnectorUnderTest(GoogleDriveConnector.self, ["token": "${env:HOME}", "teams": ["West": []]]) }
  }

  @Test("A file that policy hides is in no list, whatever Drive found, in no folder that is read and in no suggestion")
  func lists() async throws {
    let fixture = try await DriveUnderTest(isGoverned: true)
    fixture.vendor.always("GET", "/drive/v3/files", .json(["files": [PlausibleDrive.file("text1"), PlausibleDrive.file("text2", Self.bob)]]))
    fixture.vendor.always("GET", "/drive/v3/files/folder1", .json(PlausibleDrive.file("folder1")))
    fixture.vendor.always(
      "GET", "/drive/v3/changes",
      .json([
        "newStartPageToken": "9",
        "changes": [
          ["fileId": "text1", "file": PlausibleDrive.file("text1")], ["fileId": "text2", "file": PlausibleDrive.file("text2", Self.bob)],
          ["fileId": "text3", "removed": true],
        ],
      ]))
    fixture.vendor.always("GET", "/drive/v3/changes/startPageToken", .json(["startPageToken": "8"]))
    let meta = RowRules.meta(["File": Self.own])
    for (tool, arguments) in [("search_files", ["text": "x"]), ("list_folder", ["folder": "folder1"]), ("list_recent", [:])] as [(String, JSONValue)] {
      let result = try await fixture.drive.call(tool, arguments, as: "ada", meta: meta)
      #expect(result.structured?["files"]?.array?.map { $0["id"] } == ["text1"] && !result.text.contains("text2"), "\(tool): \(result.text)")
      #expect(fixture.query?.contains("'ada@example.com' in owners") == true)
    }
    let start = try await fixture.drive.structured("list_changes", as: "ada", meta: meta)["next_cursor"]
    let changes = try await fixture.drive.structured("list_changes", ["cursor": start ?? .null], as: "ada", meta: meta)
    #expect(changes["changes"]?.array?.map { $0["id"] } == ["text1"])
    let folder = try await "\(fixture.drive.read("gdrive://folder/folder1", as: "ada", meta: meta))"
    #expect(folder.contains("text1") && !folder.contains("text2"))
    let names = try await fixture.drive.complete(.resourceTemplate("gdrive:///{fileId}", argument: "fileId"), "te", as: "ada", meta: meta)
    #expect(names == ["text1"])
  }

  @Test("A file that policy hides is not read and not changed, and what hangs on it neither")
  func single() async throws {
    let fixture = try await DriveUnderTest(isGoverned: true)
    fixture.vendor.always("GET", "/drive/v3/files/text2", .json(PlausibleDrive.file("text2", Self.bob)))
    for act in DriveAct.all where act.arguments["file"] != nil {
      var arguments = act.arguments
      arguments["file"] = "text2"
      let tool = act.tool
      let rules: [String: RowFilter] = [
        "Comment": .constant(true), "Reply": .constant(true), "Permission": .constant(true), "Revision": .constant(true), "Label": .constant(true),
      ]
      let failure = try await fixture.drive.failure(tool, arguments, as: "ada", meta: RowRules.meta(rules.merging(["File": Self.own]) { $1 }))
      #expect(failure.contains("may not be seen"), "\(act.name): \(failure)")
    }
    #expect(fixture.vendor.requests.allSatisfy { $0.method == "GET" && $0.path == "/drive/v3/files/text2" && $0.query("alt") == nil })
    await #expect(throws: (any Error).self) { try await fixture.drive.read("gdrive:///text2", as: "ada", meta: RowRules.meta(["File": Self.own])) }
  }

  @Test("Nobody shares with everybody where a rule forbids such permissions, but with a person they do")
  func sharing() async throws {
    let fixture = try await DriveUnderTest.plausible(isGoverned: true)
    let meta = RowRules.meta(["File": .constant(true), "Permission": .not(.compare(attribute: "type", .equal, "anyone"))])
    let failure = try await fixture.drive.failure("share_file", ["file": "text1", "type": "anyone", "role": "reader"], as: "ada", meta: meta)
    #expect(failure.contains("not permitted") && fixture.vendor.requests.isEmpty)
    _ = try await fixture.drive.structured("share_file", ["file": "text1", "type": "user", "email": "bob@example.com", "role": "reader"], as: "ada", meta: meta)
    #expect(fixture.vendor.requests.map(\.method) == ["POST"])
  }

  @Test("People comment in their own name and change their own comments, and replies that are hidden are left out")
  func comments() async throws {
    let fixture = try await DriveUnderTest.plausible(isGoverned: true)
    // The plausible comment is Bob's, the account is Ada's, and the reply names no author.
    let mine = RowFilter.compare(attribute: "author", .equal, "ada@example.com")
    let all = ["File": RowFilter.constant(true), "Reply": .constant(true)]
    let meta = RowRules.meta(all.merging(["Comment": mine]) { $1 })
    #expect(try await fixture.drive.structured("list_comments", ["file": "doc1"], as: "ada", meta: meta)["comments"] == [])
    for (tool, more) in [
      ("get_comment", [:]), ("list_replies", [:]), ("update_comment", ["text": "x"]), ("delete_comment", [:]), ("reply_to_comment", ["text": "x"]),
    ] as [(String, JSONObject)] {
      let comment: JSONObject = ["file": "doc1", "comment": "c1"]
      _ = try await fixture.drive.failure(tool, .object(comment.merging(more)), as: "ada", meta: meta)
    }
    #expect(fixture.vendor.requests.allSatisfy { $0.method == "GET" && !$0.path.hasSuffix("/replies") })
    // Ada may comment: that it comes back as Bob's is the double's doing, and then it is not shown.
    let failure = try await fixture.drive.failure("add_comment", ["file": "doc1", "text": "Yes."], as: "ada", meta: meta)
    #expect(failure.contains("It is done") && fixture.vendor.requests.last?.method == "POST")
    let replies = RowRules.meta(["File": .constant(true), "Comment": .constant(true), "Reply": mine])
    let shown = try await fixture.drive.structured("list_comments", ["file": "doc1"], as: "ada", meta: replies)["comments"]?.array
    #expect(shown?.count == 1 && shown?.first?["replies"] == [])
  }

  @Test("What is made outside of shared drives is the team's of who makes it, in the order of the settings")
  func newOfTeam() async throws {
    let teams: JSONObject = ["teams": ["West": ["ada@*"], "Archive": ["personal", "folder1"], "East": ["drive1"]]]
    let fixture = try await DriveUnderTest(teams, isGoverned: true)
    fixture.vendor.always("GET", "/drive/v3/files/folder2", .json(PlausibleDrive.file("folder2", ["driveId": "drive1", "owners": [], "parents": []])))
    PlausibleDrive.answer(every: fixture.vendor)
    func rule(_ team: JSONValue) -> JSONObject { RowRules.meta(["File": .compare(attribute: "team", .equal, team)]) }
    // Refused: without the owner it would have passed for the archive's.
    #expect(try await fixture.drive.failure("create_file", ["name": "n", "kind": "document"], as: "ada", meta: rule("Archive")).contains("not permitted to make this"))
    #expect(fixture.vendor.requests.allSatisfy { $0.method == "GET" })
    for (team, folder) in [("West", nil), ("East", "folder2")] as [(JSONValue, JSONValue?)] {
      var arguments: JSONObject = ["name": "n", "kind": "document"]
      arguments["folder"] = folder
      _ = try await fixture.drive.call("create_file", .object(arguments), as: "ada", meta: rule(team))
    }
    #expect(fixture.vendor.requests.filter { $0.method == "POST" }.count == 2)
  }

  @Test("What is put somewhere is checked by its place, type and owner before it goes out")
  func new() async throws {
    let fixture = try await DriveUnderTest(isGoverned: true)
    fixture.vendor.always("GET", "/drive/v3/files/folder1", .json(PlausibleDrive.file("folder1", ["shared": true])))
    fixture.vendor.always("GET", "/drive/v3/files/folder2", .json(PlausibleDrive.file("folder2", ["driveId": "drive1", "owners": [], "parents": []])))
    fixture.vendor.always("GET", "/drive/v3/files/text1", .json(PlausibleDrive.file("text1")))
    PlausibleDrive.answer(every: fixture.vendor)
    let isPrivate = RowRules.meta(["File": .compare(attribute: "visibility", .equal, "private")])
    _ = try await fixture.drive.structured("upload_file", ["name": "n", "text": "t"], as: "ada", meta: isPrivate)
    #expect(fixture.vendor.requests.map(\.method) == ["POST"])
    // The folder is not the caller's to see.
    _ = try await fixture.drive.failure("create_folder", ["name": "n", "folder": "folder1"], as: "ada", meta: isPrivate)
    let own = RowRules.meta(["File": Self.own])
    _ = try await fixture.drive.structured("create_file", ["name": "n", "kind": "document", "folder": "folder1"], as: "ada", meta: own)
    // What is in a shared drive is nobody's own.
    _ = try await fixture.drive.failure("copy_file", ["file": "text1", "folder": "folder2"], as: "ada", meta: own)
    let documents = RowRules.meta(["File": .compare(attribute: "kind", .equal, "document")])
    _ = try await fixture.drive.failure("create_file", ["name": "n", "kind": "spreadsheet"], as: "ada", meta: documents)
    #expect(fixture.vendor.requests.filter { $0.method != "GET" }.count == 2)
  }
}
