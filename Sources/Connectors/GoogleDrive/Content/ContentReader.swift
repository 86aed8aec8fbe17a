internal import ConnectorKit
internal import JSON
internal import MCPHTTP
internal import NIOCore

/// What is in a file, for models: text where that can be had, else the image.
struct ContentReader: Sendable {
  enum Content: Sendable {
    /// - Parameter note: what is missing in it.
    case text(String, mimeType: String, note: String? = nil)
    case bytes(ByteBuffer, mimeType: String)
  }

  let drive: DriveContext
  let office: OfficeText

  /// Google's own bound.
  static let exportBytes = 10 << 20

  /// - Parameters:
  ///   - format: of an export; nil for the best one.
  ///   - revision: of files with bytes of their own.
  func read(_ file: DriveFile, format: String? = nil, revision: String? = nil, as subject: Subject) async throws(VendorError) -> Content {
    guard !file.isFolder else { throw VendorError(.refused, "This is a folder. list_folder tells what is in it.") }
    guard file.isGoogleDocument else {
      guard format == nil || format == "text" else { throw VendorError(.refused, "Only Google's documents are exported; this is \(file.mimeType).") }
      return try await text(of: file, try await bytes(file, revision: revision, as: subject), subject)
    }
    guard revision == nil else { throw VendorError(.refused, "Earlier revisions of Google's documents cannot be exported here. Open the version history in a browser.") }
    let export = try ExportFormat.find(format, of: file)
    let body = try await exported(file, export, as: subject)
    guard export.isText else { return .bytes(body, mimeType: export.mimeType) }
    // Sheets are exported one by one, and the first it is.
    let note = export.name == "csv" || export.name == "tsv" ? "Only the first sheet. list_sheets names the others, get_sheet_values reads them." : nil
    return .text(Self.plain(body), mimeType: export.mimeType, note: note)
  }

  func exported(_ file: DriveFile, _ format: ExportFormat, as subject: Subject) async throws(VendorError) -> ByteBuffer {
    // `files.export` knows no supportsAllDrives: it finds files of shared drives by itself.
    try await drive.api.bytes(
      ["files", file.id, "export"], [("mimeType", format.mimeType)], as: subject, maximumBytes: min(Self.exportBytes, drive.maximumBytes)
    ).body
  }

  func bytes(_ file: DriveFile, revision: String? = nil, as subject: Subject) async throws(VendorError) -> ByteBuffer {
    if let bytes = file.bytes, revision == nil, bytes > drive.maximumBytes {
      throw VendorError(.tooLarge, "The file has \(bytes) bytes; \(drive.maximumBytes) are downloaded at most\(file.link.map { ". Open it in a browser: \($0)" } ?? ".")")
    }
    let path = revision.map { ["files", file.id, "revisions", $0] } ?? ["files", file.id]
    let shared: [(name: String, value: String?)] = revision == nil ? [("supportsAllDrives", "true")] : []
    return try await drive.api.bytes(path, [("alt", "media")] + shared, as: subject, maximumBytes: drive.maximumBytes).body
  }

  private func text(of file: DriveFile, _ body: ByteBuffer, _ subject: Subject) async throws(VendorError) -> Content {
    if file.mimeType.hasPrefix("image/") { return .bytes(body, mimeType: file.mimeType) }
    if let format = OfficeText.Format(mimeType: file.mimeType, name: file.name) {
      let text = try await office.text(of: Array(body.readableBytesView), format, maximumBytes: drive.maximumBytes)
      return .text(text, mimeType: "text/plain", note: "Text without layout and images.")
    }
    guard let text = String(validating: body.readableBytesView, as: UTF8.self), !text.utf8.contains(0) else {
      throw VendorError(
        .invalid, "The file is \(file.mimeType), of which no text is read. download_file gives its bytes\(file.link.map { "; in a browser: \($0)" } ?? ".")")
    }
    return .text(text, mimeType: file.mimeType)
  }

  /// Exports start with a byte order mark.
  private static func plain(_ body: ByteBuffer) -> String {
    let text = String(decoding: body.readableBytesView, as: UTF8.self)
    return text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
  }
}
