internal import ConnectorKit

/// Reads a query that a person or a model wrote into parts: one SELECT, and what only reads.
///
/// What is not understood is refused, so that nothing is sent whose objects and fields are not known.
struct SOQLParser {
  private var rest: ArraySlice<SOQLLexer.Token>
  /// Nested conditions and functions.
  private static let depth = 24

  private init(_ tokens: [SOQLLexer.Token]) { rest = tokens[...] }

  /// - Throws: ``VendorError`` `refused` that says what is wrong or not taken.
  static func parse(_ text: String) throws(VendorError) -> SOQLQuery {
    var parser = SOQLParser(try SOQLLexer.tokens(text))
    let query = try parser.query(nested: 0)
    guard parser.rest.isEmpty else { throw refused("goes on with \(parser.found) where it should end. Only one SELECT is taken") }
    return query
  }

  private static func refused(_ problem: String) -> VendorError { VendorError(.refused, "The SOQL query \(problem).") }

  private var found: String {
    switch rest.first {
    case nil: "nothing"
    case .word(let text), .number(let text), .sign(let text): "\"\(text.prefix(40))\""
    case .text(let text): "'\(text.prefix(40))'"
    }
  }

  // MARK: Clauses

  private mutating func query(nested: Int) throws(VendorError) -> SOQLQuery {
    guard take("SELECT") else { throw Self.refused("must begin with SELECT, not with \(found)") }
    let items = try items(nested)
    guard take("FROM") else { throw Self.refused("needs FROM and an object after its fields, not \(found)") }
    let object = try name("an object")
    var query = SOQLQuery(items, from: object)
    if take("USING") {
      guard take("SCOPE") else { throw Self.refused("needs SCOPE after USING") }
      query.scope = try name("a scope")
    }
    if take("WHERE") { query.condition = try condition(0, nested) }
    if take("WITH") {
      let mode = try name("SECURITY_ENFORCED or USER_MODE").uppercased()
      guard ["SECURITY_ENFORCED", "USER_MODE"].contains(mode) else { throw Self.refused("has WITH \(mode), which is not taken here") }
      query.mode = mode
    }
    if take("GROUP") {
      guard take("BY") else { throw Self.refused("needs BY after GROUP") }
      repeat { query.groups.append(try term(0)) } while take(sign: ",")
    }
    if take("HAVING") { query.having = try condition(0, nested) }
    if take("ORDER") {
      guard take("BY") else { throw Self.refused("needs BY after ORDER") }
      repeat { query.order.append(try order()) } while take(sign: ",")
    }
    if take("LIMIT") { query.limit = try count("LIMIT") }
    if take("OFFSET") { query.offset = try count("OFFSET") }
    if let word = peek(), ["FOR", "ALL", "UPDATE"].contains(word) {
      throw Self.refused("has \(word), which is not taken here: it changes records or shows deleted ones")
    }
    if nested == 0, let word = peek() {
      throw Self.refused("has \"\(word.prefix(40))\" after \(object): second names of objects are not taken, nor is anything out of order")
    }
    return query
  }

  private mutating func items(_ nested: Int) throws(VendorError) -> [SOQLQuery.Item] {
    var items: [SOQLQuery.Item] = []
    repeat {
      if take(sign: "(") {
        guard nested == 0 else { throw Self.refused("has a query in a query in a query") }
        items.append(.children(try query(nested: 1)))
        guard take(sign: ")") else { throw Self.refused("has a query in parentheses that is not closed") }
      } else {
        if peek() == "TYPEOF" { throw Self.refused("has TYPEOF, which is not taken here") }
        let term = try term(0)
        var alias: String?
        if let word = peek(), word != "FROM" { alias = try name("a name") }
        guard alias == nil || term.function != nil else { throw Self.refused("gives the field \(term.text) another name, which only functions can have") }
        items.append(.term(term, alias: alias))
      }
    } while take(sign: ",")
    return items
  }

  private mutating func order() throws(VendorError) -> SOQLQuery.Order {
    var order = SOQLQuery.Order(term: try term(0))
    if take("DESC") { order.isDescending = true } else { _ = take("ASC") }
    if take("NULLS") {
      let word = try name("FIRST or LAST").uppercased()
      guard ["FIRST", "LAST"].contains(word) else { throw Self.refused("needs FIRST or LAST after NULLS") }
      order.nulls = word
    }
    return order
  }

  private mutating func count(_ clause: String) throws(VendorError) -> Int {
    guard case .number(let text)? = rest.popFirst(), let count = Int(text), count >= 0 else { throw Self.refused("needs a whole number after \(clause)") }
    return count
  }

  // MARK: Conditions

  private mutating func condition(_ depth: Int, _ nested: Int) throws(VendorError) -> SOQLQuery.Condition {
    let first = try part(depth, nested)
    var parts = [first]
    if peek() == "AND" {
      while take("AND") { parts.append(try part(depth, nested)) }
      guard peek() != "OR" else { throw Self.refused("mixes AND and OR without parentheses") }
      return .all(parts)
    }
    while take("OR") { parts.append(try part(depth, nested)) }
    guard peek() != "AND" else { throw Self.refused("mixes AND and OR without parentheses") }
    return parts.count == 1 ? first : .any(parts)
  }

  private mutating func part(_ depth: Int, _ nested: Int) throws(VendorError) -> SOQLQuery.Condition {
    guard depth < Self.depth else { throw Self.refused("is nested too deeply") }
    if take("NOT") { return .not(try part(depth + 1, nested)) }
    if take(sign: "(") {
      let inner = try condition(depth + 1, nested)
      guard take(sign: ")") else { throw Self.refused("has a parenthesis that is not closed, near \(found)") }
      return inner
    }
    let term = try term(0)
    switch rest.popFirst() {
    case .sign(let sign):
      guard let comparison = SOQLQuery.Comparison(rawValue: sign) else { throw Self.refused("has \"\(sign)\" after \(term.text), where a comparison should stand") }
      return .compare(term, comparison, try literal())
    case .word(let word):
      switch word.uppercased() {
      case "LIKE": return .compare(term, .like, try literal())
      case "IN": return try membership(term, .isIn, nested)
      case "NOT":
        guard take("IN") else { throw Self.refused("needs IN after NOT") }
        return try membership(term, .isNotIn, nested)
      case "INCLUDES": return try membership(term, .includes, nested)
      case "EXCLUDES": return try membership(term, .excludes, nested)
      default: throw Self.refused("has \"\(word.prefix(40))\" after \(term.text), where a comparison should stand")
      }
    default: throw Self.refused("ends after \(term.text), where a comparison should stand")
    }
  }

  private mutating func membership(_ term: SOQLQuery.Term, _ membership: SOQLQuery.Membership, _ nested: Int) throws(VendorError) -> SOQLQuery.Condition {
    guard take(sign: "(") else { throw Self.refused("needs a list in parentheses after \(membership.rawValue)") }
    let result: SOQLQuery.Condition
    if peek() == "SELECT" {
      guard nested == 0 else { throw Self.refused("has a query in a query in a query") }
      result = .query(term, membership, try query(nested: 1))
    } else {
      var values: [SOQLLiteral] = []
      repeat { values.append(try literal()) } while take(sign: ",")
      result = .list(term, membership, values)
    }
    guard take(sign: ")") else { throw Self.refused("has a list that is not closed, near \(found)") }
    return result
  }

  private mutating func literal() throws(VendorError) -> SOQLLiteral {
    switch rest.popFirst() {
    case .text(let text): return .quoted(text)
    case .number(let text):
      guard Double(text) != nil || SOQLLiteral.isDate(text) else { throw Self.refused("has \"\(text.prefix(40))\", which is neither a number nor a date") }
      return .bare(text)
    case .word(let word):
      switch word.uppercased() {
      case "TRUE": return .bool(true)
      case "FALSE": return .bool(false)
      case "NULL": return .null
      case let span where SOQLLiteral.isSpan(span): return .bare(span)
      default:
        // An amount in a currency: USD5000.
        guard word.utf8.prefix(3).allSatisfy({ (0x41...0x5A).contains($0) }), word.utf8.count > 3, Double(word.dropFirst(3)) != nil else {
          throw Self.refused("has \"\(word.prefix(40))\" where a value should stand. Texts stand in single quotes")
        }
        return .bare(word)
      }
    default: throw Self.refused("lacks a value")
    }
  }

  // MARK: Fields and functions

  private static let functions: Set<String> = SOQLQuery.Term.aggregates.union([
    "TOLABEL", "FORMAT", "CONVERTCURRENCY", "CONVERTTIMEZONE", "CALENDAR_MONTH", "CALENDAR_QUARTER", "CALENDAR_YEAR", "DAY_IN_MONTH", "DAY_IN_WEEK", "DAY_IN_YEAR",
    "DAY_ONLY", "FISCAL_MONTH", "FISCAL_QUARTER", "FISCAL_YEAR", "HOUR_IN_DAY", "WEEK_IN_MONTH", "WEEK_IN_YEAR", "DISTANCE", "GEOLOCATION", "ROLLUP", "CUBE",
  ])

  private mutating func term(_ depth: Int) throws(VendorError) -> SOQLQuery.Term {
    guard depth < 4 else { throw Self.refused("has functions that are nested too deeply") }
    guard case .word(let word)? = rest.popFirst(), SOQLName.isPath(word) else { throw Self.refused("lacks the name of a field") }
    guard take(sign: "(") else { return SOQLQuery.Term(field: word) }
    let function = word.uppercased()
    guard function != "FIELDS" else { throw Self.refused("has FIELDS(), which is not taken here: name the fields") }
    guard Self.functions.contains(function) else { throw Self.refused("has a function \(word.prefix(40)) that is not known here") }
    var texts: [String] = []
    var fields: [String] = []
    if !take(sign: ")") {
      repeat {
        if case .word? = rest.first {
          let inner = try term(depth + 1)
          texts.append(inner.text)
          fields += inner.fields
        } else {
          texts.append(try literal().text)
        }
      } while take(sign: ",")
      guard take(sign: ")") else { throw Self.refused("has a function \(word.prefix(40)) that is not closed") }
    }
    let name = SOQLQuery.Term.aggregates.contains(function) ? function : word
    return SOQLQuery.Term(function: function, text: "\(name)(\(texts.joined(separator: ", ")))", fields: fields)
  }

  // MARK: Tokens

  /// The next word in upper case.
  private func peek() -> String? { if case .word(let word)? = rest.first { word.uppercased() } else { nil } }

  private mutating func take(_ keyword: String) -> Bool {
    guard peek() == keyword else { return false }
    rest = rest.dropFirst()
    return true
  }

  private mutating func take(sign: String) -> Bool {
    guard rest.first == .sign(sign) else { return false }
    rest = rest.dropFirst()
    return true
  }

  private mutating func name(_ what: String) throws(VendorError) -> String {
    guard case .word(let word)? = rest.first, SOQLName.isName(word) else { throw Self.refused("needs \(what), not \(found)") }
    rest = rest.dropFirst()
    return word
  }
}
