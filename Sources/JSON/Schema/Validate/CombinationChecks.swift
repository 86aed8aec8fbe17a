/// The keywords that apply several schemas to one value.
extension SchemaValidation {
  mutating func checkAll(_ start: Int, _ count: Int, _ node: Int, tracking: Bool) -> Bool {
    var isValid = true
    for index in start..<start + count where !apply(program.tables.lists[index], node, tracking: tracking) {
      isValid = false
      if !isExplaining || work < 0 { return false }
    }
    return isValid
  }

  mutating func checkAny(_ start: Int, _ count: Int, _ at: Int, _ node: Int, tracking: Bool) -> Bool {
    if isExplaining { return explainAlternatives("anyOf", start, count, at, node, tracking: tracking) }
    var isValid = false
    for index in start..<start + count where apply(program.tables.lists[index], node, tracking: tracking) {
      isValid = true
      // What the others evaluate counts as well, if anyone asks.
      if !tracking { return true }
    }
    return isValid
  }

  mutating func checkOne(_ start: Int, _ count: Int, _ at: Int, _ node: Int, tracking: Bool) -> Bool {
    var fitting: [Int] = []
    var fits = 0
    for index in start..<start + count where test(program.tables.lists[index], node, tracking: tracking) {
      fits += 1
      if isExplaining { fitting.append(index - start + 1) }
      if fits > 1, !isExplaining { return false }
    }
    if fits == 1 { return true }
    guard isExplaining else { return false }
    if fits == 0 { return explainAlternatives("oneOf", start, count, at, node, tracking: tracking) }
    let numbers = fitting.prefix(4).map(String.init).joined(separator: " and ")
    return fail("oneOf", at, node, "must fit exactly one of \(count) alternatives, but fits \(numbers)")
  }

  /// Says why none of the alternatives fits, by the one that comes closest.
  private mutating func explainAlternatives(_ keyword: StaticString, _ start: Int, _ count: Int, _ at: Int, _ node: Int, tracking: Bool) -> Bool {
    let outside = findings
    var isValid = false
    var types: JSONTypes? = []
    var closest: (rank: Int, number: Int, findings: [SchemaFinding])?
    for index in start..<start + count {
      findings = []
      if apply(program.tables.lists[index], node, tracking: tracking) {
        isValid = true
        continue
      }
      if work < 0 { break }
      let rank = Self.rank(findings, node)
      if rank > 0 || findings.count != 1 { types = nil }
      if let known = types {
        types = findings[0].keyword == "type" ? SchemaText.typeSet(of: program.tables.lists[index], program).map { known.union($0) } : nil
      }
      if closest == nil || rank > closest?.rank ?? 0 { closest = (rank, index - start + 1, findings) }
    }
    findings = outside
    if isValid { return true }
    guard let closest else { return fail(keyword, at, node, "must fit one of \(count) alternatives") }
    if let types, !types.isEmpty {
      return fail(keyword, at, node, "must be of type \(types.text), not \(SchemaText.kind(view, node))")
    }
    let first = closest.findings.first
    let place = first.map { view.pointer(from: node, to: $0.node) } ?? ""
    let reason = first.map { " (the closest is number \(closest.number): \(place.isEmpty ? "it" : place) \($0.message))" } ?? ""
    return fail(keyword, at, node, "must fit one of \(count) alternatives\(reason)")
  }

  /// How close an alternative came: least if the value is of another type, little if a constant differs (most likely the tag
  /// of another alternative), else the more the deeper the violation.
  private static func rank(_ findings: [SchemaFinding], _ node: Int) -> Int {
    guard let first = findings.first else { return 1 }
    if first.node == node, first.keyword == "type" || first.keyword == "false" { return 0 }
    if findings.contains(where: { $0.keyword == "const" || $0.keyword == "enum" }) { return 1 }
    return first.node == node ? 2 : 3
  }
}
