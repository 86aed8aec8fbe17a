/// A Cedar set: distinct values of any kinds, without order.
///
/// Elements are kept sorted in an internal total order, so equality, membership and printing need no hashing and are stable.
public struct ValueSet: Sendable, Hashable {
  /// The elements, each once, in the internal order.
  public let elements: [Value]

  /// A set of the given values; duplicates collapse.
  public init(_ values: some Sequence<Value>) {
    let sorted = values.sorted { $0.compare(to: $1) < 0 }
    var distinct: [Value] = []
    distinct.reserveCapacity(sorted.count)
    for value in sorted where distinct.last != value { distinct.append(value) }
    elements = distinct
  }

  public var isEmpty: Bool { elements.isEmpty }
  public var count: Int { elements.count }

  /// Whether the value is an element.
  public func contains(_ value: Value) -> Bool {
    var low = 0
    var high = elements.count
    while low < high {
      let middle = (low + high) / 2
      let order = elements[middle].compare(to: value)
      if order == 0 { return true }
      if order < 0 { low = middle + 1 } else { high = middle }
    }
    return false
  }

  /// Whether every element of the other set is an element of this one.
  public func isSuperset(of other: ValueSet) -> Bool {
    other.count <= count && other.elements.allSatisfy(contains)
  }

  /// Whether both sets share an element.
  public func intersects(_ other: ValueSet) -> Bool {
    let (smaller, larger) = count < other.count ? (self, other) : (other, self)
    return smaller.elements.contains(where: larger.contains)
  }

  func compare(to other: ValueSet) -> Int {
    if count != other.count { return count - other.count }
    for (left, right) in zip(elements, other.elements) {
      let order = left.compare(to: right)
      if order != 0 { return order }
    }
    return 0
  }
}

extension ValueSet: ExpressibleByArrayLiteral {
  public init(arrayLiteral elements: Value...) { self.init(elements) }
}
