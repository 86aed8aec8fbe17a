internal import ConnectorKit

/// The text of a file, or the reason why there is none.
enum FileContent {
  /// Bytes as text: UTF-8 without NUL.
  ///
  /// - Parameter isCut: whether the file goes on, so that the bytes may end in the middle of a character.
  static func text(_ bytes: [UInt8], isCut: Bool = false) -> String? {
    guard !bytes.contains(0) else { return nil }
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    guard isCut else { return nil }
    for cut in 1...3 where bytes.count > cut && bytes[bytes.count - cut] >= 0xC0 {
      if let text = String(validating: bytes.dropLast(cut), as: UTF8.self) { return text }
    }
    return nil
  }

  /// How files of some types begin.
  private static let signatures: [(bytes: [UInt8], type: String)] = [
    ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "image/png"), ([0xFF, 0xD8, 0xFF], "image/jpeg"), (Array("GIF8".utf8), "image/gif"),
    (Array("%PDF-".utf8), "application/pdf"),
  ]

  /// The media type of contents: what they begin with counts, then the name.
  static func mimeType(_ path: FilePath, _ bytes: [UInt8]) -> String {
    if let known = signatures.first(where: { bytes.starts(with: $0.bytes) }) { return known.type }
    if bytes.starts(with: Array("RIFF".utf8)), bytes.dropFirst(8).starts(with: Array("WEBP".utf8)) { return "image/webp" }
    let named = mimeType(path)
    let isClaim = named.hasPrefix("image/") || named == "application/pdf"
    return isClaim ? "application/octet-stream" : named
  }

  /// What the name says.
  static func mimeType(_ path: FilePath) -> String {
    switch path.fileExtension {
    case "md", "markdown": "text/markdown"
    case "json": "application/json"
    case "csv": "text/csv"
    case "html", "htm": "text/html"
    case "xml": "application/xml"
    case "yaml", "yml": "application/yaml"
    case "png": "image/png"
    case "jpg", "jpeg": "image/jpeg"
    case "gif": "image/gif"
    case "webp": "image/webp"
    case "pdf": "application/pdf"
    case "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    case "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    case "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    case "doc": "application/msword"
    case "xls": "application/vnd.ms-excel"
    case "ppt": "application/vnd.ms-powerpoint"
    case "odt": "application/vnd.oasis.opendocument.text"
    case "ods": "application/vnd.oasis.opendocument.spreadsheet"
    case "odp": "application/vnd.oasis.opendocument.presentation"
    default: "text/plain"
    }
  }
}
