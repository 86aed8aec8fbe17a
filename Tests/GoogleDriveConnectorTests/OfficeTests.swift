import ConnectorTesting
import JSON
import MCP
import NIOCore
import Testing

@Suite("Text of PDF and office files")
struct OfficeTests {
  private func read(_ bytes: [UInt8], _ type: String, settings: JSONObject = [:]) async throws -> (isError: Bool, text: String) {
    let fixture = try await DriveUnderTest(settings)
    fixture.vendor.always("GET", "/drive/v3/files/x1") { request in
      request.query("alt") == "media"
        ? Answer(headers: [("Content-Type", type)], body: .whole(ByteBuffer(bytes: bytes))) : .json(PlausibleDrive.file("x1", ["mimeType": .string(type)]))
    }
    let result = try await fixture.drive.call("read_content", ["file": "x1"])
    return (result.isError, result.isError ? result.text : result.structured?["file"]?["text"]?.string ?? "")
  }

  private static let word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
  private static let excel = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
  private static let slides = "application/vnd.openxmlformats-officedocument.presentationml.presentation"

  @Test("A PDF's text is read by pdftotext", .enabled(if: Programs.has("pdftotext"), "pdftotext (poppler-utils) is not on this machine"))
  func pdf() async throws {
    let (isError, text) = try await read(PlainPDF.bytes(saying: "Revenue grew by 12 percent"), "application/pdf")
    #expect(!isError && text.contains("Revenue grew by 12 percent"), "\(text)")
    let broken = try await read(Array("no PDF".utf8), "application/pdf")
    #expect(broken.isError && broken.text.contains("damaged"), "\(broken.text)")
  }

  @Test("Word files give their paragraphs, without deleted text")
  func docx() async throws {
    let xml = """
      <?xml version="1.0"?><w:document><w:body><w:p><w:r><w:t>Offer &amp; terms</w:t></w:r></w:p><w:p><w:r><w:t xml:space="preserve">Price:</w:t><w:tab/><w:t>12 &#8364;</w:t></w:r>\
      <w:del><w:r><w:delText>old</w:delText></w:r></w:del></w:p></w:body></w:document>
      """
    let (isError, text) = try await read(StoredZip.archive([("word/document.xml", xml)]), Self.word)
    #expect(!isError && text == "Offer & terms\nPrice:\t12 €\n", "\(text)")
  }

  @Test("Presentations give the text of their slides, and workbooks their rows")
  func others() async throws {
    let slide = "<p:sld><a:p><a:r><a:t>Title</a:t></a:r></a:p><a:p><a:r><a:t>Point</a:t></a:r></a:p></p:sld>"
    #expect(try await read(StoredZip.archive([("ppt/slides/slide1.xml", slide)]), Self.slides).text == "Title\nPoint\n\n")
    let sheet = """
      <worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1"><v>12.5</v></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>in line</t></is></c>\
      <c r="B2" t="b"><v>1</v></c></row></sheetData></worksheet>
      """
    let shared = "<sst><si><r><t>Sha</t></r><r><t>red</t></r></si></sst>"
    let archive = StoredZip.archive([("xl/sharedStrings.xml", shared), ("xl/worksheets/sheet1.xml", sheet)])
    #expect(try await read(archive, Self.excel).text == "Shared\t\t12.5\nin line\tTRUE\n\n")
    let withoutShared = StoredZip.archive([("xl/worksheets/sheet1.xml", "<worksheet><row><c r=\"A1\"><v>1</v></c></row></worksheet>")])
    #expect(try await read(withoutShared, Self.excel).text == "1\n\n")
  }

  @Test("What is no archive, or longer than the bound, is an error")
  func bad() async throws {
    let broken = try await read(Array("PK no archive".utf8), Self.word)
    #expect(broken.isError && broken.text.contains("damaged"))
    let long = "<w:p><w:t>" + String(repeating: "a", count: 3000) + "</w:t></w:p>"
    let tooLong = try await read(StoredZip.archive([("word/document.xml", long)]), Self.word, settings: ["maximum_bytes": 4096])
    #expect(!tooLong.isError)
    // Markup of eight times the bound is where reading ends.
    let bomb = StoredZip.archive([("word/document.xml", String(repeating: "<w:p/>", count: 600))])
    #expect(try await read(bomb, Self.word, settings: ["maximum_bytes": 4096]).isError)
    // Many cells that refer to one text.
    let cells = String(repeating: "<c t=\"s\"><v>0</v></c>", count: 60)
    let workbook = StoredZip.archive([
      ("xl/sharedStrings.xml", "<sst><si><t>" + String(repeating: "a", count: 1500) + "</t></si></sst>"),
      ("xl/worksheets/sheet1.xml", "<worksheet><row>\(cells)</row></worksheet>"),
    ])
    let wide = try await read(workbook, Self.excel, settings: ["maximum_bytes": 4096])
    #expect(wide.isError && wide.text.contains("longer than 4096 bytes"), "\(wide.text)")
  }

  @Test(
    "Files of Office before 2007 give their text", .enabled(if: ["catdoc", "xls2csv", "catppt"].allSatisfy { Programs.has($0) }, "catdoc is not on this machine"))
  func legacy() async throws {
    let doc = try await read(CompoundFile.word("Offer and terms\rPrice: 12 \u{20AC}\r"), "application/msword")
    #expect(!doc.isError && doc.text.contains("Offer and terms\nPrice: 12 \u{20AC}"), "\(doc.text)")
    let xls = try await read(CompoundFile.workbook([["Gr\u{FC}n", "Sum, all"], ["1", "2"]]), "application/vnd.ms-excel")
    #expect(!xls.isError && xls.text.hasPrefix("Gr\u{FC}n,\"Sum, all\"\n1,2\n"), "\(xls.text)")
    let ppt = try await read(CompoundFile.slides(["Title \u{20AC}", "Point"]), "application/vnd.ms-powerpoint")
    #expect(!ppt.isError && ppt.text.contains("Title \u{20AC}\nPoint"), "\(ppt.text)")
    for type in ["application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"] {
      for bytes in [Array("plain text, which is no such file".utf8), Array(CompoundFile.word("x").prefix(700))] {
        let broken = try await read(bytes, type)
        #expect(broken.isError && !broken.text.contains("plain text"), "\(type): \(broken.text)")
      }
    }
  }

  @Test("Programs are not run where the settings say so")
  func switchedOff() async throws {
    let (isError, text) = try await read(StoredZip.archive([("word/document.xml", "<w:t>x</w:t>")]), Self.word, settings: ["text_tools": false])
    #expect(isError && text.contains("text_tools"))
  }
}
