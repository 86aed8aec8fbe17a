/// What opening a log found in its journal.
public struct JournalRecovery: Hashable, Sendable {
  /// Leaves that the journal has beyond the checkpoint.
  public let leaves: UInt64
  /// Bytes of unfinished writes that were cut off. Their callers never had an answer that they were written.
  public let droppedBytes: UInt64
  /// Files with the suffix `.lost`: what the journal had behind a damaged record or a gap, which a power loss or a change of
  /// the files leaves, but no end of a process. Empty if all is well.
  public let lostSegments: [String]
}

extension LogDirectory {
  /// Where the journal of a log with a checkpoint over `size` leaves goes on, after cutting off an unfinished write.
  func recoverJournal(
    integrated size: UInt64
  ) throws(LedgerError) -> (segment: JournalSegment, offset: UInt64, next: UInt64, recovery: JournalRecovery) {
    let segments = try journalSegments()
    if let first = segments.first, first.start > size {
      throw LedgerError(
        .corrupt, "starts at leaf \(first.start), but the checkpoint covers only \(size); restore the missing segments",
        path: first.path)
    }
    var last = JournalSegment(start: size)
    var offset: UInt64 = 0
    var next = size
    var dropped: UInt64 = 0
    var lost: [String] = []
    var isBroken = false
    for (position, segment) in segments.enumerated() {
      // All its leaves are in the tree; integration removes it.
      if position + 1 < segments.count, segments[position + 1].start <= size { continue }
      if isBroken || (position > 0 && segment.start > next) {
        try rename(segment.path, to: segment.path + ".lost")
        lost.append(segment.path + ".lost")
        isBroken = true
        continue
      }
      var cursor = try JournalCursor(segment, in: self)
      reading: while true {
        switch try cursor.next(isTrusted: cursor.nextIndex < size) {
        case .record: continue
        case .end: break reading
        case .torn(let remaining):
          isBroken = true
          if try cursor.isDamaged(within: remaining) {
            lost.append(try preserve(segment, from: cursor.offset, count: remaining))
          } else {
            dropped += remaining
          }
          let file = try OpenFile(writing: absolute(segment.path), mode: Self.fileMode)
          try file.truncate(to: cursor.offset)
          try file.synchronize()
          break reading
        }
      }
      // A crash during a rotation leaves the older segment unsynchronized, and `synchronize` looks only at the last one.
      if position + 1 < segments.count { try cursor.file.synchronize() }
      last = segment
      offset = cursor.offset
      next = cursor.nextIndex
    }
    if next < size {
      // Everything in the journal is older than the checkpoint: start afresh behind it.
      last = JournalSegment(start: size)
      offset = 0
      next = size
    }
    let recovery = JournalRecovery(leaves: next - size, droppedBytes: dropped, lostSegments: lost)
    return (last, offset, next, recovery)
  }

  /// Copies the end of a segment to a file beside it before it is cut off.
  private func preserve(_ segment: JournalSegment, from offset: UInt64, count: UInt64) throws(LedgerError) -> String {
    let source = try OpenFile(reading: absolute(segment.path))
    let path = "\(segment.path).\(offset).lost"
    let target = try OpenFile(writing: absolute(path), mode: Self.fileMode, truncating: true)
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var copied: UInt64 = 0
    while copied < count {
      let read = try buffer.read(from: source, at: offset + copied)
      if read == 0 { break }
      try Array(buffer[..<read]).withLedgerBytes { (bytes) throws(LedgerError) in try target.write(bytes, at: copied) }
      copied += UInt64(read)
    }
    try target.synchronize()
    try synchronize(directory: Self.journal)
    return path
  }
}
