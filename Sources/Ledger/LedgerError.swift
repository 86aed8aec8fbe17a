/// Any failure of the audit log: what kind it is, what happened, and what to do about it.
///
/// Messages name files of the log directory and system errors, never leaf contents or key material.
public struct LedgerError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure that a caller may want to tell apart.
  public enum Code: String, Hashable, Sendable, CaseIterable {
    /// A leaf is longer than 65,535 bytes, the bound of a tlog-tiles entry.
    case leafTooLarge
    /// The log cannot be written now (disk full, read-only, I/O error). Refuse the call; the log retries by itself.
    case unwritable
    /// Another process, or another writer in this one, holds the log.
    case locked
    /// The writer was closed.
    case closed
    /// A file or directory of the log is missing.
    case missing
    /// A file cannot be read for a reason other than its contents.
    case unreadable
    /// A file does not have the content that the rest of the log commits to.
    case corrupt
    /// A key, note, checkpoint or proof is not well formed.
    case malformed
    /// A signature or a Merkle proof does not verify.
    case unverified
    /// An index or a size lies beyond the log.
    case outOfRange
  }

  public let code: Code
  /// One sentence that is safe to show to an operator.
  public let message: String
  /// The file concerned, relative to the log directory or as given by the caller.
  public let path: String?

  public init(_ code: Code, _ message: String, path: String? = nil) {
    self.code = code
    self.message = message
    self.path = path
  }

  public var description: String {
    guard let path else { return "\(code.rawValue): \(message)" }
    return "\(code.rawValue): \(path): \(message)"
  }
}
