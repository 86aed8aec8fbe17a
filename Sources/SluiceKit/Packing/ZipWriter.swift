internal import ConnectorKit

/// The bytes of a zip file (APPNOTE.TXT 6.3): deflated where that makes an entry smaller, with Unix permissions, and the same bytes for the
/// same entries whenever it is made. Without ZIP64: at most 65,535 entries and 4 GiB.
struct ZipWriter {
  private(set) var bytes: [UInt8] = []
  private var directory: [UInt8] = []
  private var names: Set<String> = []

  /// 1980-01-01, the first day that the format has.
  private static let date: UInt16 = 1 << 5 | 1
  private static let limit = Int(UInt32.max) - 1
  /// Unix, version 2.0.
  private static let madeBy: UInt16 = 3 << 8 | 20

  /// - Parameter mode: Unix permissions, such as 0o644.
  mutating func add(_ name: String, _ content: [UInt8], mode: UInt32) throws(ZipError) {
    guard names.insert(name).inserted else { throw ZipError("\(name) would be in the bundle twice") }
    guard names.count < 65_535, name.utf8.count < 65_536 else { throw ZipError("too many files for one bundle") }
    guard let deflated = Deflate.compress(content) else { throw ZipError("\(name) cannot be compressed") }
    let isDeflated = deflated.count < content.count
    let stored = isDeflated ? deflated : content
    guard bytes.count + stored.count + directory.count < Self.limit, content.count < Self.limit else { throw ZipError("the bundle would have more than 4 GiB") }
    let offset = bytes.count
    // Names are UTF-8 (bit 11).
    var common: [UInt8] = []
    common.write(20 as UInt16, 1 << 11 as UInt16, isDeflated ? 8 : 0 as UInt16, 0 as UInt16, Self.date)
    common.write(Deflate.checksum(content), UInt32(stored.count), UInt32(content.count))
    common.write(UInt16(name.utf8.count), 0 as UInt16)

    bytes.write(0x0403_4B50 as UInt32)
    bytes += common + Array(name.utf8) + stored

    directory.write(0x0201_4B50 as UInt32)
    directory.write(Self.madeBy)
    directory += common
    // No comment, first disk, no internal attributes.
    directory.write(0 as UInt16, 0 as UInt16, 0 as UInt16)
    directory.write((0o100000 | mode) << 16, UInt32(offset))
    directory += Array(name.utf8)
  }

  /// Ends the file.
  consuming func finish() -> [UInt8] {
    let start = UInt32(bytes.count)
    let count = UInt16(names.count)
    bytes += directory
    bytes.write(0x0605_4B50 as UInt32)
    bytes.write(0 as UInt16, 0 as UInt16, count, count)
    bytes.write(UInt32(directory.count), start)
    bytes.write(0 as UInt16)
    return bytes
  }
}

extension [UInt8] {
  /// Appends numbers, the lowest byte first.
  fileprivate mutating func write<Number: FixedWidthInteger>(_ numbers: Number...) {
    for number in numbers { Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) } }
  }
}
