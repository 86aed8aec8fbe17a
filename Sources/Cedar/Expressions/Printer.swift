/// Writes expressions as Cedar text, with only the parentheses that precedence asks for.
struct ExpressionPrinter {
  /// How tightly an expression binds, loosest first; the order of the grammar.
  private enum Precedence: Int, Comparable {
    case conditional, or, and, relation, sum, product, unary, member

    static func < (left: Precedence, right: Precedence) -> Bool { left.rawValue < right.rawValue }
  }

  static func print(_ expr: Expr) -> String {
    var printer = ExpressionPrinter()
    printer.write(expr, atLeast: .conditional)
    return printer.text
  }

  static func print(_ value: Value) -> String {
    var printer = ExpressionPrinter()
    printer.write(value)
    return printer.text
  }

  private var text = ""
  private var depth = 0

  private mutating func write(_ expr: Expr, atLeast required: Precedence) {
    // Trees of the parser are bounded; one built by hand may not be.
    guard depth < Evaluator.maximumDepth else {
      text += "..."
      return
    }
    depth += 1
    defer { depth -= 1 }
    let parenthesized = Self.precedence(of: expr) < required
    if parenthesized { text += "(" }
    write(expr)
    if parenthesized { text += ")" }
  }

  private static func precedence(of expr: Expr) -> Precedence {
    switch expr {
    case .conditional: .conditional
    case .or: .or
    case .and: .and
    case .has, .like, .isType: .relation
    case .not, .negate: .unary
    case .value(.long(let value)): value < 0 ? .unary : .member
    case .binary(let operation, _, _):
      switch operation {
      case .add, .subtract: .sum
      case .multiply: .product
      case .contains, .containsAll, .containsAny, .hasTag, .getTag: .member
      default: .relation
      }
    default: .member
    }
  }

  private mutating func write(_ expr: Expr) {
    switch expr {
    case .value(let value): write(value)
    case .variable(let variable): text += variable.rawValue
    case .not(let operand): prefix("!", operand)
    case .negate(let operand): prefix("-", operand)
    case .and(let operands): list(operands, separator: " && ", .relation, empty: "true")
    case .or(let operands): list(operands, separator: " || ", .and, empty: "false")
    case .conditional(let condition, let then, let otherwise):
      text += "if "
      write(condition, atLeast: .conditional)
      text += " then "
      write(then, atLeast: .conditional)
      text += " else "
      write(otherwise, atLeast: .conditional)
    case .binary(let operation, let left, let right): binary(operation, left, right)
    case .isEmpty(let operand): method("isEmpty", operand, [])
    case .attribute(let base, let name):
      write(base, atLeast: .member)
      text += CedarText.isPlainName(name) ? ".\(name)" : "[\(CedarText.quoted(name))]"
    case .has(let base, let path): has(base, path)
    case .like(let base, let pattern):
      write(base, atLeast: .sum)
      text += " like \(pattern)"
    case .isType(let base, let type):
      write(base, atLeast: .sum)
      text += " is \(type)"
    case .set(let items):
      text += "["
      list(items, separator: ", ", .conditional, empty: "")
      text += "]"
    case .record(let fields): record(fields)
    case .call(let function, let arguments): call(function, arguments)
    case .isTrue(let operand):
      text += "isTrue("
      write(operand, atLeast: .conditional)
      text += ")"
    case .failure(let error): text += "error(\(CedarText.quoted(error.description)))"
    }
  }

  /// At most four signs of a kind may stand in a row, and different ones not at all, so nested ones get parentheses.
  private mutating func prefix(_ sign: String, _ operand: Expr) {
    text += sign
    // A minus before a number literal would be read as part of the literal.
    if case .value(.long) = operand {
      text += "("
      write(operand, atLeast: .conditional)
      text += ")"
    } else {
      write(operand, atLeast: .member)
    }
  }

  private mutating func list(_ items: [Expr], separator: String, _ precedence: Precedence, empty: String) {
    if items.isEmpty { text += empty }
    for (index, item) in items.enumerated() {
      if index > 0 { text += separator }
      write(item, atLeast: precedence)
    }
  }

  private mutating func binary(_ operation: Expr.BinaryOperator, _ left: Expr, _ right: Expr) {
    if operation.isMethod { return method(operation.rawValue, left, [right]) }
    let (leftBound, rightBound): (Precedence, Precedence) =
      switch operation {
      case .add, .subtract: (.sum, .product)
      case .multiply: (.product, .unary)
      default: (.sum, .sum)
      }
    write(left, atLeast: leftBound)
    text += " \(operation.rawValue) "
    write(right, atLeast: rightBound)
  }

  private mutating func method(_ name: String, _ receiver: Expr, _ arguments: [Expr]) {
    write(receiver, atLeast: .member)
    text += ".\(name)("
    list(arguments, separator: ", ", .conditional, empty: "")
    text += ")"
  }

  private mutating func call(_ function: ExtensionFunction, _ arguments: [Expr]) {
    if !function.isConstructor, let receiver = arguments.first {
      return method(function.rawValue, receiver, Array(arguments.dropFirst()))
    }
    text += "\(function.rawValue)("
    list(arguments, separator: ", ", .conditional, empty: "")
    text += ")"
  }

  private mutating func has(_ base: Expr, _ path: [String]) {
    write(base, atLeast: .sum)
    if path.count == 1, let name = path.first, !CedarText.isPlainName(name) {
      text += " has \(CedarText.quoted(name))"
    } else {
      text += " has \(path.joined(separator: "."))"
    }
  }

  private mutating func record(_ fields: [Expr.RecordField]) {
    text += "{"
    for (index, field) in fields.enumerated() {
      if index > 0 { text += ", " }
      text += CedarText.isPlainName(field.name) ? field.name : CedarText.quoted(field.name)
      text += ": "
      write(field.value, atLeast: .conditional)
    }
    text += "}"
  }

  private mutating func write(_ value: Value) {
    switch value {
    case .bool(let bool): text += bool ? "true" : "false"
    case .long(let long): text += String(long)
    case .string(let string): text += CedarText.quoted(string)
    case .entity(let uid): text += uid.description
    case .set(let set):
      text += "["
      list(set.elements.map { .value($0) }, separator: ", ", .conditional, empty: "")
      text += "]"
    case .record(let record): self.record(record.fields.map { Expr.RecordField($0.name, .value($0.value)) })
    case .ip(let address): text += "ip(\"\(address)\")"
    case .decimal(let decimal): text += "decimal(\"\(decimal)\")"
    case .duration(let duration): text += "duration(\"\(duration)\")"
    case .datetime(let instant):
      // Instants outside the years 0 to 9999 have no literal of their own, so they are written from the epoch.
      if let literal = instant.text { return text += "datetime(\"\(literal)\")" }
      text += "datetime(\"1970-01-01\").offset(duration(\"\(instant.milliseconds)ms\"))"
    }
  }
}

extension Expr: CustomStringConvertible {
  /// The expression as Cedar text. Parsing it gives an equal meaning, except for `isTrue(...)` and `error(...)`, which only
  /// residuals contain and Cedar cannot read.
  public var description: String { ExpressionPrinter.print(self) }
}

extension Value: CustomStringConvertible {
  /// The value as Cedar text.
  public var description: String { ExpressionPrinter.print(self) }
}

extension Pattern: CustomStringConvertible {
  /// The pattern as a Cedar string literal.
  public var description: String {
    let body = parts.map { part in
      switch part {
      case .wildcard: "*"
      case .literal(let text):
        CedarText.escaped(text).split(separator: "*", omittingEmptySubsequences: false)
          .joined(separator: "\\*")
      }
    }
    return "\"\(body.joined())\""
  }
}
