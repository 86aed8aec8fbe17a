/// Reads policies from tokens. Expressions are in `ExpressionParser.swift`.
struct Parser {
  let bytes: [UInt8]
  let tokens: [Token]
  var position = 0
  /// The start of the last policy. Advanced from policy to policy, so that counting lines takes one pass over the text.
  private var policyStart = SourceLocation(line: 1, column: 1, offset: 0)
  /// Where the first slot of a template stands.
  private var firstSlot: Token?
  /// Levels of brackets, `if` and clauses around the current token.
  var nesting = 0

  static let maximumNesting = 100
  /// Bounds the recursion of every walk over a parsed expression.
  static let maximumDepth = 200

  init(bytes: [UInt8]) throws(CedarError) {
    self.bytes = bytes
    var lexer = Lexer(bytes: bytes)
    tokens = try lexer.tokens()
  }

  mutating func policies() throws(CedarError) -> [Policy] {
    var policies: [Policy] = []
    while current.kind != .end { policies.append(try policy(id: "policy\(policies.count)")) }
    if let firstSlot {
      throw CedarError(
        .template,
        "\(text(of: firstSlot)) makes this policy a template, which is not supported; write the entity in its place",
        at: SourceLocation(offset: firstSlot.range.lowerBound, in: bytes))
    }
    return policies
  }

  private mutating func policy(id: String) throws(CedarError) -> Policy {
    let start = current.range.lowerBound
    policyStart = policyStart.advanced(to: start, in: bytes)
    let annotations = try annotations()
    let effectToken = try take(.identifier, expecting: "permit or forbid")
    guard let effect = Policy.Effect(rawValue: text(of: effectToken)) else {
      throw error("a policy starts with permit or forbid, not \(text(of: effectToken))", at: effectToken)
    }
    try take(.openParenthesis)
    let principal = try scopeConstraint(.principal)
    try takeScopeComma(before: "action")
    let action = try actionConstraint()
    try takeScopeComma(before: "resource")
    let resource = try scopeConstraint(.resource)
    if isAt(.comma) { position += 1 }
    guard isAt(.closeParenthesis) else {
      throw error("expected ) after the resource: the scope is (principal, action, resource)", at: current)
    }
    position += 1
    var conditions: [Policy.Condition] = []
    while !isAt(.semicolon) { conditions.append(try condition()) }
    position += 1
    let storage = Policy.Storage(
      effect: effect, annotations: annotations, principal: principal, action: action, resource: resource,
      conditions: conditions, sourceRange: start..<tokens[position - 1].range.upperBound, location: policyStart)
    return Policy(id: id, storage)
  }

  private mutating func annotations() throws(CedarError) -> [Policy.Annotation] {
    var annotations: [Policy.Annotation] = []
    var names: Set<String> = []
    while isAt(.at) {
      position += 1
      let nameToken = try take(.identifier, expecting: "the name of an annotation")
      let name = text(of: nameToken)
      var value = ""
      if isAt(.openParenthesis) {
        position += 1
        value = try string(try take(.string, expecting: "the annotation's value, a string"))
        try take(.closeParenthesis)
      }
      guard names.insert(name).inserted else {
        throw error("the annotation @\(name) is given twice", at: nameToken)
      }
      annotations.append(Policy.Annotation(name: name, value: value))
    }
    return annotations
  }

  private mutating func condition() throws(CedarError) -> Policy.Condition {
    guard current.kind == .identifier, let kind = Policy.Condition.Kind(rawValue: text(of: current)) else {
      throw error("expected when, unless or the ; that ends the policy, found \(shown(current))", at: current)
    }
    position += 1
    try take(.openBrace)
    if isAt(.closeBrace) { throw error("this \(kind.rawValue) clause is empty; put a condition in it", at: current) }
    let parsed = try nested { parser throws(CedarError) in try parser.expression() }
    try take(.closeBrace)
    return Policy.Condition(kind: kind, expression: parsed)
  }

  // MARK: Scope

  private mutating func takeScopeComma(before variable: String) throws(CedarError) {
    guard isAt(.comma) else {
      throw error("expected , and then \(variable): the scope is (principal, action, resource)", at: current)
    }
    position += 1
  }

  private mutating func takeVariable(_ variable: Expr.Variable) throws(CedarError) {
    guard current.kind == .identifier, text(of: current) == variable.rawValue else {
      throw error(
        "expected \(variable.rawValue), found \(shown(current)): the scope is (principal, action, resource)", at: current)
    }
    position += 1
    if isAt(.colon) { throw error("write the type as `\(variable.rawValue) is Type`", at: current) }
  }

  private mutating func scopeConstraint(_ variable: Expr.Variable) throws(CedarError) -> ScopeConstraint {
    try takeVariable(variable)
    if takeKeyword("is") {
      let type = try typeName()
      if takeKeyword("in") { return .isTypeIn(type, try scopeEntity(variable)) }
      if isAt(.equal) { throw error("`is` cannot be combined with ==; == alone says the type already", at: current) }
      return .isType(type)
    }
    if takeKeyword("in") { return .isIn(try scopeEntity(variable)) }
    if isAt(.equal) {
      position += 1
      return .equal(try scopeEntity(variable))
    }
    try rejectScopeOperator()
    return .any
  }

  private mutating func actionConstraint() throws(CedarError) -> ActionConstraint {
    try takeVariable(.action)
    let start = current
    var constraint = ActionConstraint.any
    if takeKeyword("in") {
      constraint = .isIn(try actionList())
    } else if isAt(.equal) {
      position += 1
      constraint = .equal(try scopeEntity(.action))
    } else if isKeyword("is") {
      throw error("`is` is not allowed for the action; use == or in", at: current)
    } else {
      try rejectScopeOperator()
    }
    let named: [EntityUID]
    switch constraint {
    case .any: named = []
    case .equal(let uid): named = [uid]
    case .isIn(let uids): named = uids
    }
    for uid in named where uid.type != "Action" && !uid.type.hasSuffix("::Action") {
      throw error("\(uid) is not an action: its type must be Action, or end in ::Action", at: start)
    }
    return constraint
  }

  private func rejectScopeOperator() throws(CedarError) {
    if isAt(.comma) || isAt(.closeParenthesis) { return }
    if isAt(.assign) { throw error("use == to compare; = is not an operator", at: current) }
    throw error("expected ==, in or is here, found \(shown(current)); other conditions go into a when clause", at: current)
  }

  private mutating func actionList() throws(CedarError) -> [EntityUID] {
    if isAt(.openParenthesis) {
      return try nested { parser throws(CedarError) in
        parser.position += 1
        let list = try parser.actionList()
        try parser.take(.closeParenthesis)
        return list
      }
    }
    guard isAt(.openBracket) else { return [try scopeEntity(.action)] }
    position += 1
    var uids: [EntityUID] = []
    while !isAt(.closeBracket) {
      uids.append(try scopeEntity(.action))
      guard isAt(.comma) else { break }
      position += 1
    }
    try take(.closeBracket)
    return uids
  }

  /// An entity literal, possibly in parentheses.
  private mutating func scopeEntity(_ variable: Expr.Variable) throws(CedarError) -> EntityUID {
    if isAt(.openParenthesis) {
      return try nested { parser throws(CedarError) in
        parser.position += 1
        let uid = try parser.scopeEntity(variable)
        try parser.take(.closeParenthesis)
        return uid
      }
    }
    if current.kind == .slot { return try slot(for: variable) }
    guard current.kind == .identifier else {
      throw error("expected an entity such as User::\"alice\", found \(shown(current))", at: current)
    }
    let name = try path()
    guard isAt(.doubleColon), tokens[position + 1].kind == .string else {
      throw error("expected ::\"...\" after \(name) to name an entity; to test for a type use `is`", at: current)
    }
    position += 2
    return EntityUID(type: name, id: try string(tokens[position - 1]))
  }

  /// Notes a slot in the scope and gives a placeholder, so that the rest of a template is still checked.
  private mutating func slot(for variable: Expr.Variable) throws(CedarError) -> EntityUID {
    let token = current
    guard variable != .action, text(of: token) == "?\(variable.rawValue)" else {
      throw error("\(shown(token)) cannot stand for the \(variable.rawValue); expected an entity", at: token)
    }
    position += 1
    firstSlot = firstSlot ?? token
    return EntityUID(type: "", id: "")
  }

  // MARK: Names

  static let reserved: Set<String> = [
    "true", "false", "if", "then", "else", "in", "is", "like", "has", "__cedar",
  ]

  /// `A::B::C`; stops before a `::` that a string follows.
  mutating func path() throws(CedarError) -> String {
    var name = try unreservedIdentifier()
    while isAt(.doubleColon), tokens[position + 1].kind == .identifier {
      position += 1
      name += "::" + (try unreservedIdentifier())
    }
    return name
  }

  mutating func typeName() throws(CedarError) -> String {
    guard current.kind == .identifier else {
      throw error("expected an entity type after `is`, found \(shown(current))", at: current)
    }
    let name = try path()
    if isAt(.doubleColon) { throw error("expected an entity type after `is`, not an entity", at: current) }
    return name
  }

  mutating func unreservedIdentifier() throws(CedarError) -> String {
    let token = try take(.identifier, expecting: "a name")
    let name = text(of: token)
    if Self.reserved.contains(name) {
      throw error("\(name) is reserved and cannot be used as a name; for an attribute write [\"\(name)\"]", at: token)
    }
    return name
  }

  // MARK: Tokens

  var current: Token { tokens[position] }

  func isAt(_ symbol: Token.Symbol) -> Bool { current.kind == .symbol(symbol) }

  func isKeyword(_ keyword: String) -> Bool { current.kind == .identifier && text(of: current) == keyword }

  mutating func takeKeyword(_ keyword: String) -> Bool {
    guard isKeyword(keyword) else { return false }
    position += 1
    return true
  }

  mutating func take(_ symbol: Token.Symbol) throws(CedarError) {
    guard isAt(symbol) else { throw error("expected \(symbol.rawValue), found \(shown(current))", at: current) }
    position += 1
  }

  @discardableResult
  mutating func take(_ kind: Token.Kind, expecting what: String) throws(CedarError) -> Token {
    let token = current
    guard token.kind == kind else { throw error("expected \(what), found \(shown(token))", at: token) }
    position += 1
    return token
  }

  func text(of token: Token) -> String { String(decoding: bytes[token.range], as: UTF8.self) }

  func shown(_ token: Token) -> String {
    if token.kind == .end { return "the end of the text" }
    return token.range.count > 40 ? "\(String(decoding: bytes[token.range].prefix(40), as: UTF8.self))..." : text(of: token)
  }

  func content(of token: Token) -> String {
    String(decoding: bytes[(token.range.lowerBound + 1)..<(token.range.upperBound - 1)], as: UTF8.self)
  }

  func string(_ token: Token) throws(CedarError) -> String {
    do { return try StringLiteral.text(content(of: token)) } catch { throw located(error, in: token) }
  }

  func pattern(_ token: Token) throws(CedarError) -> Pattern {
    do { return try StringLiteral.pattern(content(of: token)) } catch { throw located(error, in: token) }
  }

  func located(_ malformed: StringLiteral.Malformed, in token: Token) -> CedarError {
    let offset = min(token.range.lowerBound + 1 + malformed.offset, token.range.upperBound - 1)
    return CedarError(.syntax, malformed.message, at: SourceLocation(offset: offset, in: bytes))
  }

  func error(_ message: String, at token: Token) -> CedarError {
    CedarError(.syntax, message, at: SourceLocation(offset: token.range.lowerBound, in: bytes))
  }

  /// Runs one more level of nesting, refusing to go deeper than the bound.
  mutating func nested<Result>(
    _ body: (inout Parser) throws(CedarError) -> Result
  ) throws(CedarError) -> Result {
    guard nesting < Self.maximumNesting else {
      throw CedarError(
        .limit, "nested deeper than \(Self.maximumNesting) levels; split the condition",
        at: SourceLocation(offset: current.range.lowerBound, in: bytes))
    }
    nesting += 1
    defer { nesting -= 1 }
    return try body(&self)
  }
}
