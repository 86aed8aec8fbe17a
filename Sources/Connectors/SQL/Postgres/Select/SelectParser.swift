/// Reads one `SELECT` of a caller and writes it anew, so that it can reach nothing but what the caller may see.
///
/// PostgreSQL has no hook that asks before a statement touches something, so the statement is parsed here. What the grammar below
/// does not know is refused; every name is written in quotes and thus never a keyword; functions, operators and types come from
/// ``SelectVocabulary``; and each table in `FROM` becomes the `SELECT` of the rows and columns that the caller may see. A mistake
/// in the grammar makes a statement that PostgreSQL refuses, not one that reaches further: its only names without quotes are the
/// words that this parser writes.
struct SelectParser {
  let tokens: [SQLToken]
  var index = 0
  var output: [SQLFragment.Part] = []
  let tables: [VisibleTable]
  /// What stands for the parameters of a declared statement (`:name`).
  let arguments: [String: SQLFragment]
  /// The most bytes that growing aggregates may take in (``GrowthBound``).
  let growth: Int
  /// Whether what is read is an argument of such an aggregate.
  var isGrowing = false
  /// Names of common table expressions, by nesting of statements.
  var scopes: [Set<String>] = []
  var depth = 0

  /// The longest statement, in bytes.
  static let statementBytes = 20_000
  static let nesting = 32

  /// - Parameter growth: the most bytes that aggregates whose value grows with their input may take in, all together.
  /// - Returns: the statement over what the caller may see.
  static func governed(_ sql: String, _ arguments: [String: SQLFragment] = [:], over tables: [VisibleTable], growth: Int) throws(SQLToolError) -> SQLFragment {
    guard sql.utf8.count <= statementBytes else { throw SQLToolError("The statement is longer than \(statementBytes) bytes. Write a shorter one.") }
    var parser = SelectParser(tokens: try SQLLexer.tokens(sql), tables: tables, arguments: arguments, growth: growth)
    guard parser.current.kind != .end, parser.current.text != ";" else { throw SQLToolError("There is no statement. Write one SELECT.") }
    try parser.query()
    while parser.isSymbol(";") { parser.index += 1 }
    guard parser.current.kind == .end else {
      if parser.index > 0, parser.tokens[parser.index - 1].text == ";" { throw SQLToolError("There is more than one statement. Send one SELECT a call.") }
      throw parser.unexpected()
    }
    return SQLFragment(parts: parser.output)
  }

  private init(tokens: [SQLToken], tables: [VisibleTable], arguments: [String: SQLFragment], growth: Int) {
    self.tokens = tokens
    self.tables = tables
    self.arguments = arguments
    self.growth = growth
  }

  // MARK: Tokens

  var current: SQLToken { tokens[index] }
  func ahead(_ count: Int) -> SQLToken { tokens[min(index + count, tokens.count - 1)] }
  func isWord(_ words: String..., ahead count: Int = 0) -> Bool { ahead(count).kind == .word && words.contains(ahead(count).text) }
  func isSymbol(_ symbol: String, ahead count: Int = 0) -> Bool { ahead(count).kind == .symbol && ahead(count).text == symbol }
  var isQuery: Bool { isWord("select", "with", "values") }
  /// Whether the token may be a name: in quotes, or a word that is no keyword.
  func isName(_ token: SQLToken) -> Bool { token.kind == .quoted || (token.kind == .word && !SelectVocabulary.reserved.contains(token.text)) }

  func unexpected(_ expected: String? = nil) -> SQLToolError {
    let found = current.kind == .end ? "the end" : "\"\(current.text.prefix(40))\""
    let hint = expected.map { ", expected \($0)" } ?? ""
    return SQLToolError(
      "Refused at byte \(current.position + 1): unexpected \(found)\(hint). One SELECT over the tables of list_tables is served, by their names there, with PostgreSQL's usual functions."
    )
  }

  mutating func write(_ text: String) { output.append(.sql(text + " ")) }

  mutating func accept(word: String) -> Bool {
    guard isWord(word) else { return false }
    write(word.uppercasedASCII)
    index += 1
    return true
  }

  mutating func accept(symbol: String) -> Bool {
    guard isSymbol(symbol) else { return false }
    write(symbol)
    index += 1
    return true
  }

  mutating func expect(word: String) throws(SQLToolError) { guard accept(word: word) else { throw unexpected(word.uppercasedASCII) } }
  mutating func expect(symbol: String) throws(SQLToolError) { guard accept(symbol: symbol) else { throw unexpected("\"\(symbol)\"") } }

  /// A name where only a name can stand.
  @discardableResult mutating func name(anyWord: Bool = false) throws(SQLToolError) -> String {
    guard isName(current) || (anyWord && current.kind == .word) else { throw unexpected("a name") }
    let name = current.text
    write(SQLLiteral.identifier(name))
    index += 1
    return name
  }

  mutating func names() throws(SQLToolError) {
    try expect(symbol: "(")
    repeat { try name() } while accept(symbol: ",")
    try expect(symbol: ")")
  }

  mutating func nested(_ body: (inout SelectParser) throws(SQLToolError) -> Void) throws(SQLToolError) {
    guard depth < Self.nesting else { throw SQLToolError("The statement is nested too deeply. Write it with WITH, or in steps.") }
    depth += 1
    try body(&self)
    depth -= 1
  }
}

extension String {
  var uppercasedASCII: String { String(decoding: utf8.map { (0x61...0x7A).contains($0) ? $0 & 0xDF : $0 }, as: UTF8.self) }
}
