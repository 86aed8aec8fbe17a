/// Statements: `WITH`, set operations, `SELECT` and its clauses.
extension SelectParser {
  mutating func query() throws(SQLToolError) {
    try nested { parser throws(SQLToolError) in
      parser.scopes.append([])
      if parser.accept(word: "with") { try parser.commonTables() }
      try parser.term()
      while parser.accept(word: "union") || parser.accept(word: "intersect") || parser.accept(word: "except") {
        _ = parser.accept(word: "all") || parser.accept(word: "distinct")
        try parser.term()
      }
      if parser.accept(word: "order") { try parser.order() }
      try parser.limits()
      parser.scopes.removeLast()
    }
  }

  mutating func commonTables() throws(SQLToolError) {
    let isRecursive = accept(word: "recursive")
    repeat {
      let name = try name()
      // Those are PostgreSQL's own tables.
      guard !name.hasPrefix("pg_") else { throw SQLToolError("A name must not begin with pg_. Choose another for \(name.prefix(63)).") }
      if isSymbol("(") { try names() }
      try expect(word: "as")
      if accept(word: "not") { try expect(word: "materialized") } else { _ = accept(word: "materialized") }
      // Without RECURSIVE the name stands, in its own statement, for what it stood for before.
      if isRecursive { scopes[scopes.count - 1].insert(name) }
      try expect(symbol: "(")
      try query()
      try expect(symbol: ")")
      scopes[scopes.count - 1].insert(name)
    } while accept(symbol: ",")
  }

  mutating func term() throws(SQLToolError) {
    if accept(symbol: "(") {
      try query()
      try expect(symbol: ")")
    } else if accept(word: "values") {
      repeat {
        try expect(symbol: "(")
        try expressions()
        try expect(symbol: ")")
      } while accept(symbol: ",")
    } else {
      guard isWord("select") else {
        throw current.kind == .word ? SQLToolError("Only SELECT is served here, with or without WITH.") : unexpected("SELECT")
      }
      try select()
    }
  }

  mutating func select() throws(SQLToolError) {
    try expect(word: "select")
    if accept(word: "distinct") {
      if accept(word: "on") {
        try expect(symbol: "(")
        try expressions()
        try expect(symbol: ")")
      }
    } else {
      _ = accept(word: "all")
    }
    repeat {
      if accept(symbol: "*") { continue }
      try expression()
      if accept(word: "as") { try name(anyWord: true) } else if isName(current) { try name() }
    } while accept(symbol: ",")
    if accept(word: "from") { repeat { try joined() } while accept(symbol: ",") }
    if accept(word: "where") { try expression() }
    if accept(word: "group") { try grouping() }
    if accept(word: "having") { try expression() }
    if accept(word: "window") {
      repeat {
        try name()
        try expect(word: "as")
        try window()
      } while accept(symbol: ",")
    }
  }

  mutating func grouping() throws(SQLToolError) {
    try expect(word: "by")
    repeat {
      if isWord("rollup", "cube"), isSymbol("(", ahead: 1) {
        write(current.text)
        index += 1
        try expect(symbol: "(")
        try expressions()
        try expect(symbol: ")")
      } else {
        try expression()
      }
    } while accept(symbol: ",")
  }

  mutating func order() throws(SQLToolError) {
    try expect(word: "by")
    repeat {
      try expression()
      _ = accept(word: "asc") || accept(word: "desc")
      if accept(word: "nulls"), !accept(word: "first") { try expect(word: "last") }
    } while accept(symbol: ",")
  }

  mutating func limits() throws(SQLToolError) {
    while true {
      if accept(word: "limit") {
        if !accept(word: "all") { try expression() }
      } else if accept(word: "offset") {
        try expression()
        _ = accept(word: "row") || accept(word: "rows")
      } else if accept(word: "fetch") {
        if !accept(word: "first") { try expect(word: "next") }
        if current.kind == .number { try expression() }
        if !accept(word: "row") { try expect(word: "rows") }
        try expect(word: "only")
      } else {
        return
      }
    }
  }
}
