internal import ConnectorKit

/// The text of PDF and office files.
struct DocumentReader: Sendable {
  let office: OfficeText

  /// Of a document, and of the text in it.
  private static let maximumBytes = 32 << 20
  private static let maximumText = 8 << 20

  /// What a file is by its first bytes and its name; nil for what is none of these formats.
  func format(_ path: FilePath, _ start: [UInt8]) -> OfficeText.Format? {
    // A PDF is known without its name.
    if start.starts(with: OfficeText.Format.pdf.signature) { return .pdf }
    guard let format = OfficeText.Format(ending: path.fileExtension) else { return nil }
    return start.starts(with: format.signature) ? format : nil
  }

  /// Waits for the text, which may come from a program.
  func text(_ path: FilePath, _ format: OfficeText.Format, _ files: FileSystem) throws(VendorError) -> String {
    let (bytes, length) = try files.read(path, offset: 0, count: Self.maximumBytes)
    guard length <= Self.maximumBytes else {
      throw VendorError(.tooLarge, "\(path) has \(length) bytes; the text of documents of at most \(Self.maximumBytes) is read.")
    }
    return try office.textHere(of: bytes, format, maximumBytes: Self.maximumText)
  }

  /// How many documents one call may look into, and until when.
  struct Budget: Sendable {
    private var documents = 50
    private let end = ContinuousClock.now + .seconds(20)

    var isLeft: Bool { documents > 0 && ContinuousClock.now < end }

    mutating func take() -> Bool {
      guard isLeft else { return false }
      documents -= 1
      return true
    }
  }
}
