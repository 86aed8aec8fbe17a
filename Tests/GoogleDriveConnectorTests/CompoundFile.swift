/// Files as Office wrote them before 2007, as small as they can be: one stream in a compound file ([MS-CFB] of version 3).
enum CompoundFile {
  /// A Word file ([MS-DOC]): the base of a FIB, and the text behind it in UTF-16.
  static func word(_ text: String) -> [UInt8] {
    let text = utf16(text)
    var header = [UInt8](repeating: 0, count: 0x400)
    // The format's mark and version, that the text is in UTF-16, and where it starts and ends.
    for (place, bytes) in [
      (0, little(0xA5EC, 2)), (2, little(0xC1, 2)), (0x0A, little(0x1000, 2)), (0x18, little(0x400, 4)), (0x1C, little(0x400 + UInt32(text.count), 4)),
    ] {
      header.replaceSubrange(place..<place + bytes.count, with: bytes)
    }
    return file("WordDocument", header + text)
  }

  /// A workbook with one sheet of texts ([MS-XLS], BIFF8).
  static func workbook(_ rows: [[String]]) -> [UInt8] {
    func record(_ type: UInt32, _ body: [UInt8] = []) -> [UInt8] { little(type, 2) + little(UInt32(body.count), 2) + body }
    func start(_ kind: UInt32) -> [UInt8] { record(0x809, little(0x600, 2) + little(kind, 2) + little(0x0DBB, 2) + little(0x07CC, 2) + little(0, 4) + little(6, 4)) }
    var stream = start(5) + record(0x0A) + start(0x10)
    for (row, cells) in rows.enumerated() {
      for (column, text) in cells.enumerated() {
        stream += record(0x204, little(UInt32(row), 2) + little(UInt32(column), 2) + little(0, 2) + little(UInt32(text.utf16.count), 2) + [1] + utf16(text))
      }
    }
    return file("Workbook", stream + record(0x0A))
  }

  /// A presentation with the texts of one slide ([MS-PPT]: TextCharsAtom in a container).
  static func slides(_ texts: [String]) -> [UInt8] {
    func record(_ version: UInt32, _ type: UInt32, _ body: [UInt8]) -> [UInt8] { little(version, 2) + little(type, 2) + little(UInt32(body.count), 4) + body }
    return file("PowerPoint Document", record(0xF, 1000, record(0xF, 4080, texts.flatMap { record(0, 4000, utf16($0)) })))
  }

  // MARK: The compound file

  private static let (free, end, table): (UInt32, UInt32, UInt32) = (0xFFFF_FFFF, 0xFFFF_FFFE, 0xFFFF_FFFD)

  private static func file(_ name: String, _ stream: [UInt8]) -> [UInt8] {
    // Streams of less than 4096 bytes would go elsewhere.
    let size = (max(stream.count, 4096) + 511) / 512 * 512
    let data = stream + [UInt8](repeating: 0, count: size - stream.count)
    // Sector 0 is the allocation table, 1 the directory, and the stream is the rest.
    let sectors = size / 512
    var allocation = [table, end] + (0..<sectors - 1).map { UInt32($0 + 3) } + [end]
    allocation += [UInt32](repeating: free, count: 128 - allocation.count)
    let numbers: [(UInt32, Int)] = [
      (0x3E, 2), (3, 2), (0xFFFE, 2), (9, 2), (6, 2), (0, 6), (0, 4), (1, 4), (1, 4), (0, 4), (4096, 4), (end, 4), (0, 4), (end, 4), (0, 4), (0, 4),
    ]
    var header: [UInt8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1] + [UInt8](repeating: 0, count: 16)
    header += numbers.flatMap { little($0.0, $0.1) } + [UInt8](repeating: 0xFF, count: 108 * 4)
    let directory =
      entry("Root Entry", 5, child: 1, start: end, size: 0) + entry(name, 2, child: free, start: 2, size: UInt32(size)) + entry("", 0, child: free, start: 0, size: 0)
      + entry("", 0, child: free, start: 0, size: 0)
    return header + allocation.flatMap { little($0, 4) } + directory + data
  }

  private static func entry(_ name: String, _ type: UInt32, child: UInt32, start: UInt32, size: UInt32) -> [UInt8] {
    let text = name.isEmpty ? [] : utf16(name) + [0, 0]
    return text + [UInt8](repeating: 0, count: 64 - text.count) + little(UInt32(text.count), 2) + little(type, 1) + little(1, 1) + little(free, 4) + little(free, 4)
      + little(child, 4) + [UInt8](repeating: 0, count: 36) + little(start, 4) + little(size, 4) + little(0, 4)
  }

  private static func utf16(_ text: String) -> [UInt8] { text.utf16.flatMap { little(UInt32($0), 2) } }

  private static func little(_ value: UInt32, _ count: Int) -> [UInt8] { (0..<count).map { $0 < 4 ? UInt8(truncatingIfNeeded: value >> UInt32($0 * 8)) : 0 } }
}
