/// Recomputes a tree from its entry bundles, bundle after bundle, and compares it with the tiles and the checkpoint.
struct TreeVerification {
  /// A hash in a tile: the tree hash of `256 ** level` leaves.
  private struct Entry: Hashable {
    let level: Int
    let index: UInt64
  }

  let files: LogDirectory
  let checkpoint: Checkpoint
  let previous: Checkpoint?
  /// The tree of the bundles so far.
  private var edge = TreeEdge()
  private var bundle: UInt64 = 0
  /// Hashes above a finding. They differ from their tile for a reason already reported.
  private var explained: Set<Entry> = []

  init(files: LogDirectory, checkpoint: Checkpoint, previous: Checkpoint?) {
    self.files = files
    self.checkpoint = checkpoint
    self.previous = previous
  }

  var isComplete: Bool { bundle << 8 >= checkpoint.size }

  mutating func verifyBundle(into report: inout VerificationReport) {
    guard let entriesTile = Tile.entries(index: bundle, size: checkpoint.size),
      let hashTile = Tile.hashes(level: 0, index: bundle, size: checkpoint.size)
    else { return }
    let start = bundle << 8
    let stored = read(hashTile, into: &report) { (tile) throws(LedgerError) in try files.hashes(of: tile) }
    let entries = read(entriesTile, into: &report) { (tile) throws(LedgerError) in try files.bundle(of: tile) }
    let computed = entries.map { bundle in (0..<bundle.count).map { bundle.leafHash($0) } }
    report.leaves += UInt64(computed?.count ?? 0)
    let hashes: [MerkleHash]
    if let stored, let computed, let position = zip(stored, computed).firstDifference {
      if isAuthentic(stored, hashTile) {
        let message = "is not the leaf that \(hashTile.path) and the signed root have"
        report.add(.modifiedLeaf, path: entriesTile.path, leaf: start + UInt64(position), message)
        hashes = stored
      } else if isAuthentic(computed, hashTile) {
        let message = "hash \(position) is not that of leaf \(start + UInt64(position)), which the signed root has"
        report.add(.modifiedTile, path: hashTile.path, message)
        hashes = computed
      } else {
        let message = "does not match \(hashTile.path), and neither of them the signed root"
        report.add(.modifiedLeaf, path: entriesTile.path, leaf: start + UInt64(position), message)
        explain(level: 0, index: bundle)
        hashes = stored
      }
    } else if let known = computed ?? stored {
      hashes = known
    } else {
      explain(level: 0, index: bundle)
      hashes = Array(repeating: MerkleHash(), count: hashTile.width)
    }
    verifyPrevious(hashes, from: start, into: &report)
    append(hashes, into: &report)
    bundle += 1
  }

  /// Compares the partial tiles above the bundles and the root.
  mutating func verifyRoot(into report: inout VerificationReport) {
    for (level, hashes) in edge.levels.enumerated().dropFirst() where !hashes.isEmpty {
      let index = checkpoint.size >> UInt64(8 * (level + 1))
      compare(hashes, with: Tile(content: .hashes(level: level), index: index, width: hashes.count), into: &report)
    }
    // With other findings the root differs for a reason already reported, if it does.
    if report.findings.isEmpty, edge.root != checkpoint.root {
      let message = "signs the root \(checkpoint.root), the leaves have \(edge.root): leaves and tiles were changed together"
      report.add(.wrongRoot, path: LogDirectory.checkpoint, message)
    }
  }

  private mutating func append(_ hashes: [MerkleHash], into report: inout VerificationReport) {
    var filled: [(Tile, [MerkleHash])] = []
    for hash in hashes {
      // The closure throws nothing; the signature is for the writer's sake.
      try? edge.append(hash) { (tile, hashes) in filled.append((tile, hashes)) }
    }
    for (tile, hashes) in filled where tile.content != .hashes(level: 0) { compare(hashes, with: tile, into: &report) }
  }

  /// Compares the hashes that a tile above level 0 should have with its file.
  private mutating func compare(_ computed: [MerkleHash], with tile: Tile, into report: inout VerificationReport) {
    guard case .hashes(let level) = tile.content else { return }
    let stored = read(tile, into: &report) { (tile) throws(LedgerError) in try files.hashes(of: tile) }
    guard let stored else { return }
    let first = tile.index << 8
    for position in computed.indices where computed[position] != stored[position] {
      let index = first + UInt64(position)
      if explained.contains(Entry(level: level, index: index)) { continue }
      if isAuthentic(stored[position], level: level, index: index) {
        let below = Tile(content: .hashes(level: level - 1), index: index, width: Tile.fullWidth)
        let start = index << UInt64(8 * level)
        let message = "it and the leaves below, from \(start) to \(start + (1 << UInt64(8 * level)) - 1), were changed together"
        report.add(.modifiedTile, path: below.path, leaf: start, message)
      } else {
        report.add(.modifiedTile, path: tile.path, "hash \(position) is not that of the tile below it")
      }
      explain(level: level, index: tile.index)
      return
    }
  }

  /// Compares the root over the leaves of the checkpoint saved before, once the bundle at its end is read.
  private func verifyPrevious(_ hashes: [MerkleHash], from start: UInt64, into report: inout VerificationReport) {
    guard let previous, previous.size > start || start == 0, previous.size <= start + UInt64(hashes.count) else { return }
    var edge = self.edge
    for hash in hashes.prefix(Int(previous.size - start)) { try? edge.append(hash) { _, _ in } }
    if edge.root != previous.root {
      let message = "the first \(previous.size) leaves are not those that the saved checkpoint signs"
      report.add(.rewrittenHistory, path: LogDirectory.checkpoint, message)
    }
  }

  /// Whether the signed root has these hashes for the tile of level 0.
  private func isAuthentic(_ hashes: [MerkleHash], _ tile: Tile) -> Bool {
    if tile.isFull { return isAuthentic(.perfectRoot(hashes[...]), level: 1, index: tile.index) }
    var edge = self.edge
    for hash in hashes { try? edge.append(hash) { _, _ in } }
    return edge.root == checkpoint.root
  }

  /// Whether the signed root has this hash, by an inclusion proof from the tiles.
  private func isAuthentic(_ hash: MerkleHash, level: Int, index: UInt64) -> Bool {
    let height = 8 * level
    var tiles = TileHashes(directory: files, size: checkpoint.size)
    guard let proof = try? tiles.subtreeProof(height: height, index: index, size: checkpoint.size) else { return false }
    let size = ((checkpoint.size - 1) >> UInt64(height)) + 1
    return RFC6962.verifyInclusion(of: hash, at: index, size: size, root: checkpoint.root, proof: proof)
  }

  /// Marks all hashes above the tile of `level` at `index`.
  private mutating func explain(level: Int, index: UInt64) {
    for above in 1...(8 - level) {
      explained.insert(Entry(level: level + above, index: index >> UInt64(8 * (above - 1))))
    }
  }

  private func read<Content>(
    _ tile: Tile, into report: inout VerificationReport, _ body: (Tile) throws(LedgerError) -> Content
  ) -> Content? {
    do throws(LedgerError) {
      return try body(tile)
    } catch {
      var leaf: UInt64?
      if case .entries = tile.content { leaf = tile.index << 8 }
      report.add(error.code == .corrupt ? .malformedFile : .missingFile, path: tile.path, leaf: leaf, error.message)
      return nil
    }
  }
}

extension Zip2Sequence<[MerkleHash], [MerkleHash]> {
  fileprivate var firstDifference: Int? {
    for (position, pair) in enumerated() where pair.0 != pair.1 { return position }
    return nil
  }
}
