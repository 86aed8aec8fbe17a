/// Which definition of a tool counts, and which one its upstream offers.
public struct ToolPin: Sendable, Hashable {
  public var upstream: String
  /// The upstream's own name for it.
  public var tool: String
  /// SHA-256 of the definition that was seen first, or accepted since; hexadecimal.
  public var accepted: String
  /// That of the definition that was offered last.
  public var offered: String
  /// When ``offered`` was first seen, in seconds since 1970.
  public var since: Int64

  public init(upstream: String, tool: String, accepted: String, offered: String, since: Int64) {
    self.upstream = upstream
    self.tool = tool
    self.accepted = accepted
    self.offered = offered
    self.since = since
  }

  /// Whether the definition that is offered waits for being accepted.
  public var isChanged: Bool { accepted != offered }
}
