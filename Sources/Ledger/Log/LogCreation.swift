/// Opening and creating the files that a writer needs before it can append.
extension LogDirectory {
  /// Creates the directory if need be, and takes its lock for as long as the returned file is open.
  func lockForWriting() throws(LedgerError) -> OpenFile {
    try createDirectory("")
    let lock = try OpenFile(writing: absolute(Self.lock), mode: Self.fileMode)
    guard lock.tryLock() else {
      throw LedgerError(.locked, "another process writes this log; stop it or choose another directory", path: path)
    }
    try createDirectory(Self.journal)
    try createDirectory(Self.tiles)
    try createDirectory(Self.temporary)
    for name in try names(in: Self.temporary) { try remove("\(Self.temporary)/\(name)") }
    return lock
  }

  /// The key given, or that of the directory, or a new one for a new log.
  func signingKey(origin: String, supplied: SigningKey?) throws(LedgerError) -> SigningKey {
    let key: SigningKey
    if let supplied {
      key = supplied
    } else if exists(Self.privateKey) {
      key = try SigningKey(parsing: String(decoding: try read(Self.privateKey, maximum: 4096), as: UTF8.self))
    } else {
      try requireNew("the private key is missing: supply it, or restore the file")
      key = try SigningKey(generating: origin)
      var publication = Publication(in: self)
      try publication.add(Self.privateKey, Array((key.exportPrivateKey() + "\n").utf8), mode: 0o600)
      try publication.commit()
    }
    guard key.name == origin else {
      throw LedgerError(.malformed, "the key is for the log \(key.name), not \(origin)", path: Self.privateKey)
    }
    let line = "\(key.verifierKey)\n"
    if !exists(Self.publicKey) {
      var publication = Publication(in: self)
      try publication.add(Self.publicKey, Array(line.utf8), mode: 0o644)
      try publication.commit()
    }
    return key
  }

  /// The checkpoint to go on from; a new log gets one over no leaves.
  func checkpointForWriting(key: SigningKey) throws(LedgerError) -> Checkpoint {
    if exists(Self.checkpoint) {
      let checkpoint = try readCheckpoint()
      try checkpoint.verify(with: key.verifierKey)
      return checkpoint
    }
    // Starting over where leaves were would sign a second history.
    try requireNew("the checkpoint is missing: restore it, as a new one would fork the log")
    let checkpoint = try Checkpoint(signing: 0, root: .emptyRoot, with: key)
    try publish(checkpoint)
    return checkpoint
  }

  func readCheckpoint() throws(LedgerError) -> Checkpoint {
    do throws(LedgerError) {
      return try Checkpoint(parsing: try read(Self.checkpoint, maximum: SignedNote.maximumByteCount))
    } catch {
      throw LedgerError(error.code, error.message, path: Self.checkpoint)
    }
  }

  func publish(_ checkpoint: Checkpoint) throws(LedgerError) {
    var publication = Publication(in: self)
    try publication.add(Self.checkpoint, Array(checkpoint.description.utf8))
    try publication.commit()
  }

  /// The encoded entries of the partial bundle at the right edge, which must hash to the edge.
  func edgeBundle(_ edge: TreeEdge) throws(LedgerError) -> [UInt8] {
    guard let tile = Tile.entries(index: edge.size >> 8, size: edge.size), let hashes = edge.levels.first else { return [] }
    let bundle = try self.bundle(of: tile)
    for position in 0..<bundle.count where bundle.leafHash(position) != hashes[position] {
      throw LedgerError(.corrupt, "leaf \(tile.index << 8 + UInt64(position)) does not match its hash", path: tile.path)
    }
    return bundle.encoded
  }

  private func requireNew(_ reason: String) throws(LedgerError) {
    let tiles = try names(in: Self.tiles)
    let segments = try journalSegments()
    guard tiles.isEmpty, segments.isEmpty, !exists(Self.checkpoint) else { throw LedgerError(.missing, reason, path: path) }
  }
}
