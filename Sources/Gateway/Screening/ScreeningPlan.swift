/// What is screened for one principal and one tool. Made once by the policy stage and kept; passing it costs a reference.
public final class ScreeningPlan: Sendable {
  public let clearance: Clearance
  /// The categories that the tool declares for places in its `structuredContent`.
  public let fields: [FieldCategory]
  public let rows: [RecordFilter]
  public let bounds: ResultBounds
  public let detectors: DetectorSet

  /// Whether the structure of `structuredContent` matters, not only the text of its values.
  let readsStructure: Bool
  /// Whether a result without `structuredContent` could show what rows or fields would take away.
  let needsStructure: Bool
  /// Whether the source has taken away already what rows and fields would, so that its text blocks can be believed.
  public let trustsText: Bool

  /// Whether declared fields are masked.
  var masksFields: Bool { fields.contains { clearance.action(for: $0.category) == .mask } }

  public init(
    clearance: Clearance, fields: [FieldCategory] = [], rows: [RecordFilter] = [], bounds: ResultBounds = ResultBounds(),
    detectors: DetectorSet = .all, trustsText: Bool = false
  ) {
    self.clearance = clearance
    self.fields = fields
    self.rows = rows
    self.bounds = bounds
    self.detectors = detectors
    self.trustsText = trustsText
    needsStructure = !rows.isEmpty || fields.contains { !clearance.reveals($0.category) }
    readsStructure = !fields.isEmpty || !rows.isEmpty || bounds.items != nil
  }
}

/// How large a result may be.
public struct ResultBounds: Sendable, Hashable {
  /// The longest result, in bytes of its JSON text as the upstream sent it. Longer ones are refused.
  public var bytes: Int
  /// The most records in `structuredContent`: of the array that the row filter names, or without one of each array that is a
  /// member of `structuredContent`. Records beyond are cut off. Nil for no bound.
  public var items: Int?
  /// The deepest nesting of arrays and objects, the result itself being 1. Nil leaves it to the bound of the scanner; a bound
  /// costs a walk over the containers of every result.
  public var depth: Int?

  public init(bytes: Int = 16 << 20, items: Int? = nil, depth: Int? = nil) {
    self.bytes = bytes
    self.items = items
    self.depth = depth
  }
}
