/// The text of PDF and office files, by programs of this machine where they are there: `pdftotext` (poppler-utils), `unzip`, and for the
/// formats of before 2007 those of catdoc.
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

    var tool: String {
      switch self {
      case .pdf: "pdftotext"
      case .docx, .pptx, .xlsx, .openDocument: "unzip"
      case .doc: "catdoc"
      case .xls: "xls2csv"
      case .ppt: "catppt"
      }
    }

    var package: String {
      switch self {
      case .pdf: "poppler-utils"
      case .docx, .pptx, .xlsx, .openDocument: "unzip"
      case .doc, .xls, .ppt: "catdoc"
      }
    }

    /// Whether the file is a compound one, as Office wrote them before 2007 ([MS-CFB] 2.2, "Header Signature").
    var isCompound: Bool { package == "catdoc" }

    /// What such files begin with.
    public var signature: [UInt8] {
      switch self {
      case .pdf: Array("%PDF-".utf8)
      case .docx, .pptx, .xlsx, .openDocument: [0x50, 0x4B, 0x03, 0x04]
      case .doc, .xls, .ppt: [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]
      }
    }
  }

  /// Whether programs may be run at all: `text_tools` of the settings.
  private let isAllowed: Bool
  /// What a caller can do where there is no text: a sentence.
  private let instead: String

  public init(isAllowed: Bool, instead: String) {
    self.isAllowed = isAllowed
    self.instead = instead
  }

  /// Whether text of the format is read here.
  public func reads(_ format: Format) -> Bool { isAllowed && TextTool(named: format.tool) != nil }

  /// Programs that this machine has not, for `sluice connector check`.
  public var findings: [ConnectorFinding] {
    guard isAllowed else { return [] }
    return [(Format.pdf, "PDF files"), (.docx, "office files"), (.doc, "office files of before 2007 (doc, xls, ppt)")].compactMap { format, text in
      guard TextTool(named: format.tool) == nil else { return nil }
      return ConnectorFinding(.warning, "\(format.tool) is not on this machine: the text of \(text) is not read", remedy: "Install \(format.package).")
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
    guard let tool = TextTool(named: format.tool) else {
      throw failure(
        .refused,
        "Text of \(format.rawValue) files needs \(format.tool) on the machine of the connector, and it is not there. An administrator installs \(format.package).")
    }
    // catdoc gives out what it does not know as if it were text.
    guard !format.isCompound || bytes.starts(with: format.signature) else { throw Self.damaged(format) }
    // Markup is a multiple of the text in it.
    let bound = format == .pdf || format.isCompound ? maximumBytes : min(maximumBytes * 8, 64 << 20)
    var tooLong: VendorError { failure(.tooLarge, "The text of the file is longer than \(maximumBytes) bytes.") }
    func part(_ arguments: [String], _ okCodes: Set<Int32> = [0]) throws(VendorError) -> [UInt8] {
      switch tool.run(arguments, on: bytes, okCodes: okCodes, maximumBytes: bound) {
      case .success(let output): return output
      case .failure(.timeout): throw failure(.timeout, "Reading the text of the file takes too long.")
      case .failure(.tooLong): throw tooLong
      case .failure: throw Self.damaged(format)
      }
    }
    let text: String
    switch format {
    case .pdf: text = String(decoding: try part(["-enc", "UTF-8", "-layout", "-", "-"]), as: UTF8.self)
    case .doc: text = String(decoding: try part(["-d", "utf-8", "-w", "@"]), as: UTF8.self)
    case .xls: text = String(decoding: try part(["-d", "utf-8", "-q", "1", "@"]), as: UTF8.self).replacing("\u{0C}", with: "\n")
    case .ppt: text = String(decoding: try part(["-d", "utf-8", "@"]), as: UTF8.self).replacing("\u{0C}", with: "\n")
    case .docx: text = MarkupText.flowing(try part(["-p", "@", "word/document.xml"]), .word)
    case .pptx: text = MarkupText.flowing(try part(["-p", "@", "ppt/slides/slide*.xml"]), .slides)
    case .openDocument: text = MarkupText.flowing(try part(["-p", "@", "content.xml"]), .openDocument)
    case .xlsx:
      // 11: no such member. A workbook without texts has no shared ones.
      let shared = try part(["-p", "@", "xl/sharedStrings.xml"], [0, 11])
      let sheets = try part(["-p", "@", "xl/worksheets/sheet*.xml"])
      guard let cells = MarkupText.sheets(sheets, shared: shared, maximumBytes: maximumBytes) else { throw tooLong }
      text = cells
    }
    guard text.utf8.count <= maximumBytes else { throw tooLong }
    guard text.contains(where: { !$0.isWhitespace }) else {
      throw failure(.invalid, "There is no text in the file; it may be a scan.")
    }
    return text
  }

  private static func damaged(_ format: Format) -> VendorError {
    VendorError(.invalid, "The file is no \(format.rawValue) that can be read: it may be damaged or locked with a password.")
  }
}
