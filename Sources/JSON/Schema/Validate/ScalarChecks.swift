/// The keywords that look at one scalar.
extension SchemaValidation {
  mutating func checkConstant(_ index: Int, _ at: Int, _ node: Int) -> Bool {
    let place = program.tables.constants[index]
    if isEqual(node, place) { return true }
    return fail("const", at, node, "must be \(SchemaText.shortened(program.documents[Int(place.document)].value(at: Int(place.node))))")
  }

  mutating func checkEnumeration(_ index: Int, _ at: Int, _ node: Int) -> Bool {
    var isFound = false
    if view[node].kind == .string {
      var spent = 0
      isFound = view.withString(node) { program.tables.enumerations[index].strings.find($0, &spent) >= 0 }
      work += spent
    } else {
      for other in program.tables.enumerations[index].others where isEqual(node, other) {
        isFound = true
        break
      }
    }
    if isFound { return true }
    return fail("enum", at, node, "must be one of \(program.tables.enumerations[index].text)")
  }

  private mutating func isEqual(_ node: Int, _ place: SchemaPlace) -> Bool {
    var left = work
    let isEqual = program.documents[Int(place.document)].withView { view.equal(node, $0, Int(place.node), &left) }
    work = left
    return isEqual
  }

  mutating func checkBound(_ index: Int, _ at: Int, _ node: Int) -> Bool {
    let order: Int
    if let limit = program.tables.bounds[index].value.int, let value = smallInteger(node) {
      order = value < limit ? -1 : value > limit ? 1 : 0
    } else {
      let number = view.number(node)
      order = program.tables.bounds[index].value.withText { number.compare($0) }
    }
    let keyword: StaticString
    switch program.tables.bounds[index].relation {
    case .atLeast:
      if order >= 0 { return true }
      keyword = "minimum"
    case .atMost:
      if order <= 0 { return true }
      keyword = "maximum"
    case .above:
      if order > 0 { return true }
      keyword = "exclusiveMinimum"
    case .below:
      if order < 0 { return true }
      keyword = "exclusiveMaximum"
    }
    return fail(keyword, at, node, "must be \(program.tables.bounds[index].text)")
  }

  /// A number written as a whole one of at most 18 digits.
  @inline(__always)
  private func smallInteger(_ node: Int) -> Int? {
    let node = view[node]
    var at = Int(node.start)
    let end = Int(node.end)
    let isNegative = view.text[at] == UInt8(ascii: "-")
    if isNegative { at += 1 }
    guard end - at <= 18 else { return nil }
    var value = 0
    while at < end {
      let digit = view.text[at] &- UInt8(ascii: "0")
      guard digit <= 9 else { return nil }
      value = value * 10 + Int(digit)
      at += 1
    }
    return isNegative ? -value : value
  }

  /// Whether a string has so many characters (Unicode scalars; RFC 8259). Counts only where the bytes leave it open.
  @inline(__always)
  func hasLength(_ value: JSONView.Node, _ node: Int, atLeast least: Int) -> Bool {
    let bytes = Int(value.end) - Int(value.start) - 2
    if bytes < least { return false }
    // A character takes at most four bytes, and as an escape at most twelve.
    if bytes >= (value.escaped ? 12 : 4) * least { return true }
    return length(value, node) >= least
  }

  func length(_ value: JSONView.Node, _ node: Int) -> Int {
    view.withString(node) { bytes in
      var count = 0
      for byte in bytes where byte & 0xC0 != 0x80 { count += 1 }
      return count
    }
  }

  mutating func matches(_ pattern: Int, _ string: Int) -> Bool {
    var left = work
    let matches = view.withString(string) { program.tables.patterns[pattern].matches($0, &left) }
    work = left
    return matches
  }
}

extension JSONDocument {
  func value(at index: Int) -> RawJSON { RawJSON(document: self, index: index) }
}
