/// Why the store could not answer. A stage that gets one refuses the request: errors deny.
public struct StoreError: Error, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// The directory or the database cannot be opened, read or written.
    case unavailable
    /// Another process held the write lock for longer than the busy timeout.
    case busy
    /// The file is not a Sluice database, or is damaged.
    case corrupt
    /// A newer version of Sluice wrote the database.
    case newerSchema
    /// A row with that key is there already.
    case conflict
  }

  public let code: Code
  /// What went wrong and what to do about it, for the operator. It names paths, so it is not for clients.
  public let message: String
  public let cause: (any Error)?

  public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  public var description: String {
    guard let cause else { return message }
    return "\(message) (\(cause))"
  }
}
