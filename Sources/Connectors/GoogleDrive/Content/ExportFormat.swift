internal import ConnectorKit

/// The forms in which Google's documents are exported (<https://developers.google.com/workspace/drive/api/guides/ref-export-formats>).
struct ExportFormat: Sendable, Hashable {
  let name: String
  let mimeType: String

  var isText: Bool { mimeType.hasPrefix("text/") || mimeType.hasSuffix("+json") || mimeType.hasSuffix("+xml") }

  static let names = ["markdown", "text", "html", "csv", "tsv", "pdf", "docx", "xlsx", "pptx", "png", "svg", "json"]

  private static let word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
  private static let excel = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
  private static let slides = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
  private static let pdf = ExportFormat(name: "pdf", mimeType: "application/pdf")

  /// The forms of a kind of document, the one for models first; none for what is not exported.
  static func all(of mimeType: String) -> [ExportFormat] {
    switch mimeType {
    case "application/vnd.google-apps.document":
      [
        .init(name: "markdown", mimeType: "text/markdown"), .init(name: "text", mimeType: "text/plain"), .init(name: "html", mimeType: "text/html"), pdf,
        .init(name: "docx", mimeType: word),
      ]
    case "application/vnd.google-apps.spreadsheet":
      [.init(name: "csv", mimeType: "text/csv"), .init(name: "tsv", mimeType: "text/tab-separated-values"), .init(name: "xlsx", mimeType: excel), pdf]
    case "application/vnd.google-apps.presentation": [.init(name: "text", mimeType: "text/plain"), pdf, .init(name: "pptx", mimeType: slides)]
    case "application/vnd.google-apps.drawing": [.init(name: "png", mimeType: "image/png"), .init(name: "svg", mimeType: "image/svg+xml"), pdf]
    case "application/vnd.google-apps.script": [.init(name: "json", mimeType: "application/vnd.google-apps.script+json")]
    default: []
    }
  }

  /// - Parameter name: nil for the form that models read best.
  static func find(_ name: String?, of file: DriveFile) throws(VendorError) -> ExportFormat {
    let all = all(of: file.mimeType)
    guard let first = all.first else {
      throw VendorError(.invalid, "Google does not export this kind of file (\(file.mimeType)). Open it in a browser\(file.link.map { ": \($0)" } ?? ".")")
    }
    guard let name else { return first }
    guard let found = all.first(where: { $0.name == name }) else {
      throw VendorError(.refused, "This kind of file is exported as \(all.map(\.name).joined(separator: ", ")), not as \(name.prefix(40)).")
    }
    return found
  }
}
