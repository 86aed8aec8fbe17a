/// Expressions. Which operator binds tighter is left to PostgreSQL.
extension SelectParser {
  mutating func expressions() throws(SQLToolError) {
    repeat { try expression() } while accept(symbol: ",")
  }

  static let operators: Set<String> = [
    "+", "-", "*", "/", "%", "^", "<", ">", "=", "<=", ">=", "<>", "!=", "||", "->", "->>", "#>", "#>>", "@>", "<@", "&&", "~", "~*", "!~", "!~*", "~~", "~~*", "!~~",
    "!~~*",
    "|", "&", "#", "?", "?|", "?&",
  ]

  /// Operands and operators in a row: which binds tighter is PostgreSQL's to know.
  mutating func expression() throws(SQLToolError) {
    try nested { parser throws(SQLToolError) in
      repeat {
        while parser.accept(word: "not") || parser.accept(symbol: "-") || parser.accept(symbol: "+") || parser.accept(symbol: "~") {}
        try parser.operand()
        try parser.suffixes()
      } while try parser.binaryOperator()
    }
  }

  mutating func binaryOperator() throws(SQLToolError) -> Bool {
    if current.kind == .symbol, Self.operators.contains(current.text) {
      write(current.text)
      index += 1
      return true
    }
    guard current.kind == .word else { return false }
    switch current.text {
    case "and", "or", "in", "like", "ilike", "escape":
      write(current.text.uppercasedASCII)
      index += 1
      return true
    case "not" where isWord("in", "like", "ilike", "between", "similar", ahead: 1):
      write("NOT")
      index += 1
      return try binaryOperator()
    case "between":
      try expect(word: "between")
      _ = accept(word: "symmetric")
      return true
    case "similar":
      try expect(word: "similar")
      try expect(word: "to")
      return true
    case "at" where isWord("time", ahead: 1):
      for word in ["at", "time", "zone"] { try expect(word: word) }
      return true
    case "is":
      try expect(word: "is")
      _ = accept(word: "not")
      if accept(word: "distinct") {
        try expect(word: "from")
        return true
      }
      guard accept(word: "null") || accept(word: "true") || accept(word: "false") || accept(word: "unknown") else {
        throw unexpected("NULL, TRUE, FALSE or DISTINCT FROM")
      }
      try suffixes()
      return try binaryOperator()
    default: return false
    }
  }

  mutating func suffixes() throws(SQLToolError) {
    while true {
      if accept(symbol: "::") {
        try type()
      } else if accept(symbol: "[") {
        if !isSymbol(":") { try expression() }
        if accept(symbol: ":"), !isSymbol("]") { try expression() }
        try expect(symbol: "]")
      } else if isWord("isnull", "notnull") {
        write(current.text.uppercasedASCII)
        index += 1
      } else if accept(word: "collate") {
        guard ["C", "POSIX", "ucs_basic"].contains(current.text) else { throw SQLToolError("Of collations, \"C\" is served.") }
        write(SQLLiteral.identifier(current.text))
        index += 1
      } else {
        return
      }
    }
  }

  mutating func operand() throws(SQLToolError) {
    switch current.kind {
    case .number:
      write(current.text)
      index += 1
    case .string: string()
    case .symbol:
      if isSymbol(":"), ahead(1).kind == .word, ahead(1).position == current.position + 1, let argument = arguments[ahead(1).text] {
        // Values are not part of the text, whatever they hold.
        output += [.sql("(")] + argument.parts + [.sql(") ")]
        index += 2
        return
      }
      guard accept(symbol: "(") else { throw unexpected("a value") }
      if isQuery { try query() } else { try expressions() }
      try expect(symbol: ")")
    case .quoted: try reference()
    case .word: try word()
    case .end: throw unexpected("a value")
    }
  }

  mutating func string() {
    write(SQLLiteral.string(current.text))
    index += 1
  }

  mutating func word() throws(SQLToolError) {
    let word = current.text
    switch word {
    case "null", "true", "false", "current_date", "current_timestamp", "localtimestamp", "current_time", "localtime":
      _ = accept(word: word)
    case "date", "time", "timestamp", "timestamptz", "interval":
      guard ahead(1).kind == .string else { return try reference() }
      _ = accept(word: word)
      string()
    case "case": try caseExpression()
    case "exists": try prefixed(word) { parser throws(SQLToolError) in try parser.query() }
    case "any", "some", "all":
      try prefixed(word) { parser throws(SQLToolError) in if parser.isQuery { try parser.query() } else { try parser.expression() } }
    case "array":
      if isSymbol("(", ahead: 1) { return try prefixed(word) { parser throws(SQLToolError) in try parser.query() } }
      _ = accept(word: word)
      try elements()
    case "row", "grouping": try prefixed(word) { parser throws(SQLToolError) in try parser.expressions() }
    case "cast":
      try prefixed(word) { parser throws(SQLToolError) in
        try parser.expression()
        try parser.expect(word: "as")
        try parser.type()
      }
    case "extract":
      try prefixed(word) { parser throws(SQLToolError) in
        if parser.current.kind == .string { parser.string() } else { try parser.name(anyWord: true) }
        try parser.expect(word: "from")
        try parser.expression()
      }
    case "position": try prefixed(word) { parser throws(SQLToolError) in try parser.expression() }
    case "substring":
      try prefixed(word) { parser throws(SQLToolError) in
        try parser.expressions()
        if parser.accept(word: "from") { try parser.expression() }
        if parser.accept(word: "for") { try parser.expression() }
      }
    case "trim":
      try prefixed(word) { parser throws(SQLToolError) in
        _ = parser.accept(word: "both") || parser.accept(word: "leading") || parser.accept(word: "trailing")
        if !parser.isWord("from") { try parser.expressions() }
        if parser.accept(word: "from") { try parser.expressions() }
      }
    default:
      if isSymbol("(", ahead: 1) { try call() } else { try reference() }
    }
  }

  mutating func prefixed(_ word: String, _ body: (inout SelectParser) throws(SQLToolError) -> Void) throws(SQLToolError) {
    try expect(word: word)
    try expect(symbol: "(")
    try body(&self)
    try expect(symbol: ")")
  }

  mutating func elements() throws(SQLToolError) {
    try nested { parser throws(SQLToolError) in
      try parser.expect(symbol: "[")
      if !parser.isSymbol("]") {
        repeat { if parser.isSymbol("[") { try parser.elements() } else { try parser.expression() } } while parser.accept(symbol: ",")
      }
      try parser.expect(symbol: "]")
    }
  }

  mutating func caseExpression() throws(SQLToolError) {
    try expect(word: "case")
    if !isWord("when") { try expression() }
    repeat {
      try expect(word: "when")
      try expression()
      try expect(word: "then")
      try expression()
    } while isWord("when")
    if accept(word: "else") { try expression() }
    try expect(word: "end")
  }

  /// A column, with or without its table; or all columns of one.
  mutating func reference() throws(SQLToolError) {
    guard !isSymbol("(", ahead: 1) else { throw refusedFunction() }
    // A table is called by its bare name once it stands in FROM.
    if isSymbol(".", ahead: 1), isSymbol(".", ahead: 3), qualified(current, ahead(2)) != nil { index += 2 }
    try name()
    guard accept(symbol: ".") else { return }
    if accept(symbol: "*") { return }
    try name(anyWord: true)
    guard !isSymbol("."), !isSymbol("(") else { throw SQLToolError("Name tables and functions without a schema (at byte \(current.position + 1)).") }
  }
}
