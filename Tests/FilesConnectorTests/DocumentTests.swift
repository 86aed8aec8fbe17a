import ConnectorKit
import ConnectorTesting
import FilesConnector
import JSON
import MCP
import Testing

@Suite("Text of PDF and office files below roots", .timeLimit(.minutes(2)))
struct DocumentTests {
  private static let word = StoredZip.archive([
    ("word/document.xml", "<w:document><w:p><w:r><w:t>Offer &amp; terms</w:t></w:r></w:p><w:p><w:r><w:t>Price: 12</w:t></w:r></w:p></w:document>")
  ])

  @Test("A Word file is read by lines and searched")
  func word() async throws {
    let test = try FilesUnderTest()
    try test.write("docs/offer.docx", Self.word)
    let file = try await test.files.structured("read_file", ["path": "docs/offer.docx", "lines": 1])["file"]
    #expect(file?["text"] == "Offer & terms\n" && file?["next_line"] == 2 && file?["bytes"] == .int(Self.word.count))
    #expect(try await test.files.structured("read_file", ["path": "docs/offer.docx", "line": 2])["file"]?["text"] == "Price: 12\n")
    let match = try await test.files.structured("search_text", ["path": "docs", "text": "price"])
    #expect(match["matches"]?.array?.first?["line"] == 2 && match["matches"]?.array?.first?["text"] == "Price: 12" && match["truncated"] == nil)
    let several = try await test.files.structured("read_files", ["paths": ["docs/offer.docx"]])
    #expect(several["files"]?.array?.first?["text"] == "Offer & terms\nPrice: 12\n")
    let hidden: JSONObject = [MetaKey.rows: ["File": ["=", "extension", "md"]]]
    #expect(try await test.files.failure("read_file", ["path": "docs/offer.docx"], meta: hidden).hasPrefix("There is no"))
  }

  @Test("A PDF is read by what it begins with", .enabled(if: Programs.has("pdftotext"), "pdftotext (poppler-utils) is not on this machine"))
  func pdf() async throws {
    let test = try FilesUnderTest()
    try test.write("docs/report", PlainPDF.bytes(saying: "Revenue grew by 12 percent"))
    #expect(try await test.files.structured("read_file", ["path": "docs/report"])["file"]?["text"]?.string?.contains("Revenue grew by 12 percent") == true)
    #expect(try await test.names("search_text", ["path": "docs", "text": "revenue grew"], member: "matches") == ["docs/report"])
  }

  @Test("No program is run where the settings say so, and what only has the name is no document")
  func others() async throws {
    let test = try FilesUnderTest(["text_tools": false])
    try test.write("docs/offer.docx", Self.word)
    try test.write("docs/plain.doc", "just text\n")
    #expect(try await test.files.failure("read_file", ["path": "docs/offer.docx"]).contains("text_tools"))
    #expect(try await test.names("search_text", ["path": "docs", "text": "Price"], member: "matches") == [])
    #expect(try await test.files.structured("read_file", ["path": "docs/plain.doc"])["file"]?["text"] == "just text\n")
    #expect(await test.files.connector.check().allSatisfy { $0.level == .ok })
  }
}
