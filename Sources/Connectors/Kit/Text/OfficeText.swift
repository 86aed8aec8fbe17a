/// The text of PDF and office files. Those that are zip archives are read here; the others by programs of this machine where they are there:
/// `pdftotext` (poppler-utils), and for the formats of before 2007 those of catdoc.
public struct OfficeText: Sendable {
  public enum Format: String, Sendable {
    case pdf, docx, pptx, xlsx, openDocument, doc, xls, ppt

    public init?(mimeType: String, name: String) {
      switch mimeType {
      case "application/pdf": self = .pdf
      case "application/vnd.openxmlformats-officedocument.wordprocessingml.document": self = .docx
      case "application/vnd.openxmlformats-officedocument.presentationml.presentation": self = .pptx
      case "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": self = .xlsx
      case "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet", "application/vnd.oasis.opendocument.presentation":
        self = .openDocument
      case "application/msword": self = .doc
      case "application/vnd.ms-excel": self = .xls
      case "application/vnd.ms-powerpoint": self = .ppt
      // What was uploaded without its type.
      case "application/octet-stream": self.init(ending: String(name.split(separator: ".").last ?? ""))
      default: return nil
      }
    }

    /// - Parameter ending: of a file's name, without its dot, in either case.
    public init?(ending: String) {
      switch ending.lowercased() {
      case "pdf": self = .pdf
      case "docx": self = .docx
      case "pptx": self = .pptx
      case "xlsx": self = .xlsx
      case "odt", "ods", "odp": self = .openDocument
      case "doc": self = .doc
      case "xls": self = .xls
      case "ppt": self = .ppt
      default: return nil
      }
    }

    /// What gives the text, the package that it is in, and how it is asked: nil where no program is needed.
    fileprivate var program: (name: String, package: String, arguments: [String])? {
      switch self {
      case .pdf: ("pdftotext", "poppler-utils", ["-enc", "UTF-8", "-layout", "-", "-"])
      case .doc: ("catdoc", "catdoc", ["-d", "utf-8", "-w", "@"])
      case .xls: ("xls2csv", "catdoc", ["-d", "utf-8", "-q", "1", "@"])
      case .ppt: ("catppt", "catdoc", ["-d", "utf-8", "@"])
      case .docx, .pptx, .xlsx, .openDocument: nil
      }
    }

    /// Whether the file is a compound one, as Office wrote them before 2007 ([MS-CFB] 2.2, "Header Signature").
    fileprivate var isCompound: Bool { program?.package == "catdoc" }

    /// What such files begin with.
    public var signature: [UInt8] {
      switch self {
      case .pdf: Array("%PDF-".utf8)
      case .docx, .pptx, .xlsx, .openDocument: [0x50, 0x4B, 0x03, 0x04]
      case .doc, .xls, .ppt: [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]
      }
    }
  }

  /// Whether documents are read at all: `text_tools` of the settings.
  private let isAllowed: Bool
  /// What a caller can do where there is no text: a sentence.
  private let instead: String

  public init(isAllowed: Bool, instead: String) {
    self.isAllowed = isAllowed
    self.instead = instead
  }

  /// Whether text of the format is read here.
  public func reads(_ format: Format) -> Bool { isAllowed && format.program.map { TextTool(named: $0.name) != nil } ?? true }

  /// Programs that this machine has not, for `sluice connector check`.
  public var findings: [ConnectorFinding] {
    guard isAllowed else { return [] }
    return [(Format.pdf, "PDF files"), (.doc, "office files of before 2007 (doc, xls, ppt)")].compactMap { format, text in
      guard let program = format.program, TextTool(named: program.name) == nil else { return nil }
      return ConnectorFinding(.warning, "\(program.name) is not on this machine: the text of \(text) is not read", remedy: "Install \(program.package).")
    }
  }

  private func failure(_ code: VendorError.Code, _ message: String) -> VendorError { VendorError(code, instead.isEmpty ? message : "\(message) \(instead)") }

  /// The text of a document, at most so much.
  public func text(of document: [UInt8], _ format: Format, maximumBytes: Int) async throws(VendorError) -> String {
    try await BlockingWork.run { () throws(VendorError) in try textHere(of: document, format, maximumBytes: maximumBytes) }
  }

  /// The same on this thread, which waits.
  public func textHere(of bytes: [UInt8], _ format: Format, maximumBytes: Int) throws(VendorError) -> String {
    guard isAllowed else { throw failure(.refused, "Text of \(format.rawValue) files is not read here (text_tools is false).") }
    let text: String? =
      format.program == nil ? try unpacked(bytes, format, maximumBytes: maximumBytes) : try printed(bytes, format, maximumBytes: maximumBytes)
    guard let text, text.utf8.count <= maximumBytes else { throw tooLong(maximumBytes) }
    guard text.contains(where: { !$0.isWhitespace }) else {
      throw failure(.invalid, "There is no text in the file; it may be a scan.")
    }
    return text
  }

  private func tooLong(_ maximumBytes: Int) -> VendorError { failure(.tooLarge, "The text of the file is longer than \(maximumBytes) bytes.") }

  /// What the format's program prints.
  private func printed(_ bytes: [UInt8], _ format: Format, maximumBytes: Int) throws(VendorError) -> String {
    guard let (name, package, arguments) = format.program else { throw Self.damaged(format) }
    guard let tool = TextTool(named: name) else {
      throw failure(
        .refused, "Text of \(format.rawValue) files needs \(name) on the machine of the connector, and it is not there. An administrator installs \(package).")
    }
    // catdoc gives out what it does not know as if it were text.
    guard !format.isCompound || bytes.starts(with: format.signature) else { throw Self.damaged(format) }
    switch tool.run(arguments, on: bytes, maximumBytes: maximumBytes) {
    case .success(let output):
      let text = String(decoding: output, as: UTF8.self)
      return format == .xls || format == .ppt ? text.replacing("\u{0C}", with: "\n") : text
    case .failure(.timeout): throw failure(.timeout, "Reading the text of the file takes too long.")
    case .failure(.tooLong): throw tooLong(maximumBytes)
    case .failure: throw Self.damaged(format)
    }
  }

  /// What is in the markup of a zip archive: nil where that is too long.
  private func unpacked(_ bytes: [UInt8], _ format: Format, maximumBytes: Int) throws(VendorError) -> String? {
    // Markup is a multiple of the text in it.
    let bound = min(maximumBytes * 8, 64 << 20)
    do {
      let zip = try ZipReader(bytes)
      switch format {
      case .docx: return try Self.markup("word/document.xml", of: zip, bound).map { MarkupText.flowing($0, .word) }
      case .pptx: return try Self.markup("ppt/slides/slide*.xml", of: zip, bound).map { MarkupText.flowing($0, .slides) }
      case .xlsx:
        // A workbook without texts has no shared ones.
        let shared = "xl/sharedStrings.xml"
        let texts = zip.entries.contains { $0.name == shared } ? try Self.markup(shared, of: zip, bound) : []
        guard let texts, let sheets = try Self.markup("xl/worksheets/sheet*.xml", of: zip, bound) else { return nil }
        return MarkupText.sheets(sheets, shared: texts, maximumBytes: maximumBytes)
      default: return try Self.markup("content.xml", of: zip, bound).map { MarkupText.flowing($0, .openDocument) }
      }
    } catch { throw Self.damaged(format) }
  }

  /// Files of an archive one behind the other, those with numbers in their order: nil where they are more than `bound` bytes.
  ///
  /// - Parameter pattern: a name, or with `*` for what is no `/`.
  private static func markup(_ pattern: String, of zip: ZipReader, _ bound: Int) throws(ZipError) -> [UInt8]? {
    let ends = pattern.split(separator: "*")
    let files = zip.entries.compactMap { entry -> (number: Int, entry: ZipReader.Entry)? in
      guard ends.count > 1 else { return entry.name == pattern ? (0, entry) : nil }
      guard entry.name.hasPrefix(ends[0]), entry.name.hasSuffix(ends[1]), entry.name.utf8.count >= pattern.utf8.count - 1 else { return nil }
      let middle = entry.name.dropFirst(ends[0].count).dropLast(ends[1].count)
      return middle.contains("/") ? nil : (Int(middle) ?? .max, entry)
    }
    guard !files.isEmpty else { throw ZipError("there is no \(pattern)") }
    // Before anything is unpacked; an entry that says less than it has is damaged.
    guard files.reduce(0, { $0 + $1.entry.size }) <= bound else { return nil }
    var markup: [UInt8] = []
    for file in files.sorted(by: { $0.number < $1.number }) { markup += try zip.read(file.entry) }
    return markup
  }

  private static func damaged(_ format: Format) -> VendorError {
    VendorError(.invalid, "The file is no \(format.rawValue) that can be read: it may be damaged or locked with a password.")
  }
}
