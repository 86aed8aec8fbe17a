import ConnectorTesting
import Foundation
import JSON
import MCP
import NIOCore
import Testing

@Suite("What is in files of Google Drive")
struct ContentTests {
  @Test("Documents are read as Markdown without the byte order mark, in a frame that marks them untrusted")
  func markdown() async throws {
    let fixture = try await DriveUnderTest.plausible()
    let result = try await fixture.drive.call("read_content", ["file": "https://docs.google.com/document/d/doc1/edit?tab=t.0"])
    let file = try #require(result.structured?["file"])
    #expect(file["text"]?.string == "# Plan\n\nShip it.\n")
    #expect(file["owner"]?.string == "ada@example.com" && file["visibility"]?.string == "private" && file["drive"]?.string == "personal")
    #expect(result.text.contains("<untrusted source=\"doc1\">"))
    #expect(result.raw.text.contains("dev.sluice/untrusted"))
  }

  @Test("A long text comes in parts that join to the whole")
  func parts() async throws {
    let fixture = try await DriveUnderTest()
    let text = String(repeating: "åé👩‍👩‍👧 ", count: 50)
    fixture.vendor.always("GET", "/drive/v3/files/text1") { $0.query("alt") == "media" ? .text(text) : .json(PlausibleDrive.file("text1")) }
    var (whole, offset) = ("", 0)
    for _ in 0..<20 {
      let file = try await fixture.drive.structured("read_content", ["file": "text1", "offset": .int(offset), "length": 33])["file"]
      whole += file?["text"]?.string ?? ""
      guard let next = file?["next_offset"]?.int else { break }
      offset = next
    }
    #expect(whole == text)
  }

  @Test("Drawings and images come as pictures")
  func pictures() async throws {
    let fixture = try await DriveUnderTest.plausible()
    for id in ["drawing1", "image1"] {
      let result = try await fixture.drive.call("read_content", ["file": .string(id)])
      #expect(!result.isError && result.raw.text.contains("\"type\":\"image\"") && result.raw.text.contains("image/png"), "\(result.text)")
    }
  }

  @Test("What has no text is refused with what to do", arguments: ["form1", "zip1", "folder1"])
  func unreadable(_ id: String) async throws {
    let fixture = try await DriveUnderTest()
    fixture.vendor.always("GET", "/drive/v3/files/*") {
      $0.query("alt") == "media" ? Answer(body: .whole(ByteBuffer(bytes: [0x50, 0x4B, 0xFF, 0x00]))) : .json(PlausibleDrive.file(id))
    }
    let text = try await fixture.drive.failure("read_content", ["file": .string(id)])
    #expect(text.contains("browser") || text.contains("list_folder") || text.contains("download_file"), "\(text)")
  }

  @Test("Shortcuts are followed five hops and no more, and the settings hold for where they lead", arguments: [(5, true), (6, false)])
  func shortcuts(_ hops: Int, _ isFollowed: Bool) async throws {
    let fixture = try await DriveUnderTest()
    fixture.vendor.always("GET", "/drive/v3/files/*") { request in
      let id = request.segments.last ?? ""
      if request.query("alt") == "media" { return .text("at the end") }
      guard id.hasPrefix("s"), let number = Int(id.dropFirst()) else { return .json(PlausibleDrive.file("text1")) }
      let target = number >= hops ? "text1" : "s\(number + 1)"
      return .json(
        PlausibleDrive.file(id, ["mimeType": "application/vnd.google-apps.shortcut", "shortcutDetails": ["targetId": .string(target)]]))
    }
    let result = try await fixture.drive.call("read_content", ["file": "s1"])
    #expect(result.isError != isFollowed, "\(result.text)")
    if isFollowed { #expect(result.text.contains("at the end")) }
  }

  @Test("A file that is longer than the bound is not fetched, nor more of it than the bound")
  func bounds() async throws {
    let fixture = try await DriveUnderTest(["maximum_bytes": 2048])
    fixture.vendor.always("GET", "/drive/v3/files/text1", .json(PlausibleDrive.file("text1", ["size": "4096"])))
    #expect(try await fixture.drive.failure("read_content", ["file": "text1"]).contains("2048 are downloaded at most"))
    #expect(fixture.vendor.requests.count == 1)
    // A size that lies.
    fixture.vendor.always("GET", "/drive/v3/files/text2") { $0.query("alt") == "media" ? .oversized(1 << 20) : .json(PlausibleDrive.file("text2")) }
    #expect(try await fixture.drive.failure("read_content", ["file": "text2"]).contains("longer than 2048 bytes"))
  }

  @Test("A download carries its bytes, and a prepared one is waited for")
  func downloads() async throws {
    let fixture = try await DriveUnderTest.plausible()
    for prepared in [false, true] {
      let result = try await fixture.drive.call("download_file", ["file": "doc1", "format": "pdf", "prepared": .bool(prepared)])
      #expect(!result.isError, "\(result.text)")
      let bytes = prepared ? "prepared bytes" : "exported"
      #expect(result.raw.text.contains(Data(bytes.utf8).base64EncodedString()))
      #expect(result.raw.text.contains("gdrive:///doc1/export/pdf"))
    }
    #expect(fixture.drive.time.waits == [1])
  }

  @Test("Uploads come from the declared folder and from nowhere else", arguments: ["../secret", "/etc/passwd", "link", "missing", ""])
  func uploadFolder(_ path: String) async throws {
    let folder = try TemporaryFolder()
    let outside = try TemporaryFolder()
    try outside.write("secret", Array("secret".utf8))
    try folder.write("notes.md", Array("# Notes".utf8))
    try folder.link("link", to: outside.path + "/secret")
    let fixture = try await DriveUnderTest.plausible(["upload_folder": .string(folder.path)])
    _ = try await fixture.drive.failure("upload_file", ["name": "n", "path": .string(path)])
    #expect(fixture.vendor.requests.isEmpty)
    _ = try await fixture.drive.structured("upload_file", ["name": "n", "path": "notes.md", "mime_type": "text/markdown"])
    #expect(fixture.vendor.requests.last?.text.contains("# Notes") == true)
  }

  @Test("Content is given in one way, and its type cannot end a header")
  func content() async throws {
    let fixture = try await DriveUnderTest.plausible()
    for arguments in [
      ["name": "n"], ["name": "n", "text": "a", "base64": "YQ=="], ["name": "n", "base64": "*"], ["name": "n", "path": "x"],
      ["name": "n", "text": "a", "mime_type": "text/plain\r\nX: y"], ["name": "n", "text": "a", "mime_type": "text"],
    ] as [JSONValue] { _ = try await fixture.drive.failure("upload_file", arguments) }
    #expect(fixture.vendor.requests.isEmpty)
    _ = try await fixture.drive.structured("upload_file", ["name": "n", "base64": "AP8="])
    #expect(fixture.vendor.requests.last?.body.readableBytesView.contains(0xFF) == true)
  }

  @Test("A document's structure has the places of its paragraphs, those in tables too")
  func structure() async throws {
    let fixture = try await DriveUnderTest.plausible()
    let result = try await fixture.drive.structured("get_document", ["file": "doc1"])
    #expect(result["paragraphs"]?.array?.map { $0["start"]?.int } == [1, 8])
    #expect(result["paragraphs"]?.array?.map { $0["in"]?.string } == [nil, "table"])
    #expect(result["revision"]?.string == "rev7")
  }

  @Test("A shortcut to a spreadsheet or a document stands for it")
  func shortcutsElsewhere() async throws {
    let fixture = try await DriveUnderTest()
    let missing = ConnectorTesting.Answer.json(["error": ["code": 404, "status": "NOT_FOUND"]], status: 404)
    fixture.vendor.always("GET", "/v4/spreadsheets/short1/values/A1", missing)
    fixture.vendor.always("GET", "/v1/documents/short1", missing)
    fixture.vendor.always(
      "GET", "/drive/v3/files/short1",
      .json(PlausibleDrive.file("short1", ["mimeType": "application/vnd.google-apps.shortcut", "shortcutDetails": ["targetId": "doc1"]])))
    PlausibleDrive.answer(every: fixture.vendor)
    #expect(try await fixture.drive.structured("get_sheet_values", ["file": "short1", "range": "A1"])["values"] != nil)
    #expect(try await fixture.drive.structured("get_document", ["file": "short1"])["id"] == "doc1")
  }

  @Test("Sheets are named, with what reads all of each")
  func sheets() async throws {
    let fixture = try await DriveUnderTest.plausible()
    let result = try await fixture.drive.call("list_sheets", ["file": "sheet1"])
    #expect(
      result.structured?["sheets"] == [
        ["title": "Sheet1", "range": "'Sheet1'", "hidden": false, "id": 0, "type": "grid", "rows": 1000, "columns": 26],
        ["title": "Ada's sums", "range": "'Ada''s sums'", "hidden": true, "id": 77, "type": "grid", "rows": 12, "columns": 2],
        ["title": "Chart", "range": "'Chart'", "hidden": false, "id": 78, "type": "object"],
      ], "\(result.text)")
    #expect(result.structured?["title"] == "Sums" && result.meta?["dev.sluice/untrusted"] == ["/title", "/sheets"])
    #expect(fixture.vendor.requests.last?.query("includeGridData") == nil && fixture.vendor.requests.last?.query("fields")?.contains("sheets(properties(") == true)
    let other = try #require(result.structured?["sheets"]?.array?[1]["range"]?.string)
    _ = try await fixture.drive.structured("get_sheet_values", ["file": "sheet1", "range": .string(other)])
    #expect(fixture.vendor.requests.last?.segments.last == "'Ada''s sums'")
    #expect(try await fixture.drive.call("read_content", ["file": "sheet1"]).text.contains("list_sheets"))
  }

  @Test("Cells are rows, with quotes where commas are")
  func cells() async throws {
    let fixture = try await DriveUnderTest.plausible()
    let result = try await fixture.drive.call("get_sheet_values", ["file": "sheet1", "range": "Sheet1!A1:B2", "rows": 1])
    #expect(result.structured?["values"] == [["Name", "Sum"]])
    #expect(result.text.contains("1 of 2 rows"))
    let all = try await fixture.drive.call("get_sheet_values", ["file": "sheet1", "range": "Sheet1!A1:B2"])
    #expect(all.text.contains("\"Ada, Inc\",12"))
  }
}
