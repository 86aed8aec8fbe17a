internal import Synchronization

/// The write-ahead journal: leaves are in it before the tree has them.
///
/// Its last segment is mapped into memory, so that a leaf is with the kernel once it is copied there, without a system call
/// (docs/adr/0004-mapped-journal.md). Locks are taken in the order durable, output.
final class Journal: Sendable {
  /// The segment that is written to.
  private struct Output: ~Copyable {
    var file: OpenFile
    var segment: JournalSegment
    /// Behind the last record.
    var offset: UInt64
    var nextIndex: UInt64
    /// Where the next records go; nil before the first of a segment.
    var window: MappedWindow?
    var refusal: Refusal?
  }

  /// Why leaves are refused, and when to try the disk again.
  private struct Refusal {
    let error: LedgerError
    /// Nil if only reopening helps.
    var retryAt: ContinuousClock.Instant?
  }

  private struct Durable {
    var size: UInt64
  }

  private static let retryInterval: Duration = .milliseconds(100)
  /// How much of a segment is mapped at a time, where the disk has as much room.
  private static let windowByteCount = 256 << 10

  private let directory: LogDirectory
  private let output: Mutex<Output>
  private let durable: Mutex<Durable>

  /// - Parameters:
  ///   - segment: the last segment; created if it does not exist.
  ///   - offset: behind its last whole record. What follows is cut off.
  ///   - size: index behind that record.
  init(directory: LogDirectory, segment: JournalSegment, offset: UInt64, size: UInt64) throws(LedgerError) {
    let file = try OpenFile(writing: directory.absolute(segment.path), mode: LogDirectory.fileMode)
    if try file.size() > offset { try file.truncate(to: offset) }
    self.directory = directory
    output = Mutex(Output(file: file, segment: segment, offset: offset, nextIndex: size))
    durable = Mutex(Durable(size: 0))
  }

  /// Index behind the last leaf.
  var written: UInt64 { output.withLock { $0.nextIndex } }

  func append(_ leaf: UnsafeRawBufferPointer) throws(LedgerError) -> UInt64 {
    guard leaf.count <= EntryBundle.maximumEntryByteCount else {
      throw LedgerError(.leafTooLarge, "a leaf of \(leaf.count) bytes is over the bound of 65,535; store payloads apart")
    }
    let hash = MerkleHash.leaf(leaf)
    return try output.withLock { (output) throws(LedgerError) -> UInt64 in
      let count = JournalRecord.headerByteCount + leaf.count
      if output.refusal != nil || output.window?.bytes(at: output.offset, count: count) == nil { try makeRoom(for: count, in: &output) }
      guard let target = output.window?.bytes(at: output.offset, count: count) else {
        throw LedgerError(.unwritable, "cannot be mapped", path: output.segment.path)
      }
      let index = output.nextIndex
      JournalRecord.write(leaf, hash: hash, index: index, to: target)
      output.offset += UInt64(count)
      output.nextIndex = index + 1
      return index
    }
  }

  /// Maps the part of the segment where the next record goes.
  private func makeRoom(for count: Int, in output: inout Output) throws(LedgerError) {
    if let refusal = output.refusal {
      guard let retryAt = refusal.retryAt, retryAt <= .now else { throw refusal.error }
    }
    do throws(LedgerError) {
      output.window?.publish()
      output.window = try MappedWindow(of: output.file, from: output.offset, needed: count, wanted: Self.windowByteCount)
      output.refusal = nil
    } catch {
      // The others are refused without a system call until the next interval.
      let failure = LedgerError(.unwritable, error.message, path: output.segment.path)
      output.refusal = Refusal(error: failure, retryAt: .now + Self.retryInterval)
      throw failure
    }
  }

  func synchronize() throws(LedgerError) {
    let target = try output.withLock { (output) throws(LedgerError) -> UInt64 in
      if let refusal = output.refusal, refusal.retryAt == nil { throw refusal.error }
      return output.nextIndex
    }
    try durable.withLock { (durable) throws(LedgerError) in
      // Someone who waited before us may have synchronized our leaves as well.
      if durable.size >= target { return }
      let (file, written) = output.withLock { output in
        output.window?.publish()
        return (output.file, output.nextIndex)
      }
      try synchronize(file)
      durable.size = written
    }
  }

  private func synchronize(_ file: OpenFile) throws(LedgerError) {
    do throws(LedgerError) {
      try file.synchronize()
    } catch {
      // The kernel may have dropped the pages that it could not write, and a second attempt would hide that.
      let failure = LedgerError(.unwritable, "\(error.message); restart to recover the log", path: error.path)
      output.withLock { $0.refusal = Refusal(error: failure, retryAt: nil) }
      throw failure
    }
  }

  /// Starts a new segment if the present one has at least `limit` bytes. Writers wait only for the creation of the file.
  func rotate(over limit: UInt64) throws(LedgerError) {
    try durable.withLock { (durable) throws(LedgerError) in
      let old = try output.withLock { (output) throws(LedgerError) -> (file: OpenFile, end: UInt64, written: UInt64)? in
        guard output.offset >= limit else { return nil }
        let old = (output.file, output.offset, output.nextIndex)
        let segment = JournalSegment(start: output.nextIndex)
        output.file = try OpenFile(writing: directory.absolute(segment.path), mode: LogDirectory.fileMode)
        output.segment = segment
        output.offset = 0
        output.window?.publish()
        output.window = nil
        return old
      }
      guard let old else { return }
      try old.file.truncate(to: old.end)
      try synchronize(old.file)
      try directory.synchronize(directory: LogDirectory.journal)
      durable.size = old.written
    }
  }

  /// Removes the segments whose leaves are all among the first `size`, except the one that is written to.
  func removeSegments(integrated size: UInt64) throws(LedgerError) {
    let segments = try directory.journalSegments()
    for (segment, next) in zip(segments, segments.dropFirst()) where next.start <= size {
      try directory.remove(segment.path)
    }
  }

  /// Refuses everything from now on, and gives back the room that was reserved and not used.
  func close() throws(LedgerError) {
    do throws(LedgerError) { try synchronize() } catch {
      if error.code == .closed { return }
      refuse()
      throw error
    }
    let (file, end) = refuse()
    try file.truncate(to: end)
  }

  @discardableResult
  private func refuse() -> (OpenFile, end: UInt64) {
    output.withLock { output in
      output.refusal = Refusal(error: LedgerError(.closed, "the log is closed"), retryAt: nil)
      output.window?.publish()
      output.window = nil
      return (output.file, output.offset)
    }
  }
}

extension [UInt8] {
  /// `withUnsafeBytes` for bodies with a typed error.
  func withLedgerBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws(LedgerError) -> Result
  ) throws(LedgerError) -> Result {
    var failure: LedgerError?
    let result: Result? = withUnsafeBytes { buffer in
      do throws(LedgerError) {
        return try body(buffer)
      } catch {
        failure = error
        return nil
      }
    }
    if let failure { throw failure }
    guard let result else { throw LedgerError(.unreadable, "no result") }
    return result
  }
}
