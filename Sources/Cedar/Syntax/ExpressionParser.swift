extension Parser {
  /// An expression and the depth of its tree.
  private typealias Parsed = (expr: Expr, depth: Int)

  /// Expr := Or | 'if' Expr 'then' Expr 'else' Expr
  mutating func expression() throws(CedarError) -> Expr { try measuredExpression().expr }

  private mutating func measuredExpression() throws(CedarError) -> Parsed {
    guard isKeyword("if") else { return try disjunction() }
    return try nested { parser throws(CedarError) in
      parser.position += 1
      let condition = try parser.measuredExpression()
      try parser.expectKeyword("then", after: "the condition of if")
      let then = try parser.measuredExpression()
      try parser.expectKeyword("else", after: "the first branch of if")
      let otherwise = try parser.measuredExpression()
      let expr = Expr.conditional(condition: condition.expr, then: then.expr, otherwise: otherwise.expr)
      return try parser.deeper(expr, over: max(condition.depth, then.depth, otherwise.depth))
    }
  }

  private mutating func expectKeyword(_ keyword: String, after what: String) throws(CedarError) {
    guard takeKeyword(keyword) else {
      throw error("expected \(keyword) after \(what), found \(shown(current))", at: current)
    }
  }

  private func deeper(_ expr: Expr, over depth: Int) throws(CedarError) -> Parsed {
    guard depth < Self.maximumDepth else {
      throw CedarError(
        .limit, "an expression may be at most \(Self.maximumDepth) operators deep; split it into several clauses",
        at: SourceLocation(offset: current.range.lowerBound, in: bytes))
    }
    return (expr, depth + 1)
  }

  private mutating func disjunction() throws(CedarError) -> Parsed {
    let first = try conjunction()
    guard isAt(.or) else { return first }
    var operands = [first.expr]
    var depth = first.depth
    while isAt(.or) {
      position += 1
      let next = try conjunction()
      operands.append(next.expr)
      depth = max(depth, next.depth)
    }
    return try deeper(.any(operands), over: depth)
  }

  private mutating func conjunction() throws(CedarError) -> Parsed {
    let first = try relation()
    guard isAt(.and) else { return first }
    var operands = [first.expr]
    var depth = first.depth
    while isAt(.and) {
      position += 1
      let next = try relation()
      operands.append(next.expr)
      depth = max(depth, next.depth)
    }
    return try deeper(.all(operands), over: depth)
  }

  /// Relation := Sum [RelOp Sum | 'has' Path | 'like' Pattern | 'is' Type ['in' Sum]]
  private mutating func relation() throws(CedarError) -> Parsed {
    let left = try sum()
    let result: Parsed
    if let operation = relationalOperator() {
      position += 1
      let right = try sum()
      result = try deeper(.binary(operation, left.expr, right.expr), over: max(left.depth, right.depth))
    } else if takeKeyword("has") {
      result = try deeper(.has(left.expr, path: try hasPath()), over: left.depth)
    } else if takeKeyword("like") {
      let token = try take(.string, expecting: "a pattern, a string literal, after like")
      result = try deeper(.like(left.expr, try pattern(token)), over: left.depth)
    } else if takeKeyword("is") {
      let type = try typeName()
      let test = try deeper(.isType(left.expr, type), over: left.depth)
      guard takeKeyword("in") else { return try endOfRelation(test) }
      let ancestor = try sum()
      let membership = try deeper(.binary(.in, left.expr, ancestor.expr), over: max(left.depth, ancestor.depth))
      result = try deeper(.and([test.expr, membership.expr]), over: max(test.depth, membership.depth))
    } else {
      return left
    }
    return try endOfRelation(result)
  }

  private func endOfRelation(_ parsed: Parsed) throws(CedarError) -> Parsed {
    let chained = relationalOperator() != nil || isKeyword("has") || isKeyword("like") || isKeyword("is")
    if chained { throw error("comparisons cannot be chained; use parentheses or &&", at: current) }
    return parsed
  }

  private func relationalOperator() -> Expr.BinaryOperator? {
    switch current.kind {
    case .symbol(.equal): .equal
    case .symbol(.notEqual): .notEqual
    case .symbol(.less): .less
    case .symbol(.lessOrEqual): .lessOrEqual
    case .symbol(.greater): .greater
    case .symbol(.greaterOrEqual): .greaterOrEqual
    case .identifier where isKeyword("in"): .in
    default: nil
    }
  }

  private mutating func hasPath() throws(CedarError) -> [String] {
    if current.kind == .string {
      position += 1
      return [try string(tokens[position - 1])]
    }
    var path = [try unreservedIdentifier()]
    while isAt(.dot) {
      position += 1
      path.append(try unreservedIdentifier())
    }
    if path.count > Self.maximumDepth { throw error("this path of has is too long", at: current) }
    return path
  }

  private mutating func sum() throws(CedarError) -> Parsed {
    var left = try product()
    while isAt(.plus) || isAt(.minus) {
      let operation: Expr.BinaryOperator = isAt(.plus) ? .add : .subtract
      position += 1
      let right = try product()
      left = try deeper(.binary(operation, left.expr, right.expr), over: max(left.depth, right.depth))
    }
    return left
  }

  private mutating func product() throws(CedarError) -> Parsed {
    var left = try unary()
    while true {
      if isAt(.divide) || isAt(.modulo) {
        throw error("Cedar has no \(shown(current)) operator; it knows +, - and *", at: current)
      }
      guard isAt(.times) else { return left }
      position += 1
      let right = try unary()
      left = try deeper(.binary(.multiply, left.expr, right.expr), over: max(left.depth, right.depth))
    }
  }

  /// Unary := '!' x0...4 Member | '-' x0...4 Member
  private mutating func unary() throws(CedarError) -> Parsed {
    guard isAt(.not) || isAt(.minus) else { return try member() }
    let symbol: Token.Symbol = isAt(.not) ? .not : .minus
    let start = current
    var count = 0
    while isAt(symbol) {
      position += 1
      count += 1
      if count > 4 { throw error("at most four \(symbol.rawValue) may stand in a row", at: start) }
    }
    if symbol == .minus, current.kind == .number, !startsAccess(tokens[position + 1]) {
      // The innermost minus belongs to the literal, so that the smallest integer can be written.
      let literal = try negativeInteger()
      return try negated(literal, count - 1)
    }
    var operand = try member()
    if symbol == .minus { return try negated(operand, count) }
    for _ in 0..<count { operand = try deeper(.not(operand.expr), over: operand.depth) }
    return operand
  }

  private func negated(_ operand: Parsed, _ count: Int) throws(CedarError) -> Parsed {
    var operand = operand
    for _ in 0..<count { operand = try deeper(.negate(operand.expr), over: operand.depth) }
    return operand
  }

  private func startsAccess(_ token: Token) -> Bool {
    token.kind == .symbol(.dot) || token.kind == .symbol(.openBracket) || token.kind == .symbol(.openParenthesis)
  }

  private mutating func negativeInteger() throws(CedarError) -> Parsed {
    let token = try take(.number, expecting: "a number")
    guard let value = Int64("-" + text(of: token)) else {
      throw error("-\(shown(token)) is out of range; integers have 64 bits", at: token)
    }
    return (.value(.long(value)), 1)
  }

  // MARK: Members and primaries

  private mutating func member() throws(CedarError) -> Parsed {
    var result = try primary()
    while true {
      if isAt(.dot) {
        position += 1
        let nameToken = current
        let name = try unreservedIdentifier()
        if isAt(.openParenthesis) {
          let arguments = try argumentList()
          result = try method(name, on: result, arguments, at: nameToken)
        } else {
          result = try deeper(.attribute(result.expr, name), over: result.depth)
        }
      } else if isAt(.openBracket) {
        position += 1
        let key = try take(.string, expecting: "an attribute name, a string literal, in [ ]")
        let name = try string(key)
        try take(.closeBracket)
        result = try deeper(.attribute(result.expr, name), over: result.depth)
      } else if isAt(.openParenthesis) {
        throw error("only functions and methods can be called", at: current)
      } else {
        return result
      }
    }
  }

  private mutating func argumentList() throws(CedarError) -> [Parsed] {
    try take(.openParenthesis)
    return try list(until: .closeParenthesis)
  }

  private mutating func list(until close: Token.Symbol) throws(CedarError) -> [Parsed] {
    try nested { parser throws(CedarError) in
      var items: [Parsed] = []
      while !parser.isAt(close) {
        items.append(try parser.measuredExpression())
        guard parser.isAt(.comma) else { break }
        parser.position += 1
      }
      try parser.take(close)
      return items
    }
  }

  private mutating func method(
    _ name: String, on receiver: Parsed, _ arguments: [Parsed], at token: Token
  ) throws(CedarError) -> Parsed {
    let depth = arguments.reduce(receiver.depth) { max($0, $1.depth) }
    func require(_ count: Int) throws(CedarError) {
      guard arguments.count == count else {
        throw error("\(name) takes \(count) argument\(count == 1 ? "" : "s"), \(arguments.count) given", at: token)
      }
    }
    if let operation = Expr.BinaryOperator(rawValue: name), operation.isMethod {
      try require(1)
      return try deeper(.binary(operation, receiver.expr, arguments[0].expr), over: depth)
    }
    if name == "isEmpty" {
      try require(0)
      return try deeper(.isEmpty(receiver.expr), over: depth)
    }
    guard let function = ExtensionFunction(rawValue: name) else {
      throw error("there is no method \(name)", at: token)
    }
    if function.isConstructor { throw error("\(name) is a function, not a method: write \(name)(...)", at: token) }
    // A wrong number of arguments to an extension function is an evaluation error, as in the reference.
    return try deeper(Self.folded(call: function, [receiver.expr] + arguments.map(\.expr)), over: depth)
  }

  private mutating func primary() throws(CedarError) -> Parsed {
    let token = current
    switch token.kind {
    case .number:
      position += 1
      guard let value = Int64(text(of: token)) else {
        throw error("\(shown(token)) is out of range; integers have 64 bits", at: token)
      }
      return (.value(.long(value)), 1)
    case .string:
      position += 1
      return (.value(.string(try string(token))), 1)
    case .identifier:
      return try named()
    case .slot:
      throw error("\(shown(token)) may stand in the scope only, not in a condition", at: token)
    case .symbol(.openParenthesis):
      position += 1
      return try nested { parser throws(CedarError) in
        let inner = try parser.measuredExpression()
        try parser.take(.closeParenthesis)
        return inner
      }
    case .symbol(.openBracket):
      position += 1
      let items = try list(until: .closeBracket)
      return try deeper(Self.folded(set: items.map(\.expr)), over: items.reduce(0) { max($0, $1.depth) })
    case .symbol(.openBrace):
      return try record()
    case .symbol(.assign):
      throw error("use == to compare; = is not an operator", at: token)
    default:
      throw error("expected an expression, found \(shown(token))", at: token)
    }
  }

  /// A literal, a variable, an entity, or a function call.
  private mutating func named() throws(CedarError) -> Parsed {
    let token = current
    let followedByPath = tokens[position + 1].kind == .symbol(.doubleColon)
    if !followedByPath {
      switch text(of: token) {
      case "true", "false":
        position += 1
        return (.value(.bool(text(of: token) == "true")), 1)
      case let name:
        if let variable = Expr.Variable(rawValue: name) {
          position += 1
          if isAt(.openParenthesis) { throw error("\(name) is a variable and cannot be called", at: token) }
          return (.variable(variable), 1)
        }
        if name == "if" { throw error("put this if in parentheses", at: token) }
      }
    }
    let name = try path()
    if isAt(.doubleColon) {
      position += 1
      if isAt(.openBrace) { throw error("write an entity as \(name)::\"id\"", at: current) }
      let id = try take(.string, expecting: "an entity's id, a string, after \(name)::")
      return (.value(.entity(EntityUID(type: name, id: try string(id)))), 1)
    }
    guard isAt(.openParenthesis) else {
      throw error("\(name) is not a variable; there are principal, action, resource and context", at: token)
    }
    let arguments = try argumentList()
    guard let function = ExtensionFunction(rawValue: name), function.isConstructor else {
      let known = ExtensionFunction(rawValue: name) != nil || Expr.BinaryOperator(rawValue: name)?.isMethod == true
      let isMethod = known || name == "isEmpty"
      throw error(isMethod ? "\(name) is a method: write value.\(name)(...)" : "there is no function \(name)", at: token)
    }
    return try deeper(
      Self.folded(call: function, arguments.map(\.expr)), over: arguments.reduce(0) { max($0, $1.depth) })
  }

  private mutating func record() throws(CedarError) -> Parsed {
    try take(.openBrace)
    return try nested { parser throws(CedarError) in
      var fields: [Expr.RecordField] = []
      var names: Set<Value> = []
      var depth = 0
      while !parser.isAt(.closeBrace) {
        let key = parser.current
        let name: String
        if key.kind == .string {
          parser.position += 1
          name = try parser.string(key)
        } else {
          name = try parser.unreservedIdentifier()
        }
        guard names.insert(.string(name)).inserted else {
          throw parser.error("the key \(CedarText.quoted(name)) is given twice", at: key)
        }
        try parser.take(.colon)
        let value = try parser.measuredExpression()
        fields.append(Expr.RecordField(name, value.expr))
        depth = max(depth, value.depth)
        guard parser.isAt(.comma) else { break }
        parser.position += 1
      }
      try parser.take(.closeBrace)
      return try parser.deeper(Self.folded(record: fields), over: depth)
    }
  }

  // MARK: Folding of literals

  private static func folded(set items: [Expr]) -> Expr {
    let values = items.compactMap { if case .value(let value) = $0 { value } else { nil } }
    return values.count == items.count ? .value(.set(ValueSet(values))) : .set(items)
  }

  private static func folded(record fields: [Expr.RecordField]) -> Expr {
    let values = fields.compactMap { if case .value(let value) = $0.value { Record.Field($0.name, value) } else { nil } }
    return values.count == fields.count ? .value(.record(Record(values))) : .record(fields)
  }

  /// Literal arguments are read now, so that evaluation never parses text. A malformed one fails when it is evaluated.
  ///
  /// Of methods only `offset` is folded: some instants cannot be written without it.
  private static func folded(call function: ExtensionFunction, _ arguments: [Expr]) -> Expr {
    guard function.isConstructor || function == .offset else { return .call(function, arguments) }
    let values = arguments.compactMap { if case .value(let value) = $0 { value } else { nil } }
    guard values.count == arguments.count, let value = try? ExtensionEvaluation.apply(function, values) else {
      return .call(function, arguments)
    }
    return .value(value)
  }
}
