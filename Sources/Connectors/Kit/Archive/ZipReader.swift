/// The entries of a zip file, as its central directory lists them. Of what strangers give, so everything is checked.
package struct ZipReader {
  package struct Entry {
    package var name: String
    /// Unix permissions and kind; 0 where the file was not made on Unix.
    package var mode: UInt32
    package var size: Int
    package var isDeflated: Bool
    fileprivate var checksum: UInt32
    fileprivate var data: Range<Int>

    package var isDirectory: Bool { name.hasSuffix("/") }
    package var isSymbolicLink: Bool { mode & 0o170000 == 0o120000 }
  }

  package let entries: [Entry]
  /// Bytes after the end of the zip file, where bundles carry a signature.
  package let trailing: Int
  private let bytes: [UInt8]

  package init(_ bytes: [UInt8]) throws(ZipError) {
    self.bytes = bytes
    // What follows the end record is a comment of its own, or a signature.
    let window = max(0, bytes.count - 22 - (1 << 20))
    guard let end = stride(from: bytes.count - 22, through: window, by: -1).first(where: { bytes.number($0) == 0x0605_4B50 as UInt32 }) else {
      throw ZipError("this is no zip file, or its end is missing")
    }
    let count = Int(bytes.number(end + 10) as UInt16)
    let (size, start) = (Int(bytes.number(end + 12) as UInt32), Int(bytes.number(end + 16) as UInt32))
    guard start + size <= end, count < 65_535 else { throw ZipError("the directory of the zip file is damaged, or in the form of ZIP64") }
    trailing = bytes.count - end - 22
    var entries: [Entry] = []
    var at = start
    for _ in 0..<count {
      guard at + 46 <= start + size, bytes.number(at) == 0x0201_4B50 as UInt32 else { throw ZipError("the directory of the zip file is damaged") }
      entries.append(try Self.entry(at, bytes))
      at += 46 + Int(bytes.number(at + 28) as UInt16) + Int(bytes.number(at + 30) as UInt16) + Int(bytes.number(at + 32) as UInt16)
    }
    // Entries that share their data are how a small file becomes a large one.
    guard entries.reduce(0, { $0 + $1.data.count }) <= bytes.count else { throw ZipError("files in the zip file overlap") }
    self.entries = entries
  }

  private static func entry(_ at: Int, _ bytes: [UInt8]) throws(ZipError) -> Entry {
    let (flags, method, nameLength) = (bytes.number(at + 8) as UInt16, bytes.number(at + 10) as UInt16, Int(bytes.number(at + 28) as UInt16))
    guard at + 46 + nameLength <= bytes.count, let name = String(validating: bytes[(at + 46)..<(at + 46 + nameLength)], as: UTF8.self) else {
      throw ZipError("a name in the zip file is not UTF-8")
    }
    guard flags & 1 == 0 else { throw ZipError("\(name) is encrypted") }
    guard method == 0 || method == 8 else { throw ZipError("\(name) is packed by method \(method); only stored and deflated files are read") }
    let extra = (at + 46 + nameLength)..<(at + 46 + nameLength + Int(bytes.number(at + 30) as UInt16))
    // The order in which ZIP64 has them.
    let numbers = wide([at + 24, at + 20, at + 42].map { Int(bytes.number($0) as UInt32) }, extra, bytes)
    let (size, stored, header) = (numbers[0], numbers[1], numbers[2])
    guard header + 30 <= bytes.count, bytes.number(header) == 0x0403_4B50 as UInt32 else { throw ZipError("\(name) is not where the directory says") }
    let data = header + 30 + Int(bytes.number(header + 26) as UInt16) + Int(bytes.number(header + 28) as UInt16)
    guard data + stored <= bytes.count else { throw ZipError("\(name) is cut off") }
    return Entry(
      name: name, mode: (bytes.number(at + 38) as UInt32) >> 16, size: size, isDeflated: method == 8, checksum: bytes.number(at + 16), data: data..<(data + stored))
  }

  /// Numbers of an entry, those that are full from its ZIP64 field: some programs write it for small files as well. What needs it is too
  /// large to be read here and stays full.
  private static func wide(_ numbers: [Int], _ extra: Range<Int>, _ bytes: [UInt8]) -> [Int] {
    let full = Int(UInt32.max)
    guard numbers.contains(full) else { return numbers }
    var at = extra.lowerBound
    while at + 4 <= extra.upperBound {
      let (kind, end) = (bytes.number(at) as UInt16, at + 4 + Int(bytes.number(at + 2) as UInt16))
      guard kind != 1 else {
        at += 4
        return numbers.map { number in
          guard number == full, at + 8 <= min(end, extra.upperBound) else { return number }
          defer { at += 8 }
          return Int(min(bytes.number(at) as UInt64, UInt64(full)))
        }
      }
      at = end
    }
    return numbers
  }

  /// The content of an entry, its checksum compared.
  package func read(_ entry: Entry, limit: Int = 1 << 30) throws(ZipError) -> [UInt8] {
    guard entry.size <= limit else { throw ZipError("\(entry.name) has more than \(limit) bytes") }
    let stored = Array(bytes[entry.data])
    let content = entry.isDeflated ? Deflate.decompress(stored, limit: entry.size) : stored
    guard let content, content.count == entry.size, Deflate.checksum(content) == entry.checksum else { throw ZipError("\(entry.name) is damaged") }
    return content
  }
}

extension [UInt8] {
  /// The number at a place, the lowest byte first; 0 beyond the end.
  fileprivate func number<Number: FixedWidthInteger & UnsignedInteger>(_ at: Int) -> Number {
    guard at >= 0, at + Number.bitWidth / 8 <= count else { return 0 }
    return self[at..<(at + Number.bitWidth / 8)].reversed().reduce(0) { $0 << 8 | Number($1) }
  }
}
