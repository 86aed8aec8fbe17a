import ConnectorKit
import ConnectorTesting
import Testing

@Suite("Office files that are zip archives")
struct OfficeTextTests {
  private static let office = OfficeText(isAllowed: true, instead: "Open it elsewhere.")
  private static let word = "<w:document><w:p><w:r><w:t>Offer &amp; terms</w:t></w:r></w:p></w:document>"

  private static func text(_ bytes: [UInt8], _ format: OfficeText.Format = .docx, maximumBytes: Int = 1 << 20) throws -> String {
    try office.textHere(of: bytes, format, maximumBytes: maximumBytes)
  }

  private static func packed(_ members: [(String, String)]) -> [UInt8] { StoredZip.bytes(members.map { ($0, Array($1.utf8)) }, isDeflated: true) }

  /// Where the directory of an archive starts.
  private static func directory(_ bytes: [UInt8]) -> Int { bytes[(bytes.count - 6)..<(bytes.count - 2)].reversed().reduce(0) { $0 << 8 | Int($1) } }

  private static func set(_ bytes: inout [UInt8], _ at: Int, _ value: Int, count: Int = 4) {
    for place in 0..<count { bytes[at + place] = UInt8(truncatingIfNeeded: value >> (place * 8)) }
  }

  private static func expectDamaged(_ bytes: [UInt8], _ format: OfficeText.Format = .docx, _ comment: Comment? = nil) {
    let error = #expect(throws: VendorError.self, comment) { try text(bytes, format) }
    #expect(error?.code == .invalid && "\(error?.message ?? "")".contains("damaged"), comment)
  }

  @Test("Documents, slides in their order, workbooks and OpenDocument files are unpacked")
  func formats() throws {
    #expect(try Self.text(Self.packed([("[Content_Types].xml", "<Types/>"), ("word/document.xml", Self.word)])) == "Offer & terms\n")
    let slides = [10, 2, 1].map { ("ppt/slides/slide\($0).xml", "<p:sld><a:p><a:t>Slide \($0)</a:t></a:p></p:sld>") }
    let others = [("ppt/slides/_rels/slide1.xml.rels", "<a:t>no</a:t>"), ("ppt/slides/old/slide1.xml", "<a:t>no</a:t>")]
    #expect(try Self.text(Self.packed(others + slides), .pptx) == "Slide 1\n\nSlide 2\n\nSlide 10\n\n")
    let sheet = "<worksheet><row><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\"><v>2</v></c></row></worksheet>"
    #expect(try Self.text(Self.packed([("xl/worksheets/sheet1.xml", sheet), ("xl/sharedStrings.xml", "<sst><si><t>Sum</t></si></sst>")]), .xlsx) == "Sum\t2\n\n")
    #expect(try Self.text(Self.packed([("content.xml", "<office:text><text:p>Open</text:p></office:text>")]), .openDocument) == "Open\n")
    #expect(Self.office.reads(.docx) && !Self.office.findings.contains { "\($0)".contains("unzip") })
  }

  @Test("An archive that becomes large is refused before it is unpacked, and one that hides it is damaged")
  func bomb() throws {
    let bomb = Self.packed([("word/document.xml", String(repeating: "<w:t>a</w:t>", count: 1 << 20))])
    #expect(bomb.count < 100_000)
    let error = #expect(throws: VendorError.self) { try Self.text(bomb) }
    #expect(error?.code == .tooLarge && "\(error?.message ?? "")".contains("longer than 1048576 bytes. Open it elsewhere."))
    // The same in many files, each of which would do.
    let slide = String(repeating: "<a:t>a</a:t>", count: 50_000)
    let many = Self.packed((1...20).map { ("ppt/slides/slide\($0).xml", slide) })
    #expect(throws: VendorError.self) { try Self.text(many, .pptx) }
    // Many that share the data of one.
    var shared = StoredZip.archive([("ppt/slides/slide1.xml", slide), ("ppt/slides/slide2.xml", "")])
    let (first, length) = (Self.directory(shared), 46 + "ppt/slides/slide1.xml".utf8.count)
    for place in Array(10..<28) + Array(42..<46) { shared[first + length + place] = shared[first + place] }
    Self.expectDamaged(shared, .pptx)
  }

  @Test("An entry that is longer or shorter than the directory says is damaged", arguments: [-10, -1, 1, 10, 1000])
  func lying(_ difference: Int) {
    for bytes in [Self.packed([("word/document.xml", Self.word)]), StoredZip.archive([("word/document.xml", Self.word)])] {
      var lying = bytes
      Self.set(&lying, Self.directory(bytes) + 24, Self.word.utf8.count + difference)
      Self.expectDamaged(lying)
    }
    // Packed so small and unpacked so large.
    var bomb = Self.packed([("word/document.xml", String(repeating: "<w:t>a</w:t>", count: 1 << 20))])
    Self.set(&bomb, Self.directory(bomb) + 24, 100 + difference)
    Self.expectDamaged(bomb)
  }

  @Test("An archive that is cut off anywhere, encrypted, or without its document is damaged")
  func truncated() {
    let bytes = Self.packed([("word/document.xml", Self.word)])
    for count in bytes.indices { Self.expectDamaged(Array(bytes.prefix(count)), .docx, "\(count) bytes") }
    var encrypted = bytes
    encrypted[Self.directory(bytes) + 8] |= 1
    Self.expectDamaged(encrypted)
    Self.expectDamaged(bytes, .xlsx)
    Self.expectDamaged(Array("no archive".utf8))
  }

  @Test("Sizes in ZIP64 fields are read, as some programs write them for every file; larger ones than fit are refused")
  func wide() throws {
    let bytes = Self.packed([("word/document.xml", Self.word)])
    let (start, name) = (Self.directory(bytes), "word/document.xml".utf8.count)
    func wide(_ size: Int) -> [UInt8] {
      var field = [UInt8](repeating: 0, count: 28)
      Self.set(&field, 0, 1, count: 2)
      Self.set(&field, 2, 24, count: 2)
      Self.set(&field, 4, size, count: 8)
      field.replaceSubrange(12..<16, with: bytes[(start + 20)..<(start + 24)])
      var wide = bytes
      for place in [20, 24, 42] { Self.set(&wide, start + place, 0xFFFF_FFFF) }
      Self.set(&wide, start + 30, field.count, count: 2)
      wide.insert(contentsOf: field, at: start + 46 + name)
      Self.set(&wide, wide.count - 10, 46 + name + field.count)
      return wide
    }
    #expect(try Self.text(wide(Self.word.utf8.count)) == "Offer & terms\n")
    let error = #expect(throws: VendorError.self) { try Self.text(wide(-1)) }
    #expect(error?.code == .tooLarge)
    // A field that ends before its numbers do.
    var short = wide(Self.word.utf8.count)
    Self.set(&short, start + 46 + name + 2, 8, count: 2)
    Self.expectDamaged(short)
  }
}
