/// One pass over the bytes of a JSON text (RFC 8259): grammar, UTF-8, escapes, bounds and repeated names.
///
/// A loop, not recursion: the depth of hostile input costs no stack. While a container is open, its node's `next` is the index of the one
/// that it stands in. Reads stay below `bytes.count`, which every read of `base` is checked against first.
struct JSONScanner {
  private let base: UnsafePointer<UInt8>
  private let count: Int
  private let limits: JSONLimits
  private var at = 0
  /// The innermost open container, and how many are open.
  private var container = 0
  private var depth = 0

  /// - Parameter base: `count` readable bytes that outlive the scanner.
  init(base: UnsafePointer<UInt8>, count: Int, limits: JSONLimits) {
    self.base = base
    self.count = count
    self.limits = limits
  }

  /// What the grammar allows at the current position.
  private enum Expecting { case value, valueOrEnd, name, nameOrEnd, commaOrEnd, end }

  mutating func scan(into nodes: inout NodeStorage) throws(JSONError) {
    var expecting = Expecting.value
    while true {
      skipWhitespace()
      guard at < count else {
        if case .end = expecting { return }
        throw JSONError(.truncated, at: at, nodes.count == 0 ? "the text is empty" : "the text ends inside a value")
      }
      let byte = base[at]
      switch expecting {
      case .end:
        throw JSONError(.syntax, at: at, "there is more text after the value")

      case .value, .valueOrEnd:
        if byte == UInt8(ascii: "]"), case .valueOrEnd = expecting {
          close(&nodes)
          expecting = depth == 0 ? .end : .commaOrEnd
          continue
        }
        guard nodes.count < limits.values else {
          throw JSONError(.tooLarge, at: at, "the text has more than \(limits.values) values")
        }
        if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
          guard depth < limits.depth else {
            throw JSONError(.tooDeep, at: at, "the text is nested deeper than \(limits.depth) levels")
          }
          let isObject = byte == UInt8(ascii: "{")
          open(isObject ? .object : .array, &nodes)
          at += 1
          expecting = isObject ? .nameOrEnd : .valueOrEnd
          continue
        }
        try scalar(byte, &nodes)
        expecting = depth == 0 ? .end : .commaOrEnd

      case .name, .nameOrEnd:
        if byte == UInt8(ascii: "}"), case .nameOrEnd = expecting {
          close(&nodes)
          expecting = depth == 0 ? .end : .commaOrEnd
          continue
        }
        guard byte == UInt8(ascii: "\"") else { throw JSONError(.syntax, at: at, "expected a member name in quotes") }
        try string(&nodes)
        skipWhitespace()
        guard at < count else { throw JSONError(.truncated, at: at, "the text ends after a member name") }
        guard base[at] == UInt8(ascii: ":") else { throw JSONError(.syntax, at: at, "expected a colon after the name") }
        at += 1
        expecting = .value

      case .commaOrEnd:
        let isObject = nodes[container].kind == .object
        switch byte {
        case UInt8(ascii: ","):
          at += 1
          expecting = isObject ? .name : .value
        case UInt8(ascii: "}") where isObject:
          if !limits.allowsDuplicateKeys { try rejectDuplicates(in: container, nodes) }
          close(&nodes)
          expecting = depth == 0 ? .end : .commaOrEnd
        case UInt8(ascii: "]") where !isObject:
          close(&nodes)
          expecting = depth == 0 ? .end : .commaOrEnd
        default:
          throw JSONError(.syntax, at: at, isObject ? "expected a comma or }" : "expected a comma or ]")
        }
      }
    }
  }

  @inline(__always)
  private mutating func skipWhitespace() {
    while at < count {
      switch base[at] {
      case 0x20, 0x0A, 0x0D, 0x09: at += 1
      default: return
      }
    }
  }

  @inline(__always)
  private func append(
    _ kind: JSONDocument.Node.Kind, from start: Int, to end: Int, escaped: Bool = false,
    _ nodes: inout NodeStorage
  ) {
    if nodes.count == nodes.capacity { makeRoom(in: &nodes) }
    nodes.append(
      JSONDocument.Node(
        kind: kind, escaped: escaped, start: UInt32(truncatingIfNeeded: start),
        end: UInt32(truncatingIfNeeded: end), next: UInt32(truncatingIfNeeded: nodes.count + 1)))
  }

  /// As much as the rest of the text needs if it is like what was seen of it, and not more than eight times as much as there is.
  @inline(never)
  private func makeRoom(in nodes: inout NodeStorage) {
    let expected = nodes.count * (count / max(at, 1) + 1)
    nodes.grow(to: min(max(expected, nodes.count * 2), nodes.count * 8))
  }

  private mutating func open(_ kind: JSONDocument.Node.Kind, _ nodes: inout NodeStorage) {
    let outer = container
    container = nodes.count
    depth += 1
    append(kind, from: at, to: at, &nodes)
    nodes[container].next = UInt32(truncatingIfNeeded: outer)
  }

  private mutating func close(_ nodes: inout NodeStorage) {
    at += 1
    depth -= 1
    let closed = container
    container = Int(nodes[closed].next)
    nodes[closed].end = UInt32(truncatingIfNeeded: at)
    nodes[closed].next = UInt32(truncatingIfNeeded: nodes.count)
  }

  private mutating func scalar(_ byte: UInt8, _ nodes: inout NodeStorage) throws(JSONError) {
    switch byte {
    case UInt8(ascii: "\""): try string(&nodes)
    case UInt8(ascii: "t"): try literal("true", .true, &nodes)
    case UInt8(ascii: "f"): try literal("false", .false, &nodes)
    case UInt8(ascii: "n"): try literal("null", .null, &nodes)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number(&nodes)
    default: throw JSONError(.syntax, at: at, "expected a value")
    }
  }

  private mutating func literal(
    _ word: StaticString, _ kind: JSONDocument.Node.Kind, _ nodes: inout NodeStorage
  ) throws(JSONError) {
    let length = word.utf8CodeUnitCount
    guard count - at >= length else { throw JSONError(.truncated, at: at, "the text ends inside \(word)") }
    for offset in 0..<length where base[at + offset] != word.utf8Start[offset] {
      throw JSONError(.syntax, at: at, "expected a value")
    }
    append(kind, from: at, to: at + length, &nodes)
    at += length
  }

  private mutating func number(_ nodes: inout NodeStorage) throws(JSONError) {
    let start = at
    if base[at] == UInt8(ascii: "-") { at += 1 }
    guard at < count else { throw JSONError(.truncated, at: at, "the text ends inside a number") }
    if base[at] == UInt8(ascii: "0") {
      at += 1
      if at < count, isDigit(base[at]) { throw JSONError(.syntax, at: at, "a number has no leading zero") }
    } else {
      try digits()
    }
    if at < count, base[at] == UInt8(ascii: ".") {
      at += 1
      try digits()
    }
    if at < count, base[at] | 0x20 == UInt8(ascii: "e") {
      at += 1
      if at < count, base[at] == UInt8(ascii: "+") || base[at] == UInt8(ascii: "-") { at += 1 }
      try digits()
    }
    append(.number, from: start, to: at, &nodes)
  }

  @inline(__always)
  private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") <= 9 }

  private mutating func digits() throws(JSONError) {
    let start = at
    while at < count, isDigit(base[at]) { at += 1 }
    guard at > start else {
      throw JSONError(at < count ? .syntax : .truncated, at: at, "expected a digit")
    }
  }

  // MARK: Strings

  private mutating func string(_ nodes: inout NodeStorage) throws(JSONError) {
    let start = at
    var escaped = false
    at += 1
    while true {
      skipPlainText()
      guard at < count else { throw JSONError(.truncated, at: at, "the text ends inside a string") }
      let byte = base[at]
      switch byte {
      case UInt8(ascii: "\""):
        at += 1
        append(.string, from: start, to: at, escaped: escaped, &nodes)
        return
      case UInt8(ascii: "\\"):
        escaped = true
        try escape()
      case 0..<0x20:
        throw JSONError(.syntax, at: at, "a control character in a string must be escaped")
      case 0x80...:
        try multibyte(byte)
      default:
        at += 1
      }
    }
  }

  /// Passes over 16 bytes at a time while none of them is a quote, a backslash, a control character or beyond ASCII.
  @inline(__always)
  private mutating func skipPlainText() {
    let quote = SIMD16<UInt8>(repeating: UInt8(ascii: "\""))
    let backslash = SIMD16<UInt8>(repeating: UInt8(ascii: "\\"))
    let offset = SIMD16<UInt8>(repeating: 0x20)
    let span = SIMD16<UInt8>(repeating: 0x60)
    while count - at >= 16 {
      let chunk = UnsafeRawPointer(base + at).loadUnaligned(as: SIMD16<UInt8>.self)
      let special = (chunk &- offset .>= span) .| (chunk .== quote) .| (chunk .== backslash)
      let place = special.first
      at &+= place
      if place < 16 { return }
    }
    while at < count {
      let byte = base[at]
      if byte &- 0x20 >= 0x60 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return }
      at += 1
    }
  }

  private mutating func escape() throws(JSONError) {
    guard at + 1 < count else { throw JSONError(.truncated, at: at, "the text ends inside an escape") }
    switch base[at + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      at += 2
    case UInt8(ascii: "u"):
      let unit = try hex(at + 2)
      switch unit {
      case 0xDC00...0xDFFF:
        throw JSONError(.encoding, at: at, "a low surrogate escape without the high one")
      case 0xD800...0xDBFF:
        guard at + 7 < count, base[at + 6] == UInt8(ascii: "\\"), base[at + 7] == UInt8(ascii: "u") else {
          throw JSONError(.encoding, at: at, "a high surrogate escape without the low one")
        }
        guard case 0xDC00...0xDFFF = try hex(at + 8) else {
          throw JSONError(.encoding, at: at + 6, "a high surrogate escape without the low one")
        }
        at += 12
      default:
        at += 6
      }
    default:
      throw JSONError(.syntax, at: at + 1, "no such escape")
    }
  }

  private func hex(_ start: Int) throws(JSONError) -> UInt16 {
    guard start + 4 <= count else { throw JSONError(.truncated, at: count, "the text ends inside an escape") }
    var unit: UInt16 = 0
    for offset in 0..<4 {
      guard let digit = hexDigit(base[start + offset]) else {
        throw JSONError(.syntax, at: start + offset, "expected four hexadecimal digits")
      }
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }

  /// One UTF-8 sequence of two to four bytes, by the table of RFC 3629 section 4: no overlong form, no surrogate.
  private mutating func multibyte(_ lead: UInt8) throws(JSONError) {
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch lead {
    case 0xC2...0xDF: length = 2
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: length = 3
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    case 0xF1...0xF3: length = 4
    default: throw JSONError(.encoding, at: at, "the text is not valid UTF-8")
    }
    guard at + length <= count else { throw JSONError(.truncated, at: at, "the text ends inside a character") }
    guard second.contains(base[at + 1]) else { throw JSONError(.encoding, at: at, "the text is not valid UTF-8") }
    for offset in 2..<max(length, 2) where base[at + offset] & 0xC0 != 0x80 {
      throw JSONError(.encoding, at: at, "the text is not valid UTF-8")
    }
    at += length
  }

  // MARK: Repeated names

  /// Compares the names of one object pairwise when they are few, by keyed hash when they are many.
  private func rejectDuplicates(in object: Int, _ nodes: borrowing NodeStorage) throws(JSONError) {
    var names = 0
    var name = object + 1
    while name < nodes.count {
      names += 1
      if names > 16 { return try rejectDuplicatesByHash(in: object, nodes) }
      var other = object + 1
      while other < name {
        if equal(nodes[name], nodes[other]) { throw duplicate(nodes[name]) }
        other = Int(nodes[other + 1].next)
      }
      name = Int(nodes[name + 1].next)
    }
  }

  private func rejectDuplicatesByHash(in object: Int, _ nodes: borrowing NodeStorage) throws(JSONError) {
    var seen = Set<[UInt8]>()
    var name = object + 1
    while name < nodes.count {
      let node = nodes[name]
      let bytes = UnsafeBufferPointer(start: base + Int(node.start) + 1, count: Int(node.end - node.start) - 2)
      guard seen.insert(JSONText.unescape(bytes, escaped: node.escaped)).inserted else { throw duplicate(node) }
      name = Int(nodes[name + 1].next)
    }
  }

  private func duplicate(_ name: JSONDocument.Node) -> JSONError {
    JSONError(.duplicateKey, at: Int(name.start), "a member name occurs twice in one object")
  }

  private func equal(_ one: JSONDocument.Node, _ other: JSONDocument.Node) -> Bool {
    guard one.escaped || other.escaped || one.end - one.start == other.end - other.start else { return false }
    let first = UnsafeBufferPointer(start: base + Int(one.start) + 1, count: Int(one.end - one.start) - 2)
    let second = UnsafeBufferPointer(start: base + Int(other.start) + 1, count: Int(other.end - other.start) - 2)
    if one.escaped || other.escaped {
      return JSONText.unescape(first, escaped: one.escaped) == JSONText.unescape(second, escaped: other.escaped)
    }
    return first.elementsEqual(second)
  }
}

extension SIMDMask<SIMD16<Int8>> {
  /// The place of the first lane that is true, or 16.
  @inline(__always)
  var first: Int {
    let lanes = unsafeBitCast(self, to: SIMD2<UInt64>.self)
    let (low, high) = (UInt64(littleEndian: lanes.x), UInt64(littleEndian: lanes.y))
    let isLate = low == 0
    return ((isLate ? high : low).trailingZeroBitCount &+ (isLate ? 64 : 0)) &>> 3
  }
}

/// The value of a hexadecimal digit.
@inline(__always)
func hexDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}
