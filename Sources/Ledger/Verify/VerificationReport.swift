/// What is wrong with a log, in the order in which it was found.
public struct Finding: Hashable, Sendable, CustomStringConvertible {
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// The checkpoint is missing, unreadable or malformed.
    case badCheckpoint
    /// The checkpoint is not signed by the key, or is of another log.
    case forgedCheckpoint
    /// A file that the checkpoint requires is not there or cannot be read.
    case missingFile
    /// A file has the wrong length or form.
    case malformedFile
    /// A leaf does not have the hash that the tree has for it.
    case modifiedLeaf
    /// A tile does not have the hashes of the leaves below it.
    case modifiedTile
    /// All leaves and tiles agree with each other, but not with the signed root.
    case wrongRoot
    /// The log has fewer leaves than a checkpoint saved before: it was truncated or set back.
    case rolledBack
    /// The first leaves are not those of a checkpoint saved before: history was rewritten.
    case rewrittenHistory
    /// The journal has damage, or a gap towards the tree.
    case damagedJournal
  }

  public let kind: Kind
  /// The file concerned, relative to the log directory.
  public let path: String?
  /// The first leaf concerned.
  public let leaf: UInt64?
  public let message: String

  public var description: String {
    var text = kind.rawValue
    if let leaf { text += ", leaf \(leaf)" }
    if let path { text += ", \(path)" }
    return "\(text): \(message)"
  }
}

/// The result of verifying a log.
public struct VerificationReport: Sendable {
  /// The checkpoint of the log, if it could be read; trusted only if `isValid`.
  public internal(set) var checkpoint: Checkpoint?
  /// Leaves that were read and hashed.
  public internal(set) var leaves: UInt64 = 0
  /// Whole leaves in the journal beyond the checkpoint: written, but not signed for.
  public internal(set) var unsignedLeaves: UInt64 = 0
  /// Bytes behind them that are no whole leaf: a write that was going on, or broken off by a crash.
  public internal(set) var unfinishedBytes: UInt64 = 0
  /// Empty for a good log. Bounded: after many findings the verification stops looking.
  public internal(set) var findings: [Finding] = []
  public internal(set) var duration: Duration = .zero

  public var isValid: Bool { findings.isEmpty && checkpoint != nil }

  /// The first leaf known to be bad.
  public var firstBadLeaf: UInt64? { findings.compactMap(\.leaf).min() }

  public var leavesPerSecond: Double {
    let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    return seconds > 0 ? Double(leaves) / seconds : 0
  }

  mutating func add(_ kind: Finding.Kind, path: String? = nil, leaf: UInt64? = nil, _ message: String) {
    findings.append(Finding(kind: kind, path: path, leaf: leaf, message: message))
  }
}
