/// Which data categories a principal may see, and what becomes of a result that holds another one.
public struct Clearance: Sendable, Hashable {
  public enum Action: Sendable, Hashable {
    /// Replace the value by a placeholder.
    case mask
    /// Refuse the whole result.
    case refuse
  }

  /// What is shown as it is. ``DataCategory/public`` is always part of it.
  public private(set) var revealed: DataCategories
  private var refused: DataCategories = []

  /// - Parameters:
  ///   - revealed: what the principal may see; `confidential` includes `internal`.
  ///   - refused: the categories whose presence refuses the whole result. All others are masked.
  public init(revealing revealed: DataCategories = [], refusing refused: DataCategories = []) {
    self.revealed = revealed
    self.revealed.insert(.public)
    if revealed.contains(.confidential) { self.revealed.insert(.internal) }
    self.refused = refused
  }

  public func reveals(_ category: DataCategory) -> Bool { revealed.contains(category) }

  /// What to do with data of `category`; nil if it may be shown.
  public func action(for category: DataCategory) -> Action? {
    if revealed.contains(category) { return nil }
    return refused.contains(category) ? .refuse : .mask
  }
}
