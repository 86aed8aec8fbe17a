/// Reads a regular expression of ECMA-262 with Unicode semantics (the `u` flag).
///
/// More lenient than the flag in what schemas of the field rely on: a punctuation character may be escaped without need
/// (`\-`, `\@`), and `{`, `}` and `]` stand for themselves where they can mean nothing else (Annex B.1.2).
struct PatternParser {
  /// The classes of characters that the expression names, ready to be asked.
  private(set) var classes: ContiguousArray<CharacterClass> = []
  private let scalars: [UInt32]
  private var at = 0
  private var depth = 0
  private static let deepest = 64
  private static let largestCount = 1_000_000

  init(_ text: String) { scalars = text.unicodeScalars.map(\.value) }

  mutating func parse() throws(PatternError) -> PatternSyntax {
    let syntax = try alternatives()
    guard at == scalars.count else { throw PatternError("a ) that nothing opens") }
    return syntax
  }

  private var next: UInt32? { at < scalars.count ? scalars[at] : nil }

  private func isNext(_ character: Unicode.Scalar) -> Bool { next == character.value }

  private mutating func take(_ text: String) -> Bool {
    let wanted = text.unicodeScalars.map(\.value)
    guard scalars[at...].starts(with: wanted) else { return false }
    at += wanted.count
    return true
  }

  private mutating func characters(_ characters: CharacterClass) -> PatternSyntax {
    classes.append(characters.finished())
    return .characters(Int32(truncatingIfNeeded: classes.count - 1))
  }

  private mutating func alternatives() throws(PatternError) -> PatternSyntax {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest else { throw PatternError("groups are nested deeper than \(Self.deepest)", isUnsupported: true) }
    var alternatives = [try sequence()]
    while take("|") { alternatives.append(try sequence()) }
    return alternatives.count == 1 ? alternatives[0] : .alternatives(alternatives)
  }

  private mutating func sequence() throws(PatternError) -> PatternSyntax {
    var terms: [PatternSyntax] = []
    while let next, next != 0x7C, next != 0x29 {
      let (term, isQuantifiable) = try term()
      if let (least, most) = try quantifier() {
        guard isQuantifiable else { throw PatternError("a quantifier after an assertion") }
        terms.append(.repetition(term, least: least, most: most))
      } else {
        terms.append(term)
      }
    }
    return terms.isEmpty ? .empty : terms.count == 1 ? terms[0] : .sequence(terms)
  }

  private mutating func term() throws(PatternError) -> (PatternSyntax, isQuantifiable: Bool) {
    guard let next else { return (.empty, false) }
    switch Unicode.Scalar(next) {
    case "^":
      at += 1
      return (.assertion(.start), false)
    case "$":
      at += 1
      return (.assertion(.end), false)
    case "(": return try group()
    case ".":
      at += 1
      return (characters(.complement(CharacterClass.lineTerminators)), true)
    case "[":
      at += 1
      return (characters(try brackets()), true)
    case "*", "+", "?": throw PatternError("a quantifier with nothing to repeat")
    case "\\":
      at += 1
      return try escape()
    default:
      if next == 0x7B, try quantifier() != nil { throw PatternError("a quantifier with nothing to repeat") }
      at += 1
      return (characters(CharacterClass(next)), true)
    }
  }

  private mutating func group() throws(PatternError) -> (PatternSyntax, isQuantifiable: Bool) {
    let isAhead = take("(?=")
    if isAhead || take("(?!") {
      return (.lookahead(try closed(), negated: !isAhead), false)
    }
    if take("(?<=") || take("(?<!") {
      _ = try closed()
      return (.unsupported("a look-behind (?<= or (?<!"), false)
    }
    if take("(?<") {
      guard let end = scalars[at...].firstIndex(of: 0x3E), end > at, end - at <= 64 else { throw PatternError("a group name without >") }
      let name = String(String.UnicodeScalarView(scalars[at..<end].compactMap(Unicode.Scalar.init)))
      guard name.unicodeScalars.allSatisfy({ $0 == "$" || $0 == "_" || $0.properties.isIDContinue }), !("0"..."9").contains(name.unicodeScalars.first ?? "0")
      else { throw PatternError("a group name that is no identifier") }
      at = end + 1
      return (try closed(), true)
    }
    if take("(?:") { return (try closed(), true) }
    if take("(?") { throw PatternError("ECMA-262 has no group that starts with (?\(next.flatMap(Unicode.Scalar.init).map { String($0) } ?? "")") }
    at += 1
    return (try closed(), true)
  }

  private mutating func closed() throws(PatternError) -> PatternSyntax {
    let syntax = try alternatives()
    guard take(")") else { throw PatternError("a ( that nothing closes") }
    return syntax
  }

  /// `*`, `+`, `?`, `{n}`, `{n,}`, `{n,m}`; a lazy one matches the same texts. Leaves alone what is none of them.
  private mutating func quantifier() throws(PatternError) -> (Int, Int?)? {
    let bounds: (Int, Int?)
    switch next.flatMap(Unicode.Scalar.init) {
    case "*": bounds = (0, nil)
    case "+": bounds = (1, nil)
    case "?": bounds = (0, 1)
    case "{":
      let start = at
      at += 1
      guard let least = number() else {
        at = start
        return nil
      }
      var most: Int? = least
      if take(",") { most = number() }
      guard isNext("}") else {
        at = start
        return nil
      }
      if let most, most < least { throw PatternError("a quantifier {\(least),\(most)} whose bounds are out of order") }
      bounds = (least, most)
    default: return nil
    }
    at += 1
    _ = take("?")
    return bounds
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let next, (0x30...0x39).contains(next) {
      value = min((value ?? 0) * 10 + Int(next - 0x30), Self.largestCount)
      at += 1
    }
    return value
  }

  // MARK: Escapes

  /// What stands after a backslash, outside of brackets.
  private mutating func escape() throws(PatternError) -> (PatternSyntax, isQuantifiable: Bool) {
    switch next.flatMap(Unicode.Scalar.init) {
    case "b":
      at += 1
      return (.assertion(.wordBoundary), false)
    case "B":
      at += 1
      return (.assertion(.notWordBoundary), false)
    case .some("1"..."9"):
      _ = number()
      return (.unsupported("a back-reference"), true)
    case "k":
      at += 1
      guard take("<"), let end = scalars[at...].firstIndex(of: 0x3E) else { throw PatternError("\\k without <name>") }
      at = end + 1
      return (.unsupported("a back-reference"), true)
    default: return (characters(try classEscape()), true)
    }
  }

  /// What stands after a backslash and names characters.
  private mutating func classEscape() throws(PatternError) -> CharacterClass {
    guard let escaped = next, let scalar = Unicode.Scalar(escaped) else { throw PatternError("a backslash at the end") }
    at += 1
    switch scalar {
    case "d": return CharacterClass(CharacterClass.digits)
    case "D": return .complement(CharacterClass.digits)
    case "w": return CharacterClass(CharacterClass.wordCharacters)
    case "W": return .complement(CharacterClass.wordCharacters)
    case "s": return CharacterClass(CharacterClass.spaces)
    case "S": return .complement(CharacterClass.spaces)
    case "t": return CharacterClass(0x09)
    case "n": return CharacterClass(0x0A)
    case "v": return CharacterClass(0x0B)
    case "f": return CharacterClass(0x0C)
    case "r": return CharacterClass(0x0D)
    case "0":
      if let next, (0x30...0x39).contains(next) { throw PatternError("ECMA-262 has no octal escapes: use \\x or \\u") }
      return CharacterClass(0)
    case "c":
      guard let letter = next, (0x41...0x5A).contains(letter) || (0x61...0x7A).contains(letter) else { throw PatternError("\\c without a letter") }
      at += 1
      return CharacterClass(letter & 31)
    case "x": return CharacterClass(try hexadecimal(2))
    case "u": return CharacterClass(try unicodeEscape())
    case "p", "P": return try property(negated: scalar == "P")
    case "a"..."z", "A"..."Z", "1"..."9":
      throw PatternError("\\\(scalar) is no escape of ECMA-262")
    default: return CharacterClass(escaped)
    }
  }

  private mutating func hexadecimal(_ digits: Int) throws(PatternError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let next, next < 128, let digit = hexDigit(UInt8(next)) else { throw PatternError("an escape that lacks hexadecimal digits") }
      value = value << 4 | UInt32(digit)
      at += 1
    }
    return value
  }

  private mutating func unicodeEscape() throws(PatternError) -> UInt32 {
    if take("{") {
      var value: UInt32 = 0
      var digits = 0
      while let next, next < 128, let digit = hexDigit(UInt8(next)) {
        value = min(value << 4 | UInt32(digit), 0x1000000)
        digits += 1
        at += 1
      }
      guard digits > 0, value <= CharacterClass.last, take("}") else { throw PatternError("\\u{ without a code point and }") }
      return value
    }
    let unit = try hexadecimal(4)
    // Two escapes may name one character, as two UTF-16 code units.
    if (0xD800...0xDBFF).contains(unit), at + 1 < scalars.count, isNext("\\"), scalars[at + 1] == 0x75 {
      let start = at
      at += 2
      let low = try hexadecimal(4)
      if (0xDC00...0xDFFF).contains(low) { return 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00) }
      at = start
    }
    return unit
  }

  private mutating func property(negated: Bool) throws(PatternError) -> CharacterClass {
    guard take("{"), let end = scalars[at...].firstIndex(of: 0x7D), end - at <= 64 else { throw PatternError("\\p without {property}") }
    let name = String(String.UnicodeScalarView(scalars[at..<end].compactMap(Unicode.Scalar.init)))
    at = end + 1
    guard let property = UnicodeProperty(name) else {
      throw PatternError("\\p{\(name)}: only general categories and binary properties are supported", isUnsupported: true)
    }
    var characters = CharacterClass()
    characters.insert(property, negated: negated)
    return characters
  }

  // MARK: Brackets

  /// After `[`.
  private mutating func brackets() throws(PatternError) -> CharacterClass {
    var characters = CharacterClass()
    characters.isNegated = take("^")
    while true {
      guard next != nil else { throw PatternError("a [ that nothing closes") }
      if take("]") { return characters }
      let low = try bracketItem()
      guard isNext("-"), at + 1 < scalars.count, scalars[at + 1] != 0x5D else {
        characters.formUnion(low)
        continue
      }
      at += 1
      let high = try bracketItem()
      if let first = low.single, let last = high.single {
        guard first <= last else { throw PatternError("a range in brackets whose ends are out of order") }
        characters.insert(first...last)
      } else {
        // `[\w-.]`: no range, so the hyphen stands for itself.
        characters.formUnion(low)
        characters.formUnion(high)
        characters.insert(0x2D...0x2D)
      }
    }
  }

  private mutating func bracketItem() throws(PatternError) -> CharacterClass {
    guard let item = next else { throw PatternError("a [ that nothing closes") }
    at += 1
    guard item == 0x5C else { return CharacterClass(item) }
    if take("b") { return CharacterClass(0x08) }
    return try classEscape()
  }
}
