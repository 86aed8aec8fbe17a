/// Why a result is not passed on.
public struct ScreeningRefusal: Error, Sendable, Hashable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// The result holds data of a category that refuses it for this principal.
    case uncleared
    /// More bytes than ``ResultBounds/bytes``.
    case tooLarge = "too_large"
    /// More levels than ``ResultBounds/depth``.
    case tooDeep = "too_deep"
    /// The single record of the result is not for this principal. Say what a missing record says.
    case notFound = "not_found"
    /// Rows or fields must be screened, and the result does not have them where the plan says.
    case unstructured
  }

  public let code: Code
  /// The category, for ``Code/uncleared``.
  public let category: DataCategory?
  /// What is wrong and what to do next, without any of the data.
  public let message: String
  /// What was seen up to the refusal, for the audit log.
  public let outcome: ScreeningOutcome

  init(_ code: Code, _ message: String, category: DataCategory? = nil, outcome: ScreeningOutcome = ScreeningOutcome()) {
    self.code = code
    self.message = message
    self.category = category
    self.outcome = outcome
  }

  public var description: String { message }

  static func unstructured(_ outcome: ScreeningOutcome) -> ScreeningRefusal {
    ScreeningRefusal(
      .unstructured, "The tool answered without the structured content that its rows and fields are screened by. Tell its operator.",
      outcome: outcome)
  }

  static func uncleared(_ category: DataCategory, _ outcome: ScreeningOutcome) -> ScreeningRefusal {
    ScreeningRefusal(
      .uncleared, "The result holds \(category.rawValue) data that you are not cleared for. Ask for less, or ask for clearance.",
      category: category, outcome: outcome)
  }
}
