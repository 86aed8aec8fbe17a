/// `FROM`: where tables become what the caller may see of them.
extension SelectParser {
  mutating func joined() throws(SQLToolError) {
    try nested { parser throws(SQLToolError) in
      try parser.source()
      while true {
        let isNatural = parser.accept(word: "natural")
        let isCross = !isNatural && parser.accept(word: "cross")
        if !isCross {
          if parser.accept(word: "left") || parser.accept(word: "right") || parser.accept(word: "full") {
            _ = parser.accept(word: "outer")
          } else {
            _ = parser.accept(word: "inner")
          }
        }
        guard parser.accept(word: "join") else {
          if isNatural || isCross { throw parser.unexpected("JOIN") }
          return
        }
        try parser.source()
        if isNatural || isCross { continue }
        if parser.accept(word: "using") {
          try parser.names()
        } else {
          try parser.expect(word: "on")
          try parser.expression()
        }
      }
    }
  }

  mutating func source() throws(SQLToolError) {
    let isLateral = accept(word: "lateral")
    if isSymbol("(") {
      let opens = isWord("select", "with", "values", ahead: 1)
      try expect(symbol: "(")
      if opens { try query() } else { try joined() }
      try expect(symbol: ")")
      try alias()
    } else if isSymbol("(", ahead: 1), current.kind == .word {
      guard SelectVocabulary.tableFunctions.contains(current.text) else { throw refusedFunction() }
      try call()
      if accept(word: "with") { try expect(word: "ordinality") }
      try alias()
    } else {
      if isLateral { throw unexpected("(") }
      try table()
    }
  }

  /// A table, as the caller may see it; or a common table expression.
  mutating func table() throws(SQLToolError) {
    let token = current
    guard isName(token) else { throw unexpected("a table") }
    if isSymbol(".", ahead: 1) { return try qualifiedTable(token, ahead(2)) }
    if scopes.contains(where: { $0.contains(token.text) }) {
      try name()
      try alias()
      return
    }
    let matches = tables.filter { $0.table.name == token.text } + (token.kind == .word ? tables.filter { $0.table.name.lowercased() == token.text } : [])
    guard let visible = matches.first else {
      throw SQLToolError("There is no table \"\(token.text)\". Tables are: \(tables.map(\.table.name).joined(separator: ", ")).")
    }
    index += 1
    try write(visible, as: token.text)
  }

  /// A table by its schema and name.
  mutating func qualifiedTable(_ schema: SQLToken, _ relation: SQLToken) throws(SQLToolError) {
    guard tables.contains(where: \.table.isQualified) else {
      throw SQLToolError("Name tables without a schema: \"\(relation.text.prefix(63))\" instead of \"\(schema.text).\(relation.text.prefix(63))\".")
    }
    guard let visible = qualified(schema, relation) else {
      throw SQLToolError("There is no table \"\(schema.text).\(relation.text.prefix(63))\". Tables are: \(tables.map(\.table.name).joined(separator: ", ")).")
    }
    index += 3
    try write(visible, as: relation.text)
  }

  /// The table of that schema and name. Words mean names in any case where none is written just so.
  func qualified(_ schema: SQLToken, _ relation: SQLToken) -> VisibleTable? {
    func fits(_ name: String, _ token: SQLToken) -> Bool { token.kind == .word && name.lowercased() == token.text }
    return tables.first { $0.table.isQualified && $0.table.schema == schema.text && $0.table.relation == relation.text }
      ?? tables.first {
        $0.table.isQualified && ($0.table.schema == schema.text || fits($0.table.schema, schema))
          && ($0.table.relation == relation.text || fits($0.table.relation, relation))
      }
  }

  private mutating func write(_ visible: VisibleTable, as name: String) throws(SQLToolError) {
    // OFFSET 0 keeps PostgreSQL from looking at the caller's conditions before the rule: one that fails or is slow for certain
    // values would tell of rows that the caller must not see.
    output += [.sql("(")] + visible.select.parts + [.sql(visible.isFiltered ? " OFFSET 0) " : ") ")]
    if !(try alias()) { write("AS \(SQLLiteral.identifier(name))") }
  }

  @discardableResult mutating func alias() throws(SQLToolError) -> Bool {
    guard accept(word: "as") || isName(current) else { return false }
    try name()
    if isSymbol("(") { try names() }
    return true
  }
}
