extension Pattern {
  /// Whether the pattern matches anywhere in `text`, which is valid UTF-8.
  ///
  /// - Parameter work: less one for every state entered; negative afterwards when it did not suffice, and then the answer is no.
  func matches(_ text: UnsafeBufferPointer<UInt8>, _ work: inout Int) -> Bool {
    program.withUnsafeBufferPointer { program in
      let run = PatternRun(program: program, classes: classes, text: text)
      return run.matches(from: 0, at: 0, isAnchored: isAnchored, depth: 0, &work)
    }
  }
}

/// One program on one text.
private struct PatternRun {
  let program: UnsafeBufferPointer<Pattern.Instruction>
  let classes: ContiguousArray<CharacterClass>
  let text: UnsafeBufferPointer<UInt8>

  /// Look-aheads inside look-aheads cost their product; no schema of the field has more than one level.
  private static let deepest = 4

  /// - Parameter entry: the instruction to start with.
  func matches(from entry: Int, at start: Int, isAnchored: Bool, depth: Int, _ work: inout Int) -> Bool {
    let size = program.count
    work -= size >> 2
    // Two lists of states, when each was last entered, and the states still to be entered.
    return withUnsafeTemporaryAllocation(of: Int32.self, capacity: size * 5) { memory in
      guard var current = memory.baseAddress else { return false }
      memory.initialize(repeating: -1)
      var next = current + size
      let entered = current + 2 * size
      let pending = current + 3 * size
      var (currentCount, nextCount) = (0, 0)
      var at = start
      var generation: Int32 = 0
      var hasMatched = false
      while true {
        if !isAnchored || at == start {
          hasMatched = enter(entry, at, generation, entered, pending, current, &currentCount, depth, &work)
        }
        if hasMatched { return true }
        if work < 0 || at >= text.count || (currentCount == 0 && isAnchored) { return false }
        let (scalar, length) = decode(at)
        generation += 1
        nextCount = 0
        for index in 0..<currentCount {
          let state = Int(current[index])
          work -= 1
          guard case .character(let set) = program[state], classes[Int(set)].contains(scalar) else { continue }
          if enter(state + 1, at + length, generation, entered, pending, next, &nextCount, depth, &work) { return work >= 0 }
        }
        at += length
        swap(&current, &next)
        currentCount = nextCount
      }
    }
  }

  /// Enters a state and all that follow it without a character; says whether the end of the program is among them.
  private func enter(
    _ state: Int, _ at: Int, _ generation: Int32, _ entered: UnsafeMutablePointer<Int32>, _ pending: UnsafeMutablePointer<Int32>,
    _ list: UnsafeMutablePointer<Int32>, _ count: inout Int, _ depth: Int, _ work: inout Int
  ) -> Bool {
    var open = 1
    pending[0] = Int32(truncatingIfNeeded: state)
    while open > 0 {
      open -= 1
      let state = Int(pending[open])
      guard entered[state] != generation else { continue }
      entered[state] = generation
      work -= 1
      guard work >= 0 else { return false }
      switch program[state] {
      case .character:
        list[count] = Int32(truncatingIfNeeded: state)
        count += 1
      case .split(let first, let second):
        // Each state opens two at most and is entered once, so `pending` (twice the size) has room.
        pending[open] = second
        pending[open + 1] = first
        open += 2
      case .jump(let target):
        pending[open] = target
        open += 1
      case .assert(let assertion):
        guard holds(assertion, at) else { continue }
        pending[open] = Int32(truncatingIfNeeded: state + 1)
        open += 1
      case .lookahead(let next, let negated):
        guard depth < Self.deepest else {
          work = -1
          return false
        }
        guard matches(from: state + 1, at: at, isAnchored: true, depth: depth + 1, &work) != negated, work >= 0 else { continue }
        pending[open] = next
        open += 1
      case .match: return true
      }
    }
    return false
  }

  private func holds(_ assertion: PatternAssertion, _ at: Int) -> Bool {
    switch assertion {
    case .start: at == 0
    case .end: at == text.count
    case .wordBoundary: isWord(at - 1) != isWord(at)
    case .notWordBoundary: isWord(at - 1) == isWord(at)
    }
  }

  private func isWord(_ at: Int) -> Bool {
    guard at >= 0, at < text.count else { return false }
    switch text[at] {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"): return true
    default: return false
    }
  }

  /// The scalar at a byte, and how many bytes it takes. Never reads past the end, whatever the bytes are.
  @inline(__always)
  private func decode(_ at: Int) -> (UInt32, Int) {
    let lead = UInt32(text[at])
    if lead < 0x80 { return (lead, 1) }
    let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
    guard at + length <= text.count else { return (lead, text.count - at) }
    var scalar = lead & (0x7F >> UInt32(length))
    for offset in 1..<length { scalar = scalar << 6 | UInt32(text[at + offset]) & 0x3F }
    return (scalar, length)
  }
}
