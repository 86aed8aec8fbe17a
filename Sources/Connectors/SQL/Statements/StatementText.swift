/// The text of a declared statement, cut where its parameters (`:name`) and the table that it changes stand.
struct StatementText: Sendable {
  private enum Piece: Sendable {
    case sql(String)
    case parameter(String)
    /// The table that the statement changes.
    case target
  }

  private var pieces: [Piece] = []
  private let tokens: [SQLToken]
  /// The change that the statement makes; nil for one that reads.
  let write: TableRules.Write?
  /// What the statement calls the table that it changes: perhaps its schema, and its name.
  let target: [String]

  init(_ sql: String) throws(SQLToolError) {
    guard sql.utf8.count <= SelectParser.statementBytes else { throw SQLToolError("the statement is longer than \(SelectParser.statementBytes) bytes") }
    var tokens = try SQLLexer.tokens(sql)
    let end = tokens.removeLast().position
    var stop = end
    while tokens.last?.text == ";", tokens.last?.kind == .symbol { stop = tokens.removeLast().position }
    guard !tokens.contains(where: { $0.kind == .symbol && $0.text == ";" }) else { throw SQLToolError("there is more than one statement") }
    func word(_ index: Int) -> String? { index < tokens.count && tokens[index].kind == .word ? tokens[index].text : nil }
    var place: Range<Int>?
    var target: [String] = []
    switch (word(0), word(1)) {
    case ("select", _), ("with", _), ("values", _): write = nil
    case ("insert", "into"): (write, place) = (.insert, 2..<3)
    case ("delete", "from"): (write, place) = (.delete, 2..<3)
    case ("update", _): (write, place) = (.update, 1..<2)
    default: throw SQLToolError("a statement begins with SELECT, WITH or VALUES, or with INSERT INTO, UPDATE or DELETE FROM and the name of a table")
    }
    if var range = place {
      if range.upperBound + 1 < tokens.count, tokens[range.upperBound].text == ".", tokens[range.upperBound].kind == .symbol {
        range = range.lowerBound..<range.upperBound + 2
      }
      guard range.upperBound <= tokens.count else { throw SQLToolError("the statement ends too early") }
      target = range.map { tokens[$0] }.filter { $0.kind == .word || $0.kind == .quoted }.map(\.text)
      place = range
      guard !tokens.contains(where: { $0.kind == .word && $0.text == "returning" }) else {
        throw SQLToolError("a statement that changes something has no RETURNING: Sluice adds its own")
      }
    }
    (self.tokens, self.target) = (tokens, target)
    let bytes = Array(sql.utf8)
    var start = 0
    var pieces: [Piece] = []
    func cut(_ piece: Piece, from: Int, to: Int) {
      pieces += [.sql(String(decoding: bytes[start..<from], as: UTF8.self)), piece]
      start = to
    }
    for (index, token) in tokens.enumerated() {
      let next = index + 1 < tokens.count ? tokens[index + 1] : nil
      if let place, index == place.lowerBound { cut(.target, from: token.position, to: place.upperBound < tokens.count ? tokens[place.upperBound].position : stop) }
      if token.kind == .symbol, token.text == ":", let next, next.kind == .word, next.position == token.position + 1 {
        cut(.parameter(next.text), from: token.position, to: next.position + next.text.utf8.count)
      }
    }
    pieces.append(.sql(String(decoding: bytes[start..<stop], as: UTF8.self)))
    self.pieces = pieces
  }

  var parameters: Set<String> { pieces.reduce(into: []) { if case .parameter(let name) = $1 { $0.insert(name) } } }

  /// The statement with values and table in their places, apart from its text.
  func fragment(_ arguments: [String: SQLFragment], table: SQLFragment = "") -> SQLFragment {
    SQLFragment(
      parts: pieces.flatMap { piece -> [SQLFragment.Part] in
        switch piece {
        case .sql(let text): [.sql(text)]
        case .parameter(let name): arguments[name]?.parts ?? [.sql("NULL")]
        case .target: table.parts + [.sql(" ")]
        }
      })
  }

  /// Whether a change looks at nothing but the row that it changes.
  var isPlain: Bool {
    let first = write == .delete ? 2 : 1
    return !tokens.dropFirst(first).contains { $0.kind == .word && ["select", "from", "using", "with", "table", "conflict"].contains($0.text) }
  }

  /// Whether the column may be meant by a name in the statement.
  func mentions(_ column: String) -> Bool {
    let name = column.lowercased()
    return tokens.contains { ($0.kind == .word || $0.kind == .quoted) && $0.text.lowercased() == name }
  }

  /// Whether it may mean columns of the table that it does not name.
  func meansAll(of table: SQLTable) -> Bool { mentions(table.relation) && (meansUnnamed || takesWhole(table)) }

  private func symbol(_ index: Int) -> String? { tokens.indices.contains(index) && tokens[index].kind == .symbol ? tokens[index].text : nil }
  private func word(_ index: Int) -> String? { tokens.indices.contains(index) && tokens[index].kind == .word ? tokens[index].text : nil }

  /// Where the table that it changes stands.
  private var place: Int { (write == .update ? 1 : 2) + (target.count == 2 ? 2 : 0) }

  /// `*`, `TABLE`, a natural join, or an `INSERT` without a list of columns.
  private var meansUnnamed: Bool {
    for index in tokens.indices {
      if let word = word(index), word == "table" || word == "natural" { return true }
      guard symbol(index) == "*" else { continue }
      if let before = symbol(index - 1), before == "." || before == "," { return true }
      if let before = word(index - 1), ["select", "all", "distinct"].contains(before) { return true }
      if word(index + 1) == "from" || symbol(index + 1) == "," { return true }
    }
    guard write == .insert else { return false }
    let list = word(place + 1) == "as" ? place + 3 : place + 1
    guard symbol(list) == "(", tokens.indices.contains(list + 1) else { return true }
    let first = tokens[list + 1]
    return !(first.kind == .quoted || first.kind == .word && !["select", "with", "values", "table"].contains(first.text))
  }

  /// Whether a row of the table stands as a value (`people::text`), or its columns get other names (`people AS p(a, b)`).
  private func takesWhole(_ table: SQLTable) -> Bool {
    func name(_ index: Int) -> String? {
      if let word = word(index) { return word == "set" || SelectVocabulary.reserved.contains(word) ? nil : word.lowercased() }
      return tokens.indices.contains(index) && tokens[index].kind == .quoted ? tokens[index].text.lowercased() : nil
    }
    let relation = table.relation.lowercased()
    var declared: Set<Int> = []
    var names: Set<String> = table[column: relation] == nil ? [relation] : []
    for index in tokens.indices where name(index) == relation {
      guard symbol(index - 1) == "." || ["from", "join", "into", "update", "only", "using"].contains(word(index - 1)) else { continue }
      declared.insert(index)
      let alias = word(index + 1) == "as" ? index + 2 : index + 1
      guard let other = name(alias) else { continue }
      if symbol(alias + 1) == "(", write != .insert || index != place { return true }
      declared.insert(alias)
      if table[column: other] == nil { names.insert(other) }
    }
    return tokens.indices.contains { index in
      guard let name = name(index), names.contains(name) else { return false }
      return !declared.contains(index) && symbol(index + 1) != "." && symbol(index - 1) != ":"
    }
  }
}
