/// Goes through the leaves of a log in order, first those of the tree, then those of the journal.
///
/// At the end `next` gives nil; called again later it gives what was written since. One bundle or one part of a journal
/// segment is in memory at a time.
public struct LeafCursor {
  private var reader: LogReader
  /// The index of the leaf that `next` gives.
  public private(set) var index: UInt64
  private var bundle: (index: UInt64, entries: EntryBundle)?
  private var journal: JournalCursor?

  init(reader: LogReader, index: UInt64) {
    self.reader = reader
    self.index = index
  }

  /// - Throws: `missing`, `unreadable` or `corrupt` for a bundle that the checkpoint covers.
  public mutating func next() throws(LedgerError) -> Leaf? {
    if index < reader.checkpoint.size { return try nextInTree() }
    if let leaf = try nextInJournal() { return leaf }
    // The journal may have let go of the leaf because the tree has it now.
    try reader.refresh()
    return index < reader.checkpoint.size ? try nextInTree() : nil
  }

  private mutating func nextInTree() throws(LedgerError) -> Leaf {
    let position = Int(index & 255)
    if bundle?.index != index >> 8 || (bundle?.entries.count ?? 0) <= position {
      guard let tile = Tile.entries(index: index >> 8, size: reader.checkpoint.size) else {
        throw LedgerError(.outOfRange, "the log has no leaf \(index)")
      }
      bundle = (tile.index, try reader.files.bundle(of: tile))
    }
    guard let entries = bundle?.entries else { throw LedgerError(.outOfRange, "the log has no leaf \(index)") }
    defer { index += 1 }
    return Leaf(index: index, bytes: entries[position], isSigned: true)
  }

  private mutating func nextInJournal() throws(LedgerError) -> Leaf? {
    while true {
      if journal == nil || (journal?.nextIndex ?? 0) > index {
        guard let segment = try reader.files.journalSegments().last(where: { $0.start <= index }) else { return nil }
        guard let cursor = try open(segment) else { return nil }
        journal = cursor
      }
      guard var cursor = journal.take() else { return nil }
      let step = try cursor.next(isTrusted: cursor.nextIndex < index)
      journal = cursor
      switch step {
      case .record(let record) where record.index == index:
        let bytes = cursor.withLeaf(of: record) { Array($0) }
        index += 1
        return Leaf(index: record.index, bytes: bytes, isSigned: false)
      case .record:
        continue
      case .end:
        // The next segment, if the writer has begun one.
        let segment = JournalSegment(start: cursor.nextIndex)
        guard cursor.nextIndex > 0, reader.files.exists(segment.path), let next = try open(segment),
          try next.file.size() > 0
        else { return nil }
        journal = next
      case .torn:
        return nil
      }
    }
  }

  /// Nil if integration removed the segment meanwhile.
  private func open(_ segment: JournalSegment) throws(LedgerError) -> JournalCursor? {
    do throws(LedgerError) {
      return try JournalCursor(segment, in: reader.files)
    } catch  where error.code == .missing {
      return nil
    }
  }
}

/// The leaves of a log as they are written.
public struct LeafFollower: AsyncSequence, AsyncIteratorProtocol {
  public typealias Element = Leaf
  private var cursor: LeafCursor
  private let interval: Duration

  init(cursor: LeafCursor, interval: Duration) {
    self.cursor = cursor
    self.interval = interval
  }

  public func makeAsyncIterator() -> LeafFollower { self }

  /// Waits for the next leaf; nil when the task is cancelled.
  public mutating func next() async throws -> Leaf? {
    while !Task.isCancelled {
      if let leaf = try cursor.next() { return leaf }
      try? await Task.sleep(for: interval)
    }
    return nil
  }
}
