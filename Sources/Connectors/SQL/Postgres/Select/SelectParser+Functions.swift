/// Calls of functions, windows and types, each from a list.
extension SelectParser {
  func refusedFunction() -> SQLToolError {
    SQLToolError("Refused: the function \(current.text.prefix(63)) is not served. Served are PostgreSQL's usual functions that compute from their arguments alone.")
  }

  mutating func call() throws(SQLToolError) {
    let function = current
    guard function.kind == .word, SelectVocabulary.functions.contains(function.text) else { throw refusedFunction() }
    let weight = SelectVocabulary.growing[function.text]
    guard weight == nil || !isGrowing else {
      throw SQLToolError("Refused: \(function.text) inside of another aggregate's argument. Compute the inner one in WITH, then aggregate over that.")
    }
    write(function.text)
    index += 1
    try expect(symbol: "(")
    var arguments: [Range<Int>] = []
    if !accept(symbol: "*"), !isSymbol(")") {
      _ = accept(word: "distinct") || accept(word: "all")
      let wasGrowing = isGrowing
      isGrowing = isGrowing || weight != nil
      repeat {
        let start = output.count
        try expression()
        arguments.append(start..<output.count)
      } while accept(symbol: ",")
      isGrowing = wasGrowing
      if accept(word: "order") { try order() }
    }
    try expect(symbol: ")")
    if isWord("within"), isWord("group", ahead: 1) {
      try expect(word: "within")
      try prefixed("group") { parser throws(SQLToolError) in
        try parser.expect(word: "order")
        try parser.order()
      }
    }
    if let weight {
      try boundedFilter(GrowthBound(arguments: arguments.map { Array(output[$0]) }, weight: weight, bytes: growth))
    } else if isWord("filter"), isSymbol("(", ahead: 1) {
      try prefixed("filter") { parser throws(SQLToolError) in
        try parser.expect(word: "where")
        try parser.expression()
      }
    }
    if accept(word: "over") { if isSymbol("(") { try window() } else { try name() } }
  }

  /// The `FILTER` of a growing aggregate: the caller's condition, if there is one, and then the bound.
  mutating func boundedFilter(_ bound: GrowthBound) throws(SQLToolError) {
    // CASE, because AND may be computed in any order: what the caller leaves out is not counted.
    write("FILTER ( WHERE CASE WHEN (")
    if isWord("filter"), isSymbol("(", ahead: 1) {
      index += 2
      guard isWord("where") else { throw unexpected("WHERE") }
      index += 1
      try expression()
      guard isSymbol(")") else { throw unexpected("\")\"") }
      index += 1
    } else {
      write("TRUE")
    }
    write(") THEN")
    output += bound.condition.parts
    write("END )")
  }

  static let frameWords: Set<String> = [
    "rows", "range", "groups", "between", "unbounded", "preceding", "following", "current", "row", "and", "exclude", "ties", "group", "no", "others", "interval",
  ]

  mutating func window() throws(SQLToolError) {
    try expect(symbol: "(")
    if isName(current), !isWord("partition", "rows", "range", "groups") { try name() }
    if accept(word: "partition") {
      try expect(word: "by")
      try expressions()
    }
    if accept(word: "order") { try order() }
    if isWord("rows", "range", "groups") {
      while !isSymbol(")") {
        if current.kind == .number {
          write(current.text)
        } else if current.kind == .string {
          write(SQLLiteral.string(current.text))
        } else {
          guard current.kind == .word, Self.frameWords.contains(current.text) else { throw unexpected("a window frame") }
          write(current.text.uppercasedASCII)
        }
        index += 1
      }
    }
    try expect(symbol: ")")
  }

  mutating func type() throws(SQLToolError) {
    let type = current
    guard type.kind == .word, SelectVocabulary.types.contains(type.text) else {
      throw SQLToolError("Refused: a cast to \(type.text.prefix(63)) is not served. Types are: \(SelectVocabulary.types.sorted().joined(separator: ", ")).")
    }
    write(type.text)
    index += 1
    if type.text == "double" { try expect(word: "precision") }
    if type.text == "character" || type.text == "char" { _ = accept(word: "varying") }
    if accept(symbol: "(") {
      repeat {
        guard current.kind == .number else { throw unexpected("a number") }
        write(current.text)
        index += 1
      } while accept(symbol: ",")
      try expect(symbol: ")")
    }
    if type.text == "time" || type.text == "timestamp", isWord("with", "without"), isWord("time", ahead: 1) {
      write(current.text)
      index += 1
      for word in ["time", "zone"] { try expect(word: word) }
    }
    while isSymbol("["), isSymbol("]", ahead: 1) { for symbol in ["[", "]"] { try expect(symbol: symbol) } }
  }
}
