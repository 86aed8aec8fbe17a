internal import Synchronization

/// The write-ahead journal: leaves are in it, durable, before the tree has them.
///
/// Appending has two steps, so that many leaves share one system call: `stage` puts a record into memory and gives it its
/// index, `flush` hands everything staged to the kernel. Locks are taken in the order durable, output, staging.
final class Journal: Sendable {
  /// What callers add to. Guarded apart from the output, so that staging does not wait for a write.
  private struct Staging {
    var buffer: [UInt8] = []
    var nextIndex: UInt64
    var refusal: Refusal?
  }

  /// Why staging is refused, and when to try the disk again.
  private struct Refusal {
    let error: LedgerError
    /// Nil if only reopening helps.
    var retryAt: ContinuousClock.Instant?
  }

  /// The segment that is written to.
  private struct Output {
    var file: OpenFile
    var segment: JournalSegment
    /// Behind the last whole record.
    var offset: UInt64
    /// Index behind the last record that the kernel has.
    var written: UInt64
    /// Records whose write is under way or failed; they keep their indexes and go first.
    var pending: [UInt8] = []
    var pendingEnd: UInt64
  }

  private struct Durable {
    var size: UInt64
  }

  private static let retryInterval: Duration = .milliseconds(100)
  /// Staging more than this without a flush flushes by itself.
  private static let stagedByteLimit = 1 << 20

  private let directory: LogDirectory
  private let staging: Mutex<Staging>
  private let output: Mutex<Output>
  private let durable: Mutex<Durable>

  /// - Parameters:
  ///   - segment: the last segment; created if it does not exist.
  ///   - offset: behind its last whole record.
  ///   - size: index behind that record.
  init(directory: LogDirectory, segment: JournalSegment, offset: UInt64, size: UInt64) throws(LedgerError) {
    let file = try OpenFile(writing: directory.absolute(segment.path), mode: LogDirectory.fileMode)
    self.directory = directory
    staging = Mutex(Staging(nextIndex: size))
    output = Mutex(Output(file: file, segment: segment, offset: offset, written: size, pendingEnd: size))
    durable = Mutex(Durable(size: 0))
  }

  /// Index behind the last leaf that the kernel has.
  var written: UInt64 { output.withLock { $0.written } }

  func stage(_ leaf: UnsafeRawBufferPointer) throws(LedgerError) -> UInt64 {
    guard leaf.count <= EntryBundle.maximumEntryByteCount else {
      throw LedgerError(.leafTooLarge, "a leaf of \(leaf.count) bytes is over the bound of 65,535; store payloads apart")
    }
    let hash = MerkleHash.leaf(leaf)
    if let index = try append(leaf, hash) { return index }
    try flush()
    guard let index = try append(leaf, hash) else {
      throw LedgerError(.unwritable, "the log became unwritable again; retry")
    }
    return index
  }

  /// Nil if a flush should be tried first.
  private func append(_ leaf: UnsafeRawBufferPointer, _ hash: MerkleHash) throws(LedgerError) -> UInt64? {
    try staging.withLock { (state) throws(LedgerError) -> UInt64? in
      if let refusal = state.refusal {
        guard let retryAt = refusal.retryAt, retryAt <= .now else { throw refusal.error }
        // Whoever gets here first tries; the others are refused until the next interval.
        state.refusal?.retryAt = .now + Self.retryInterval
        return nil
      }
      if state.buffer.count >= Self.stagedByteLimit { return nil }
      let index = state.nextIndex
      JournalRecord.append(leaf, hash: hash, index: index, to: &state.buffer)
      state.nextIndex = index + 1
      return index
    }
  }

  func flush() throws(LedgerError) {
    try output.withLock { (output) throws(LedgerError) in try flush(&output) }
  }

  private func flush(_ output: inout Output) throws(LedgerError) {
    let wasRefused = try staging.withLock { (state) throws(LedgerError) -> Bool in
      if let refusal = state.refusal, refusal.retryAt == nil { throw refusal.error }
      takeStaged(&state, &output)
      return state.refusal != nil
    }
    try writePending(&output)
    if wasRefused {
      staging.withLock { state in
        // A refusal for good that came meanwhile stays.
        if state.refusal?.retryAt != nil { state.refusal = nil }
        takeStaged(&state, &output)
      }
      try writePending(&output)
    }
  }

  /// Moves what is staged behind what is pending. Nothing is pending unless a write failed.
  private func takeStaged(_ state: inout Staging, _ output: inout Output) {
    if output.pending.isEmpty {
      swap(&state.buffer, &output.pending)
    } else {
      output.pending.append(contentsOf: state.buffer)
      state.buffer.removeAll(keepingCapacity: true)
    }
    output.pendingEnd = state.nextIndex
  }

  private func writePending(_ output: inout Output) throws(LedgerError) {
    if output.pending.isEmpty { return }
    do throws(LedgerError) {
      try output.pending.withLedgerBytes { (bytes) throws(LedgerError) in try output.file.write(bytes, at: output.offset) }
    } catch {
      // What got to the file is cut off; should that fail too, the next attempt writes over it.
      try? output.file.truncate(to: output.offset)
      let failure = LedgerError(.unwritable, error.message, path: output.segment.path)
      staging.withLock { $0.refusal = Refusal(error: failure, retryAt: .now + Self.retryInterval) }
      throw failure
    }
    output.offset += UInt64(output.pending.count)
    output.written = output.pendingEnd
    let isLarge = output.pending.count > Self.stagedByteLimit
    output.pending.removeAll(keepingCapacity: !isLarge)
  }

  func synchronize() throws(LedgerError) {
    let target = staging.withLock { $0.nextIndex }
    try flush()
    try durable.withLock { (durable) throws(LedgerError) in
      // Someone who waited before us may have synchronized our leaves as well.
      if durable.size >= target { return }
      let (file, written) = output.withLock { ($0.file, $0.written) }
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
      staging.withLock { $0.refusal = Refusal(error: failure, retryAt: nil) }
      throw failure
    }
  }

  /// Starts a new segment if the present one has at least `limit` bytes. Writers wait only for the creation of the file.
  func rotate(over limit: UInt64) throws(LedgerError) {
    try durable.withLock { (durable) throws(LedgerError) in
      let old = output.withLock { $0.offset >= limit ? $0.file : nil }
      guard let old else { return }
      let written = try output.withLock { (output) throws(LedgerError) -> UInt64 in
        try flush(&output)
        let segment = JournalSegment(start: output.written)
        output.file = try OpenFile(writing: directory.absolute(segment.path), mode: LogDirectory.fileMode)
        output.segment = segment
        output.offset = 0
        return output.written
      }
      try synchronize(old)
      try directory.synchronize(directory: LogDirectory.journal)
      durable.size = written
    }
  }

  /// Removes the segments whose leaves are all among the first `size`, except the one that is written to.
  func removeSegments(integrated size: UInt64) throws(LedgerError) {
    let segments = try directory.journalSegments()
    for (segment, next) in zip(segments, segments.dropFirst()) where next.start <= size {
      try directory.remove(segment.path)
    }
  }

  /// Refuses everything from now on, after a last flush, whose result it gives.
  func close() -> Result<Void, LedgerError> {
    let result = Result { () throws(LedgerError) in try synchronize() }
    // Under the lock of the output, so that no flush is on its way.
    output.withLock { _ in
      staging.withLock { $0.refusal = Refusal(error: LedgerError(.closed, "the log is closed"), retryAt: nil) }
    }
    if case .failure(let error) = result, error.code == .closed { return .success(()) }
    return result
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
