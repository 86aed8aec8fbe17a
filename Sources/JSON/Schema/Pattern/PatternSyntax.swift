/// A regular expression as parsed, before it becomes a program.
indirect enum PatternSyntax {
  case empty
  /// One character of a class, by its place among ``PatternParser/classes``.
  case characters(Int32)
  case sequence([PatternSyntax])
  case alternatives([PatternSyntax])
  /// `most` is nil where there is no bound.
  case repetition(PatternSyntax, least: Int, most: Int?)
  case assertion(PatternAssertion)
  case lookahead(PatternSyntax, negated: Bool)
  /// Valid in ECMA-262, but not to be run in bounded time.
  case unsupported(String)
}

enum PatternAssertion: UInt8, Sendable { case start, end, wordBoundary, notWordBoundary }

/// Why a regular expression cannot be used.
struct PatternError: Error {
  /// Whether the expression is valid, but beyond what this engine runs.
  let isUnsupported: Bool
  let message: String

  init(_ message: String, isUnsupported: Bool = false) {
    self.message = message
    self.isUnsupported = isUnsupported
  }
}
