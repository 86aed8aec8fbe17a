internal import Synchronization

/// The one writer of an append-only Merkle log in a directory of tlog-tiles files (c2sp.org/tlog-tiles).
///
/// Leaves go to a journal first (`append`, and `synchronize` where power loss matters), and into the tree in
/// batches (`integrate`), which hashes, writes tiles and signs a checkpoint off the request path. All methods may be called
/// from any thread. None suspends; `synchronize` and `integrate` wait for the disk and do not belong on an event loop.
public final class LogWriter: Sendable {
  /// Sizes that rarely need another value.
  public struct Options: Hashable, Sendable {
    /// A journal segment of this many bytes or more is followed by a new one.
    public var segmentByteCount: UInt64 = 16 << 20
    /// Full bundles between two checkpoints while catching up: bounds the files open at once.
    public var tilesPerCheckpoint: UInt64 = 16
    public init() {}
  }

  /// The tree's own state, touched only by integration.
  private struct Tree {
    var edge: TreeEdge
    /// The entries of the partial bundle at the right edge, encoded.
    var bundle: [UInt8]
    var cursor: JournalCursor?
    var isClosed = false
  }

  public let directory: String
  public let verifierKey: VerifierKey
  /// What opening found in the journal.
  public let recovery: JournalRecovery

  private let files: LogDirectory
  private let options: Options
  private let key: SigningKey
  private let lock: OpenFile
  private let journal: Journal
  /// Held for the length of an integration.
  private let tree: Mutex<Tree>
  private let published: Mutex<Checkpoint>

  /// Opens the log in `directory`, and creates it if there is none.
  ///
  /// - Parameters:
  ///   - origin: the identity of the log in its checkpoints, and the name of its key: like a URL without scheme.
  ///   - key: the signing key; without it the file `key` of the directory, which a new log gets with a new key.
  /// - Throws: `locked` if another writer has it; `corrupt`, `missing` or `unverified` if checkpoint, key and right edge do not
  ///   fit each other, in which case nothing was changed; `unwritable`.
  public init(
    directory: String, origin: String, key: SigningKey? = nil, options: Options = Options()
  ) throws(LedgerError) {
    let files = LogDirectory(path: directory)
    let lock = try files.lockForWriting()
    let key = try files.signingKey(origin: origin, supplied: key)
    let checkpoint = try files.checkpointForWriting(key: key)
    let edge = try TreeEdge(size: checkpoint.size, in: files)
    guard edge.root == checkpoint.root else {
      throw LedgerError(.corrupt, "does not match the tiles at the right edge; verify the log", path: LogDirectory.checkpoint)
    }
    let bundle = try files.edgeBundle(edge)
    let recovered = try files.recoverJournal(integrated: checkpoint.size)
    journal = try Journal(
      directory: files, segment: recovered.segment, offset: recovered.offset, size: recovered.next)
    try files.synchronize(directory: LogDirectory.journal)
    self.directory = directory
    self.files = files
    self.options = options
    self.key = key
    self.lock = lock
    verifierKey = key.verifierKey
    recovery = recovered.recovery
    tree = Mutex(Tree(edge: edge, bundle: bundle))
    published = Mutex(checkpoint)
    // A crash between a checkpoint and the tidying after it leaves partial tiles within one batch of the edge.
    let batch = min(checkpoint.size, options.tilesPerCheckpoint << 8)
    try removeObsoleteTiles(from: checkpoint.size - batch, to: checkpoint.size, isFirstOnly: false)
  }

  /// The newest signed checkpoint.
  public var checkpoint: Checkpoint { published.withLock { $0 } }

  /// Number of leaves that the kernel has, in the tree or in the journal.
  public var writtenSize: UInt64 { journal.written }

  /// Adds a leaf and gives its index. When it returns, the leaf is with the kernel and survives the end of the process.
  ///
  /// - Parameter leaf: at most 65,535 bytes.
  /// - Throws: `leafTooLarge`, `unwritable` or `closed`. While unwritable the disk is tried again at most ten times a second,
  ///   by a call of this method.
  public func append(_ leaf: UnsafeRawBufferPointer) throws(LedgerError) -> UInt64 { try journal.append(leaf) }

  /// Adds a leaf and gives its index. When it returns, the leaf is with the kernel and survives the end of the process.
  @discardableResult
  public func append(_ leaf: [UInt8]) throws(LedgerError) -> UInt64 {
    try leaf.withLedgerBytes { (bytes) throws(LedgerError) in try journal.append(bytes) }
  }

  /// Waits until the disk has all leaves. Callers at the same time share one `fdatasync`.
  ///
  /// - Throws: `unwritable`. After a failed `fdatasync` the log stays so until it is opened anew, as the kernel may have
  ///   dropped pages.
  public func synchronize() throws(LedgerError) { try journal.synchronize() }

  /// Takes the written leaves of the journal into the tree, and signs a checkpoint over them. Without new ones it does nothing.
  ///
  /// Entries and tiles are on disk before the checkpoint that covers them, and that before the journal lets go of them.
  ///
  /// - Returns: the newest checkpoint.
  /// - Throws: `unwritable`; the journal keeps the leaves and the next call starts where this one did.
  @discardableResult
  public func integrate() throws(LedgerError) -> Checkpoint {
    try tree.withLock { (tree) throws(LedgerError) -> Checkpoint in
      if tree.isClosed { throw LedgerError(.closed, "the log is closed") }
      let target = journal.written
      // What it read ahead of then may have been a record half done.
      tree.cursor?.forgetRead()
      let start = tree.edge.size
      while tree.edge.size < target {
        let size = tree.edge.size
        let end = min(target, ((size >> 8) + options.tilesPerCheckpoint) << 8)
        var next = tree
        do throws(LedgerError) {
          try publish(&next, upTo: end)
        } catch {
          // The cursor of a failed attempt may be anywhere.
          tree.cursor = nil
          throw error
        }
        tree = next
        // The tiles begun in this batch were never partial.
        try removeObsoleteTiles(from: size, to: end, isFirstOnly: true)
      }
      if tree.edge.size > start {
        try journal.rotate(over: options.segmentByteCount)
        try journal.removeSegments(integrated: tree.edge.size)
      }
      return checkpoint
    }
  }

  /// Synchronizes, refuses everything from now on, and lets another writer have the log. Leaves not integrated
  /// stay in the journal for the next opening.
  ///
  /// - Throws: `unwritable` if the last leaves may not be on the disk; the log is closed all the same.
  public func close() throws(LedgerError) {
    defer {
      tree.withLock { $0.isClosed = true }
      lock.unlock()
    }
    try journal.close()
  }

  deinit { lock.unlock() }

  private func publish(_ tree: inout Tree, upTo end: UInt64) throws(LedgerError) {
    var files = Publication(in: self.files)
    var filledLevels = 0
    while tree.edge.size < end {
      let record = try nextRecord(&tree)
      tree.cursor?.withLeaf(of: record) { EntryBundle.append($0, to: &tree.bundle) }
      let bundle = tree.bundle
      try tree.edge.append(record.hash) { (tile, hashes) throws(LedgerError) in
        try files.add(tile.path, hashes.tileBytes)
        if case .hashes(let level) = tile.content { filledLevels = max(filledLevels, level + 1) }
        if tile.content == .hashes(level: 0) {
          try files.add(Tile(content: .entries, index: tile.index, width: Tile.fullWidth).path, bundle)
        }
      }
      if tree.edge.size & 255 == 0 { tree.bundle.removeAll(keepingCapacity: true) }
    }
    // Levels above the lowest that had no tile filled below them are as they were.
    for (level, hashes) in tree.edge.levels.enumerated().prefix(filledLevels + 1) where !hashes.isEmpty {
      let tile = Tile(content: .hashes(level: level), index: end >> UInt64(8 * (level + 1)), width: hashes.count)
      try files.add(tile.path, hashes.tileBytes)
    }
    if let tile = Tile.entries(index: end >> 8, size: end) { try files.add(tile.path, tree.bundle) }
    try files.commit()

    let checkpoint = try Checkpoint(signing: end, root: tree.edge.root, with: key)
    try self.files.publish(checkpoint)
    published.withLock { $0 = checkpoint }
  }

  private func nextRecord(_ tree: inout Tree) throws(LedgerError) -> JournalRecord {
    let index = tree.edge.size
    while true {
      if tree.cursor == nil {
        guard let segment = try files.journalSegments().last(where: { $0.start <= index }) else {
          throw LedgerError(.missing, "no segment has leaf \(index)", path: LogDirectory.journal)
        }
        tree.cursor = try JournalCursor(segment, in: files)
      }
      let position = tree.cursor?.nextIndex ?? index
      switch try tree.cursor?.next(isTrusted: true) {
      case .record(let record) where record.index == index: return record
      case .record: continue
      case .end where try files.journalSegments().contains(JournalSegment(start: position)):
        tree.cursor = try JournalCursor(JournalSegment(start: position), in: files)
      default:
        throw LedgerError(.corrupt, "has no whole record of leaf \(position), which was written", path: LogDirectory.journal)
      }
    }
  }

  /// Removes the partial forms of the tiles that were partial with some size from `first` on and are full with `size`.
  private func removeObsoleteTiles(from first: UInt64, to size: UInt64, isFirstOnly: Bool) throws(LedgerError) {
    var level = 0
    while level < 8, size >> UInt64(8 * (level + 1)) > 0 {
      let start = first >> UInt64(8 * (level + 1))
      let end = size >> UInt64(8 * (level + 1))
      for index in start..<(isFirstOnly ? min(start + 1, end) : end) {
        try files.removeDirectory(Tile(content: .hashes(level: level), index: index, width: Tile.fullWidth).partialDirectory)
        if level == 0 {
          try files.removeDirectory(Tile(content: .entries, index: index, width: Tile.fullWidth).partialDirectory)
        }
      }
      level += 1
    }
  }
}

extension [MerkleHash] {
  /// The bytes of a tile of these hashes.
  var tileBytes: [UInt8] { withUnsafeBytes { Array<UInt8>($0) } }
}
