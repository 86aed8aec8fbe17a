/// Equality of JSON values as JSON Schema has it (core, section 4.2.2): numbers by value, objects in any order.
extension JSONView {
  /// How deep values are compared; deeper ones count as work beyond any bound.
  private static var deepest: Int { 512 }

  /// - Parameter work: what is left of the work that may be done; negative afterwards when it did not suffice.
  func equal(_ one: Int, _ view: JSONView, _ other: Int, _ work: inout Int, depth: Int = 0) -> Bool {
    work -= 1
    guard work >= 0 else { return false }
    let (first, second) = (nodes[one], view.nodes[other])
    guard first.kind == second.kind else { return false }
    guard depth < Self.deepest else {
      work = -1
      return false
    }
    switch first.kind {
    case .null, .true, .false: return true
    case .number: return number(one).compare(view.number(other)) == 0
    case .string:
      work -= Int(first.end - first.start) >> 6
      return view.withString(other) { equalString(one, $0) }
    case .array:
      var (left, right) = (one + 1, other + 1)
      while left < Int(first.next), right < Int(second.next) {
        guard equal(left, view, right, &work, depth: depth + 1) else { return false }
        left = Int(nodes[left].next)
        right = Int(view.nodes[right].next)
      }
      return left == Int(first.next) && right == Int(second.next)
    case .object:
      guard count(one) == view.count(other) else { return false }
      var left = one + 1
      while left < Int(first.next) {
        guard let right = counterpart(of: left, view, other, &work), equal(left + 1, view, right, &work, depth: depth + 1) else { return false }
        left = Int(nodes[left + 1].next)
      }
      return true
    }
  }

  /// The value in the object `other` of `view` whose name is the one at `name`.
  private func counterpart(of name: Int, _ view: JSONView, _ other: Int, _ work: inout Int) -> Int? {
    withString(name) { name in
      let end = Int(view.nodes[other].next)
      var child = other + 1
      while child < end, work >= 0 {
        work -= 1
        if view.equalString(child, name) { return child + 1 }
        child = Int(view.nodes[child + 1].next)
      }
      return nil
    }
  }

  /// Feeds a hasher with a value such that equal values feed it equally.
  func hash(_ index: Int, into hasher: inout Hasher, _ work: inout Int, depth: Int = 0) {
    work -= 1
    guard work >= 0, depth < Self.deepest else {
      work = -1
      return
    }
    let node = nodes[index]
    hasher.combine(node.kind.rawValue)
    switch node.kind {
    case .null, .true, .false: break
    case .number: number(index).hash(into: &hasher)
    case .string:
      work -= Int(node.end - node.start) >> 6
      withString(index) { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    case .array:
      var child = index + 1
      while child < Int(node.next) {
        hash(child, into: &hasher, &work, depth: depth + 1)
        child = Int(nodes[child].next)
      }
    case .object:
      var members = 0
      var child = index + 1
      while child < Int(node.next) {
        var member = Hasher()
        withString(child) { member.combine(bytes: UnsafeRawBufferPointer($0)) }
        hash(child + 1, into: &member, &work, depth: depth + 1)
        members &+= member.finalize()
        child = Int(nodes[child + 1].next)
      }
      hasher.combine(members)
    }
  }

  /// Two equal elements of an array, by position; nil when all differ.
  func duplicates(in array: Int, _ work: inout Int) -> (Int, Int)? {
    let end = Int(nodes[array].next)
    guard count(array, upTo: 9) > 8 else {
      // Few: each with each, without memory.
      var (one, position) = (array + 1, 0)
      while one < end {
        var (other, otherPosition) = (Int(nodes[one].next), position + 1)
        while other < end {
          if equal(one, self, other, &work) { return (position, otherPosition) }
          other = Int(nodes[other].next)
          otherPosition += 1
        }
        one = Int(nodes[one].next)
        position += 1
      }
      return nil
    }
    var seen: [(hash: Int, position: Int, index: Int)] = []
    var child = array + 1
    while child < end, work >= 0 {
      var hasher = Hasher()
      hash(child, into: &hasher, &work)
      seen.append((hasher.finalize(), seen.count, child))
      child = Int(nodes[child].next)
    }
    seen.sort { ($0.hash, $0.position) < ($1.hash, $1.position) }
    for at in seen.indices.dropFirst() {
      var before = at - 1
      while before >= 0, seen[before].hash == seen[at].hash {
        if equal(seen[before].index, self, seen[at].index, &work) { return (seen[before].position, seen[at].position) }
        before -= 1
      }
    }
    return nil
  }
}
