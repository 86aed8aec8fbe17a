public import JSON
public import NIOCore

/// A result that may be passed on.
public struct ScreenedResult: Sendable {
  public enum Body: Sendable {
    /// The slice that came in.
    case untouched(RawJSON)
    /// A new text. All that was not masked, removed or cut is byte for byte as it came.
    case rewritten(ByteBuffer)
  }

  public let body: Body
  public let outcome: ScreeningOutcome

  /// The JSON text to send.
  public var bytes: ByteBuffer {
    switch body {
    case .untouched(let raw): raw.bytes
    case .rewritten(let buffer): buffer
    }
  }
}

/// What screening saw and did, in counts; never a value.
public struct ScreeningOutcome: Sendable, Hashable {
  /// How often each detector found something, shown or masked.
  public internal(set) var findings: [DetectorKind: Int] = [:]
  /// The categories of all findings and of all declared fields that were there.
  public internal(set) var categories: DataCategories = []
  /// How many findings were masked.
  public internal(set) var findingsMasked = 0
  /// How many declared fields were masked.
  public internal(set) var fieldsMasked = 0
  /// How many records the row filter removed.
  public internal(set) var rowsRemoved = 0
  /// How many records were cut off because there were too many.
  public internal(set) var rowsTruncated = 0

  public init() {}
}
