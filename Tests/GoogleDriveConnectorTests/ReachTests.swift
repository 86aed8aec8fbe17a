import ConnectorTesting
import JSON
import MCP
import Testing

@Suite("What of Google Drive may be reached")
struct ReachTests {
  /// Folders: root > sales > deals; root > hr > pay. A shared drive "drive1", named Sales, and another.
  private static func fixture(_ settings: JSONObject) async throws -> DriveUnderTest {
    let fixture = try await DriveUnderTest(settings)
    let parents = ["folderDeals": "folderSales", "folderPay": "folderHR", "folderSales": "root1", "folderHR": "root1", "textDeal": "folderDeals", "textPay": "folderPay"]
    let names = ["folderDeals": "Deals", "folderPay": "Pay", "folderSales": "Sales", "folderHR": "HR", "root1": "My Drive"]
    @Sendable func file(_ id: String) -> JSONValue {
      var json = PlausibleDrive.file(id, names[id].map { ["name": .string($0)] } ?? [:])
      json["parents"] = parents[id].map { [.string($0)] } ?? []
      if id == "root1" || id.hasPrefix("folder") { json["mimeType"] = "application/vnd.google-apps.folder" }
      if id == "textShared" { json["driveId"] = "drive1" }
      if id == "textOther" { json["driveId"] = "drive2" }
      return json
    }
    fixture.vendor.always("GET", "/drive/v3/files") { _ in .json(["files": .array(["textDeal", "textPay", "textShared", "textOther"].map(file))]) }
    fixture.vendor.always("GET", "/drive/v3/drives/*") { request in
      let id = request.segments.last ?? ""
      return .json(["id": .string(id), "name": .string(id == "drive1" ? "Sales" : "HR")])
    }
    fixture.vendor.always("GET", "/drive/v3/files/*") { request in
      request.query("alt") == "media" ? .text("content") : .json(file(request.segments.last == "root" ? "root1" : request.segments.last ?? ""))
    }
    PlausibleDrive.answer(every: fixture.vendor)
    return fixture
  }

  @Test(
    "Lists leave out what drives and folders of the settings keep out, at any depth",
    arguments: [
      ([:], ["textDeal", "textPay", "textShared", "textOther"]), (["folders": ["deny": ["HR"]]], ["textDeal", "textShared", "textOther"]),
      (["folders": ["folderSales"]], ["textDeal"]), (["folders": ["allow": ["Sales"], "deny": ["Deals"]]], []), (["drives": ["personal"]], ["textDeal", "textPay"]),
      (["drives": ["deny": ["HR"]]], ["textDeal", "textPay", "textShared"]), (["drives": ["drive1"]], ["textShared"]),
    ] as [(JSONObject, [String])])
  func lists(_ settings: JSONObject, _ ids: [String]) async throws {
    let fixture = try await Self.fixture(settings)
    let result = try await fixture.drive.structured("list_recent")
    #expect(result["files"]?.array?.compactMap { $0["id"]?.string } == ids)
  }

  @Test("No tool reaches a file in a folder that is denied, and none says that it is there")
  func denied() async throws {
    let fixture = try await Self.fixture(["folders": ["deny": ["HR"]]])
    for act in DriveAct.all where act.arguments["file"] != nil {
      var arguments = act.arguments
      arguments["file"] = "textPay"
      let text = try await fixture.drive.failure(act.tool, arguments)
      #expect(text.contains("does not find it, or it may not be seen"), "\(act.name): \(text)")
    }
    #expect(fixture.vendor.requests.allSatisfy { $0.method == "GET" && $0.query("alt") != "media" })
    await #expect(throws: (any Error).self) { try await fixture.drive.read("gdrive:///textPay") }
  }

  @Test("Nothing is put into a folder that is denied")
  func writing() async throws {
    let fixture = try await Self.fixture(["folders": ["deny": ["HR"]]])
    for (tool, arguments) in [
      ("create_folder", ["name": "n", "folder": "folderPay"]), ("upload_file", ["name": "n", "text": "t", "folder": "folderHR"]),
      ("move_file", ["file": "textDeal", "folder": "folderHR"]), ("copy_file", ["file": "textDeal", "folder": "folderPay"]),
      ("create_file", ["name": "n", "kind": "shortcut", "target": "textPay"]),
    ] as [(String, JSONValue)] { _ = try await fixture.drive.failure(tool, arguments) }
    #expect(fixture.vendor.requests.allSatisfy { $0.method == "GET" })
    // Without a folder it is the top of the account's own drive, which an allow list must name.
    let allowed = try await Self.fixture(["folders": ["folderSales"]])
    _ = try await allowed.drive.failure("create_folder", ["name": "n"])
    _ = try await allowed.drive.structured("create_folder", ["name": "n", "folder": "folderSales"])
  }

  @Test("Read-only mode overrules toolsets, and writing toolsets are off unless they are named")
  func toolsets() async throws {
    let all = try await DriveUnderTest.plausible().drive.client.listTools().map(\.name)
    #expect(Set(all).isSuperset(of: ["delete_file", "share_file", "upload_file", "add_comment", "update_document"]))
    for settings in [["toolsets": ["all"], "read_only": true], ["toolsets": .null]] as [JSONObject] {
      let fixture = try await DriveUnderTest(settings)
      let names = try await fixture.drive.client.listTools().map(\.name)
      #expect(
        names.contains("read_content") && !names.contains { $0.hasPrefix("create") || $0.hasPrefix("delete") || $0.hasPrefix("update") || $0.hasPrefix("share") },
        "\(names)")
    }
  }

  @Test("Ids that are none never reach the wire", arguments: ["", "../about", "a/b", "a?b=c", "a b", "https://example.com/d/abc", "é"])
  func ids(_ id: String) async throws {
    let fixture = try await DriveUnderTest.plausible()
    _ = try? await fixture.drive.call("read_content", ["file": .string(id)])
    _ = try? await fixture.drive.call("delete_file", ["file": .string(id)])
    #expect(fixture.vendor.requests.isEmpty)
  }
}
