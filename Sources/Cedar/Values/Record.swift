/// A Cedar record: named values, each name once.
///
/// Fields are kept sorted by the bytes of their names, so equal records are equal whatever order they were built in,
/// and printing is stable. Lookup is a binary search.
public struct Record: Sendable, Hashable {
  /// One named value.
  public struct Field: Sendable, Hashable {
    public let name: String
    public let value: Value

    public init(_ name: String, _ value: Value) {
      self.name = name
      self.value = value
    }

    public static func == (left: Field, right: Field) -> Bool {
      left.name.hasSameBytes(as: right.name) && left.value == right.value
    }

    public func hash(into hasher: inout Hasher) {
      name.hashBytes(into: &hasher)
      hasher.combine(value)
    }
  }

  /// The fields, sorted by name.
  public private(set) var fields: [Field]

  /// An empty record.
  public init() { fields = [] }

  /// A record of the given fields. Of fields with the same name, the last one counts.
  public init(_ fields: some Sequence<Field>) {
    let numbered = fields.enumerated().sorted { left, right in
      let order = left.element.name.compareBytes(to: right.element.name)
      return order != 0 ? order < 0 : left.offset < right.offset
    }
    self.fields = []
    self.fields.reserveCapacity(numbered.count)
    for (_, field) in numbered {
      if let last = self.fields.last, last.name.hasSameBytes(as: field.name) { self.fields.removeLast() }
      self.fields.append(field)
    }
  }

  public var isEmpty: Bool { fields.isEmpty }
  public var count: Int { fields.count }

  /// The value of a field, or nil if there is no such field. Assigning nil removes the field.
  public subscript(name: String) -> Value? {
    get {
      fields.withUnsafeBufferPointer { fields in
        // Names mostly differ in length, so a scan settles small records faster than a search would.
        if fields.count <= 8 {
          for index in fields.indices where fields[index].name.hasSameBytes(as: name) { return fields[index].value }
          return nil
        }
        let position = Self.insertionPoint(of: name, in: fields)
        guard position < fields.count, fields[position].name.hasSameBytes(as: name) else { return nil }
        return fields[position].value
      }
    }
    set {
      let position = fields.withUnsafeBufferPointer { Self.insertionPoint(of: name, in: $0) }
      let exists = position < fields.count && fields[position].name.hasSameBytes(as: name)
      switch (newValue, exists) {
      case (let value?, true): fields[position] = Field(name, value)
      case (let value?, false): fields.insert(Field(name, value), at: position)
      case (nil, true): fields.remove(at: position)
      case (nil, false): break
      }
    }
  }

  /// This record with the other's fields laid over it.
  public func merging(_ other: Record) -> Record {
    if other.isEmpty { return self }
    return isEmpty ? other : Record(fields + other.fields)
  }

  private static func insertionPoint(of name: String, in fields: UnsafeBufferPointer<Field>) -> Int {
    var low = 0
    var high = fields.count
    while low < high {
      let middle = (low + high) / 2
      if fields[middle].name.compareBytes(to: name) < 0 { low = middle + 1 } else { high = middle }
    }
    return low
  }

  func compare(to other: Record) -> Int {
    if count != other.count { return count - other.count }
    for (left, right) in zip(fields, other.fields) {
      let name = left.name.compareBytes(to: right.name)
      if name != 0 { return name }
      let value = left.value.compare(to: right.value)
      if value != 0 { return value }
    }
    return 0
  }
}

extension Record: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, Value)...) {
    self.init(elements.map { Field($0.0, $0.1) })
  }
}
