/// A lexical token and the bytes it covers.
struct Token {
  enum Kind: Equatable {
    case identifier
    /// Decimal digits, without sign.
    case number
    /// A quoted string, escapes not yet resolved.
    case string
    /// `?name`
    case slot
    case symbol(Symbol)
    case end
  }

  enum Symbol: String {
    case at = "@"
    case dot = "."
    case comma = ","
    case semicolon = ";"
    case colon = ":"
    case doubleColon = "::"
    case openParenthesis = "("
    case closeParenthesis = ")"
    case openBrace = "{"
    case closeBrace = "}"
    case openBracket = "["
    case closeBracket = "]"
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case or = "||"
    case and = "&&"
    case plus = "+"
    case minus = "-"
    case times = "*"
    case divide = "/"
    case modulo = "%"
    case not = "!"
    case assign = "="
  }

  let kind: Kind
  let range: Range<Int>
}
