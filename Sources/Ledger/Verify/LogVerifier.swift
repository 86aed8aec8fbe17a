/// Verifies a log from its files and a public key alone: every leaf, every tile, the root, the signature, the journal.
///
/// Reads the files once in order; in memory are one bundle and one tile a level. Works on a copy and beside a running writer.
public struct LogVerifier: Sendable {
  /// Findings after which the verification gives up.
  private static let maximumFindings = 32

  private let files: LogDirectory
  private let key: VerifierKey
  private let previous: Checkpoint?

  /// - Parameters:
  ///   - key: the verifier key, kept apart from the log.
  ///   - previous: a checkpoint of this log saved earlier; the log must extend it.
  public init(directory: String, key: VerifierKey, previous: Checkpoint? = nil) {
    files = LogDirectory(path: directory)
    self.key = key
    self.previous = previous
  }

  /// Never throws: whatever is wrong is a finding.
  public func verify() -> VerificationReport {
    var report = VerificationReport()
    let clock = ContinuousClock()
    report.duration = clock.measure { verify(into: &report) }
    return report
  }

  private func verify(into report: inout VerificationReport) {
    let checkpoint: Checkpoint
    do throws(LedgerError) {
      checkpoint = try files.readCheckpoint()
    } catch {
      report.add(.badCheckpoint, path: LogDirectory.checkpoint, error.message)
      return
    }
    report.checkpoint = checkpoint
    do throws(LedgerError) {
      try checkpoint.verify(with: key)
    } catch {
      // Without a signature the tree says nothing, so it is not read.
      report.add(.forgedCheckpoint, path: LogDirectory.checkpoint, error.message)
      return
    }
    if let previous { verify(previous, against: checkpoint, into: &report) }
    var tree = TreeVerification(files: files, checkpoint: checkpoint, previous: previous)
    while !tree.isComplete, report.findings.count < Self.maximumFindings { tree.verifyBundle(into: &report) }
    if tree.isComplete { tree.verifyRoot(into: &report) }
    verifyJournal(from: checkpoint.size, into: &report)
  }

  private func verify(_ previous: Checkpoint, against checkpoint: Checkpoint, into report: inout VerificationReport) {
    do throws(LedgerError) {
      try previous.verify(with: key)
    } catch {
      report.add(.forgedCheckpoint, "the saved checkpoint: \(error.message)")
    }
    if previous.size > checkpoint.size {
      let message = "the saved checkpoint covers \(previous.size) leaves, the log's only \(checkpoint.size)"
      report.add(.rolledBack, path: LogDirectory.checkpoint, leaf: checkpoint.size, message)
    }
  }

  private func verifyJournal(from size: UInt64, into report: inout VerificationReport) {
    do throws(LedgerError) {
      let segments = try files.journalSegments()
      // A writer may have integrated and let go of segments since the checkpoint was read.
      if let first = segments.first, first.start > size, try files.readCheckpoint().size < first.start {
        report.add(.damagedJournal, path: first.path, leaf: size, "starts at leaf \(first.start), behind a gap")
      }
      var end = size
      for (position, segment) in segments.enumerated() {
        if position > 0, segment.start != end {
          report.add(.damagedJournal, path: segment.path, leaf: end, "starts at leaf \(segment.start), behind a gap")
        }
        guard var cursor = try open(segment) else { continue }
        let remaining = try lastWhole(&cursor)
        end = cursor.nextIndex
        if remaining > 0, position + 1 < segments.count {
          report.add(.damagedJournal, path: segment.path, leaf: end, "has no whole record of the leaf")
        } else if remaining > 0, try cursor.isDamaged(within: remaining) {
          report.add(.damagedJournal, path: segment.path, leaf: end, "the record of the leaf was changed")
        } else {
          report.unfinishedBytes += remaining
        }
      }
      report.unsignedLeaves = max(end, size) - size
    } catch {
      report.add(.missingFile, path: error.path, error.message)
    }
  }

  /// Nil if integration removed the segment meanwhile.
  private func open(_ segment: JournalSegment) throws(LedgerError) -> JournalCursor? {
    do throws(LedgerError) {
      return try JournalCursor(segment, in: files)
    } catch  where error.code == .missing {
      return nil
    }
  }

  /// Reads to the last whole record; the bytes behind it.
  private func lastWhole(_ cursor: inout JournalCursor) throws(LedgerError) -> UInt64 {
    while true {
      switch try cursor.next() {
      case .record: continue
      case .end: return 0
      case .torn(let remaining): return remaining
      }
    }
  }
}
