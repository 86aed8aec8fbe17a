internal import ConnectorKit
internal import NIOCore

/// The text of PDF and office files, by programs of this machine where they are there: `pdftotext` (poppler-utils) and `unzip`.
struct OfficeText: Sendable {
  enum Format: String, Sendable {
    case pdf, docx, pptx, xlsx, openDocument

    init?(mimeType: String, name: String) {
      switch mimeType {
      case "application/pdf": self = .pdf
      case "application/vnd.openxmlformats-officedocument.wordprocessingml.document": self = .docx
      case "application/vnd.openxmlformats-officedocument.presentationml.presentation": self = .pptx
      case "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": self = .xlsx
      case "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet", "application/vnd.oasis.opendocument.presentation":
        self = .openDocument
      // What was uploaded without its type.
      case "application/octet-stream":
        switch name.lowercased().split(separator: ".").last {
        case "pdf": self = .pdf
        case "docx": self = .docx
        case "pptx": self = .pptx
        case "xlsx": self = .xlsx
        default: return nil
        }
      default: return nil
      }
    }

    var tool: String { self == .pdf ? "pdftotext" : "unzip" }
    var package: String { self == .pdf ? "poppler-utils" : "unzip" }
  }

  /// Whether programs may be run at all: `text_tools` of the settings.
  let isAllowed: Bool

  func text(of document: ByteBuffer, _ format: Format, maximumBytes: Int) async throws(VendorError) -> String {
    guard isAllowed else { throw VendorError(.refused, "Text of \(format.rawValue) files is not read here (text_tools is false). download_file gives the bytes.") }
    guard let tool = TextTool(named: format.tool) else {
      throw VendorError(
        .refused,
        "Text of \(format.rawValue) files needs \(format.tool) on the machine of the connector, and it is not there. An administrator installs \(format.package).")
    }
    let bytes = Array(document.readableBytesView)
    // Markup is a multiple of the text in it.
    let bound = format == .pdf ? maximumBytes : min(maximumBytes * 8, 64 << 20)
    func part(_ arguments: [String], _ okCodes: Set<Int32> = [0]) async throws(VendorError) -> [UInt8] {
      switch try await tool.run(arguments, on: bytes, okCodes: okCodes, maximumBytes: bound) {
      case .success(let output): return output
      case .failure(.timeout): throw VendorError(.timeout, "Reading the text of the file takes too long. download_file gives the bytes.")
      case .failure(.tooLong): throw VendorError(.tooLarge, "The text of the file is longer than \(maximumBytes) bytes. download_file gives the bytes.")
      case .failure: throw VendorError(.invalid, "The file is no \(format.rawValue) that can be read: it may be damaged or locked with a password.")
      }
    }
    let text: String
    switch format {
    case .pdf: text = String(decoding: try await part(["-enc", "UTF-8", "-layout", "-", "-"]), as: UTF8.self)
    case .docx: text = MarkupText.flowing(try await part(["-p", "@", "word/document.xml"]), .word)
    case .pptx: text = MarkupText.flowing(try await part(["-p", "@", "ppt/slides/slide*.xml"]), .slides)
    case .openDocument: text = MarkupText.flowing(try await part(["-p", "@", "content.xml"]), .openDocument)
    case .xlsx:
      // 11: no such member. A workbook without texts has no shared ones.
      let shared = try await part(["-p", "@", "xl/sharedStrings.xml"], [0, 11])
      text = MarkupText.sheets(try await part(["-p", "@", "xl/worksheets/sheet*.xml"]), shared: shared)
    }
    guard text.utf8.count <= maximumBytes else {
      throw VendorError(.tooLarge, "The text of the file is longer than \(maximumBytes) bytes. download_file gives the bytes.")
    }
    guard text.contains(where: { !$0.isWhitespace }) else {
      throw VendorError(.invalid, "There is no text in the file; it may be a scan. download_file gives the bytes.")
    }
    return text
  }
}
