/// The right side of `like`: text in which `*` stands for any run of characters, the empty run included.
public struct Pattern: Sendable, Hashable {
  /// A part of a pattern, for translation to other pattern languages such as SQL `LIKE`.
  public enum Part: Sendable, Hashable {
    case literal(String)
    case wildcard
  }

  /// UTF-8 bytes; `wildcard` stands for `*`. Matching bytes equals matching scalars, as UTF-8 is self-synchronizing.
  private let symbols: [UInt16]
  private static let wildcard: UInt16 = 0x100

  init(_ elements: [StringLiteral.Element]) {
    var symbols: [UInt16] = []
    for element in elements {
      switch element {
      case .wildcard:
        if symbols.last != Self.wildcard { symbols.append(Self.wildcard) }
      case .scalar(let scalar):
        for byte in UTF8.encode(scalar) ?? .init() { symbols.append(UInt16(byte)) }
      }
    }
    self.symbols = symbols
  }

  /// A pattern of the given parts; a literal's `*` stands for itself.
  public init(parts: [Part]) {
    self.init(
      parts.flatMap { part -> [StringLiteral.Element] in
        switch part {
        case .wildcard: [.wildcard]
        case .literal(let text): text.unicodeScalars.map { .scalar($0) }
        }
      })
  }

  /// The pattern's parts; neighbouring wildcards are one.
  public var parts: [Part] {
    var parts: [Part] = []
    var literal: [UInt8] = []
    func flush() {
      if !literal.isEmpty { parts.append(.literal(String(decoding: literal, as: UTF8.self))) }
      literal = []
    }
    for symbol in symbols {
      if symbol == Self.wildcard {
        flush()
        parts.append(.wildcard)
      } else {
        literal.append(UInt8(truncatingIfNeeded: symbol))
      }
    }
    flush()
    return parts
  }

  /// Whether the whole text matches.
  public func matches(_ text: String) -> Bool {
    text.utf8.withContiguousStorageIfAvailable { matches($0) } ?? Array(text.utf8).withUnsafeBufferPointer { matches($0) }
  }

  private func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    var textIndex = 0
    var patternIndex = 0
    // Where the last wildcard was seen and the text position it has swallowed up to: enough to backtrack, since an
    // earlier wildcard never needs to take more once a later one is reached.
    var resume: (pattern: Int, text: Int)?
    while textIndex < text.count {
      if patternIndex < symbols.count, symbols[patternIndex] == Self.wildcard {
        patternIndex += 1
        resume = (patternIndex, textIndex)
      } else if patternIndex < symbols.count, symbols[patternIndex] == UInt16(text[textIndex]) {
        patternIndex += 1
        textIndex += 1
      } else if let last = resume {
        resume = (last.pattern, last.text + 1)
        patternIndex = last.pattern
        textIndex = last.text + 1
      } else {
        return false
      }
    }
    while patternIndex < symbols.count, symbols[patternIndex] == Self.wildcard { patternIndex += 1 }
    return patternIndex == symbols.count
  }
}
