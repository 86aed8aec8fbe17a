/// Reads the records of one journal segment in order.
struct JournalCursor {
  enum Step {
    case record(JournalRecord)
    /// The file ends after the last record.
    case end
    /// What follows is not the next whole record: a torn write, one that is going on now, or damage.
    case torn(remaining: UInt64)
  }

  let file: OpenFile
  /// The index that the next record must have.
  private(set) var nextIndex: UInt64
  /// The file offset behind the last record given.
  private(set) var offset: UInt64 = 0
  private var buffer: [UInt8] = []
  private var bufferOffset: UInt64 = 0

  private static let chunkByteCount = 128 << 10

  init(_ segment: JournalSegment, in directory: LogDirectory) throws(LedgerError) {
    self.init(file: try OpenFile(reading: directory.absolute(segment.path)), start: segment.start)
  }

  init(file: OpenFile, start: UInt64, offset: UInt64 = 0) {
    self.file = file
    self.nextIndex = start
    self.offset = offset
    self.bufferOffset = offset
  }

  /// The next record, whose leaf stays readable until the following call.
  ///
  /// - Parameter isTrusted: do not hash the leaf again, as this process wrote it or the tree has it already.
  mutating func next(isTrusted: Bool = false) throws(LedgerError) -> Step {
    if let record = try record(isTrusted: isTrusted) { return .record(record) }
    let remaining = try bytesLeft()
    forgetRead()
    if remaining == 0 { return .end }
    // The writer may have been at work between the two looks.
    if let record = try record(isTrusted: isTrusted) { return .record(record) }
    forgetRead()
    return .torn(remaining: remaining)
  }

  /// Reads anew from the file, where a writer may have written over what was zero.
  mutating func forgetRead() {
    buffer.removeAll(keepingCapacity: true)
    bufferOffset = offset
  }

  private mutating func record(isTrusted: Bool) throws(LedgerError) -> JournalRecord? {
    let header = JournalRecord.headerByteCount
    guard try fill(header) else { return nil }
    var position = Int(offset - bufferOffset)
    let (length, index, hash) = buffer.withUnsafeBytes { bytes in
      (
        Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))),
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: position + 4, as: UInt64.self)),
        MerkleHash(copying: bytes.baseAddress! + position + 12)
      )
    }
    guard index == nextIndex, length <= EntryBundle.maximumEntryByteCount, try fill(header + length) else { return nil }
    position = Int(offset - bufferOffset)
    let leaf = (position + header)..<(position + header + length)
    let record = JournalRecord(index: index, hash: hash, leaf: leaf)
    guard isTrusted || withLeaf(of: record, MerkleHash.leaf) == hash else { return nil }
    offset += UInt64(header + length)
    nextIndex += 1
    return record
  }

  func withLeaf<Result>(of record: JournalRecord, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    buffer.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[record.leaf])) }
  }

  /// Whether the place where the last step found no record was changed, or lost in a power cut, rather than a write broken
  /// off: the bytes of the record are all there, or whole records follow.
  func isDamaged(within remaining: UInt64) throws(LedgerError) -> Bool {
    var header = [UInt8](repeating: 0, count: JournalRecord.headerByteCount)
    guard try header.read(from: file, at: offset) == header.count else { return false }
    let length = header[..<4].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    // The length is written last: without it this is a record that was broken off, unless others follow.
    if length > 0, UInt64(header.count) + length <= remaining { return true }
    return try hasRecordBehind()
  }

  /// Whether a whole record begins in the first MiB after the damage.
  private func hasRecordBehind() throws(LedgerError) -> Bool {
    let header = JournalRecord.headerByteCount
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = try bytes.read(from: file, at: offset)
    guard count > header else { return false }
    let indexes = (nextIndex + 1)...(nextIndex + 1 + UInt64(count / header))
    return bytes.withUnsafeBytes { bytes in
      for position in 1...(count - header) {
        let index = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: position + 4, as: UInt64.self))
        guard indexes.contains(index) else { continue }
        let length = Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
        guard length <= count - position - header else { continue }
        let leaf = UnsafeRawBufferPointer(rebasing: bytes[(position + header)..<(position + header + length)])
        if MerkleHash.leaf(leaf) == MerkleHash(copying: bytes.baseAddress! + position + 12) { return true }
      }
      return false
    }
  }

  /// Bytes behind the last record given, without the zeros at the end of the file: room that its writer reserved.
  private func bytesLeft() throws(LedgerError) -> UInt64 {
    var end = try file.size()
    var chunk = [UInt8](repeating: 0, count: Self.chunkByteCount)
    while end > offset {
      let start = max(offset, end - min(end, UInt64(chunk.count)))
      let count = min(try chunk.read(from: file, at: start), Int(end - start))
      if let last = chunk[..<count].lastIndex(where: { $0 != 0 }) { return start + UInt64(last) + 1 - offset }
      end = start
    }
    return 0
  }

  /// Makes `count` bytes from `offset` on present in the buffer; false if the file ends before.
  private mutating func fill(_ count: Int) throws(LedgerError) -> Bool {
    if Int(offset - bufferOffset) + count <= buffer.count { return true }
    let wanted = max(count, Self.chunkByteCount)
    if buffer.count != wanted { buffer = [UInt8](repeating: 0, count: wanted) }
    let read = try buffer.read(from: file, at: offset)
    bufferOffset = offset
    if read < wanted { buffer.removeLast(wanted - read) }
    return read >= count
  }
}

extension [UInt8] {
  /// Overwrites the array from its start with what the file has at `offset`; the number of bytes that there were.
  mutating func read(from file: OpenFile, at offset: UInt64) throws(LedgerError) -> Int {
    var count = 0
    var failure: LedgerError?
    withUnsafeMutableBytes { bytes in
      do throws(LedgerError) { count = try file.read(into: bytes, at: offset) } catch { failure = error }
    }
    if let failure { throw failure }
    return count
  }
}
