internal import ConnectorKit

/// A run of lines of a text file, read in pieces from wherever it begins, so that a long file can be read through.
struct FileLines: Sendable {
  var text: String
  /// Where to go on; nil at the end.
  var next: Int?

  /// Bytes that are looked through for the first line.
  private static let maximumSkipped = 1 << 30
  private static let piece = 256 << 10

  /// - Parameters:
  ///   - first: from 1.
  ///   - maximumBytes: of the lines that are given; what does not fit comes with the next call.
  init(_ path: FilePath, from first: Int, lines: Int, maximumBytes: Int, _ files: FileSystem) throws(VendorError) {
    self = try files.reading(path) { file, length throws(VendorError) in
      try FileLines(path, length, from: first, lines: lines, maximumBytes: maximumBytes) { offset, count throws(VendorError) in
        try FileSystem.bytes(of: file, path, offset: offset, count: count)
      }
    }
  }

  /// Lines of a text that was made of a file.
  init(of text: String, _ path: FilePath, from first: Int, lines: Int, maximumBytes: Int) throws(VendorError) {
    let bytes = Array(text.utf8)
    self = try FileLines(path, bytes.count, from: first, lines: lines, maximumBytes: maximumBytes) { offset, count in Array(bytes[offset..<(offset + count)]) }
  }

  private init(
    _ path: FilePath, _ length: Int, from first: Int, lines: Int, maximumBytes: Int, _ read: (_ offset: Int, _ count: Int) throws(VendorError) -> [UInt8]
  ) throws(VendorError) {
    func run() throws(VendorError) -> FileLines {
      var offset = 0
      var number = 1
      var shown: [UInt8] = []
      while offset < length, offset < Self.maximumSkipped {
        var bytes = try read(offset, min(Self.piece, length - offset))[...]
        if bytes.isEmpty { break }
        offset += bytes.count
        guard !bytes.contains(0) else { throw Self.noText(path, length) }
        while !bytes.isEmpty {
          let end = bytes.firstIndex(of: 0x0A)
          let line = bytes[...(end ?? bytes.endIndex - 1)]
          if number >= first {
            guard shown.count + line.count <= maximumBytes else { return try Self.cut(shown, at: number, first, path, maximumBytes, length) }
            shown += line
          }
          bytes = bytes[line.endIndex...]
          guard end != nil else { break }
          number += 1
          // What begins here is the line after those that were asked for.
          if number - lines >= first, offset - bytes.count < length { return FileLines(try Self.checked(shown, path, length), number) }
        }
      }
      guard offset >= length || offset < Self.maximumSkipped else {
        throw VendorError(.tooLarge, "\(path) has \(length) bytes, of which only the first \(Self.maximumSkipped) are looked through. Search it with search_text.")
      }
      return FileLines(try Self.checked(shown, path, length), nil)
    }
    self = try run()
  }

  private init(_ text: String, _ next: Int?) {
    self.text = text
    self.next = next
  }

  /// The lines that fit, without the start of one that does not.
  private static func cut(_ shown: [UInt8], at number: Int, _ first: Int, _ path: FilePath, _ maximumBytes: Int, _ length: Int) throws(VendorError) -> FileLines {
    let whole = shown.lastIndex(of: 0x0A).map { shown[...$0] } ?? []
    guard !whole.isEmpty else {
      throw VendorError(.tooLarge, "Line \(number) of \(path) is longer than \(maximumBytes) bytes. Search it with search_text, or start behind it.")
    }
    return FileLines(try checked(whole, path, length), number)
  }

  private static func checked(_ bytes: some Collection<UInt8>, _ path: FilePath, _ length: Int) throws(VendorError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw noText(path, length) }
    return text
  }

  private static func noText(_ path: FilePath, _ length: Int) -> VendorError {
    VendorError(.invalid, "\(path) is no text file (\(length) bytes). Ask for a tool that reads its format.")
  }
}
