/// What an argument completion is for (2026-07-28, server/utilities/completion).
public enum CompletionTarget: Sendable, Hashable {
  case prompt(String, argument: String)
  /// `uriTemplate` as it was registered.
  case resourceTemplate(String, argument: String)
}

/// One `completion/complete`.
public struct CompletionRequest: IncomingRequest {
  /// The argument that values are wanted for.
  public let argument: String
  /// What the user has typed so far.
  public let value: String
  /// Other arguments that are filled in already.
  public let arguments: [String: String]
  /// The request as it came.
  public let envelope: Envelope
  /// Who asks, how, and by which client.
  public let context: RequestContext
  /// What this request asks of its client; see ``IncomingRequest/elicit(_:_:key:)``.
  public let interaction: Interaction
}

/// Suggestions, best first.
public struct Completion: Sendable, Hashable, ExpressibleByArrayLiteral {
  /// The most values that one answer may hold (2026-07-28, "Completion Results").
  public static let limit = 100

  /// The suggestions, the best first; at most 100 are sent.
  public var values: [String]
  /// How many there are in all, if more than `values` holds; nil when unknown.
  public var total: Int?
  /// Whether there are more than ``values``, also where nobody knows how many; nil leaves it to ``total`` and to what one answer can hold.
  public var hasMore: Bool?

  /// All suggestions; the answer holds the first hundred and says how many there are, unless it is told that there are more and no ``total``.
  public init(_ values: [String], total: Int? = nil, hasMore: Bool? = nil) {
    self.values = values
    self.total = total
    self.hasMore = hasMore
  }

  public init(arrayLiteral elements: String...) { self.init(elements) }
}
