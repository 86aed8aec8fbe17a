/// Something that a detector recognized: what it is, and where it stands in the text.
public struct TextFinding: Sendable, Hashable {
  public var kind: DetectorKind
  /// In bytes from the start of the text.
  public var range: Range<Int>

  public var category: DataCategory { kind.category }

  public init(kind: DetectorKind, range: Range<Int>) {
    self.kind = kind
    self.range = range
  }
}
