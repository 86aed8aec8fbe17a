internal import ConnectorKit

/// The text of a file, or the reason why there is none.
enum FileContent {
  /// Whether bytes are text: UTF-8 without NUL.
  static func text(_ bytes: [UInt8]) -> String? {
    guard !bytes.contains(0) else { return nil }
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    // A part of a file may end in the middle of a character.
    for cut in 1...3 where bytes.count > cut {
      if let text = String(validating: bytes.dropLast(cut), as: UTF8.self), bytes[bytes.count - cut] >= 0xC0 { return text }
    }
    return nil
  }

  /// Media types of what clients show by themselves.
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
    default: "text/plain"
    }
  }
}
