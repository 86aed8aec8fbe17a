/// How long a client may keep a result, and whom it may show it to (2026-07-28, server/utilities/caching).
public struct CacheHint: Sendable, Hashable {
  /// Who may keep a result.
  public enum Scope: String, Sendable {
    /// The result is the same for everyone.
    case `public`
    /// The result may depend on who asked.
    case `private`
  }

  /// For how many milliseconds the result is fresh; 0 means stale at once.
  public var milliseconds: Int
  /// Who may keep it.
  public var scope: Scope

  public init(milliseconds: Int, scope: Scope) {
    self.milliseconds = max(0, milliseconds)
    self.scope = scope
  }
}
