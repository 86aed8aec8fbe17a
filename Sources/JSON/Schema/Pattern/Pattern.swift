/// A regular expression, compiled to a program that runs in time linear in the text: no text makes it hang.
///
/// The program is a nondeterministic automaton whose states are followed all at once (Thompson, 1968). What cannot be run so,
/// back-references and look-behind, is refused. A look-ahead is run where it stands, which its budget bounds.
struct Pattern: Sendable {
  enum Instruction: Sendable {
    /// Takes one character of the class and goes on.
    case character(Int32)
    case split(Int32, Int32)
    case jump(Int32)
    case assert(PatternAssertion)
    /// Goes on at `next` if the program from the following instruction on matches here, or does not.
    case lookahead(next: Int32, negated: Bool)
    case match
  }

  private(set) var program: ContiguousArray<Instruction> = []
  private(set) var classes: ContiguousArray<CharacterClass> = []
  /// Whether every match begins at the start of the text.
  private(set) var isAnchored = false

  /// The most instructions of a program.
  static let largest = 5_000

  init(_ text: String) throws(PatternError) {
    guard text.utf8.count <= 8_192 else { throw PatternError("the pattern is longer than 8192 bytes", isUnsupported: true) }
    var parser = PatternParser(text)
    let syntax = try parser.parse()
    classes = parser.classes
    try emit(syntax)
    try append(.match)
    isAnchored = Self.isAnchored(syntax)
  }

  private static func isAnchored(_ syntax: PatternSyntax) -> Bool {
    switch syntax {
    case .assertion(.start): true
    case .sequence(let terms): terms.first.map(isAnchored) ?? false
    case .alternatives(let alternatives): alternatives.allSatisfy(isAnchored)
    case .repetition(let body, let least, _): least > 0 && isAnchored(body)
    default: false
    }
  }

  private mutating func append(_ instruction: Instruction) throws(PatternError) {
    guard program.count < Self.largest else {
      throw PatternError("the pattern repeats more than \(Self.largest) steps: use smaller counts in {}", isUnsupported: true)
    }
    program.append(instruction)
  }

  private var end: Int32 { Int32(truncatingIfNeeded: program.count) }

  private mutating func emit(_ syntax: PatternSyntax) throws(PatternError) {
    switch syntax {
    case .empty: break
    case .characters(let characters): try append(.character(characters))
    case .sequence(let terms):
      for term in terms { try emit(term) }
    case .alternatives(let alternatives):
      var exits: [Int] = []
      for (index, alternative) in alternatives.enumerated() {
        guard index < alternatives.count - 1 else {
          try emit(alternative)
          break
        }
        let split = program.count
        try append(.split(end + 1, 0))
        try emit(alternative)
        exits.append(program.count)
        try append(.jump(0))
        program[split] = .split(Int32(split) + 1, end)
      }
      for exit in exits { program[exit] = .jump(end) }
    case .repetition(let body, let least, let most): try emit(body, least: least, most: most)
    case .assertion(let assertion): try append(.assert(assertion))
    case .lookahead(let body, let negated):
      let start = program.count
      try append(.lookahead(next: 0, negated: negated))
      try emit(body)
      try append(.match)
      program[start] = .lookahead(next: end, negated: negated)
    case .unsupported(let what): throw PatternError("\(what) cannot be run in bounded time", isUnsupported: true)
    }
  }

  private mutating func emit(_ body: PatternSyntax, least: Int, most: Int?) throws(PatternError) {
    // A body that takes nothing, repeated any number of times, is refused by the bound on the program, not by luck.
    for _ in 0..<least {
      let before = program.count
      try emit(body)
      if program.count == before { break }
    }
    guard let most else {
      let split = program.count
      try append(.split(end + 1, 0))
      try emit(body)
      try append(.jump(Int32(split)))
      program[split] = .split(Int32(split) + 1, end)
      return
    }
    guard most > least else { return }
    var splits: [Int] = []
    for _ in least..<most {
      splits.append(program.count)
      try append(.split(end + 1, 0))
      try emit(body)
    }
    for split in splits { program[split] = .split(Int32(split) + 1, end) }
  }
}
