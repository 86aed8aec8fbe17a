/// A Cedar value.
public enum Value: Sendable {
  case bool(Bool)
  /// A 64-bit signed integer; arithmetic on it is checked.
  case long(Int64)
  case string(String)
  case entity(EntityUID)
  case set(ValueSet)
  case record(Record)
  case ip(IPAddress)
  case decimal(Decimal)
  case datetime(Datetime)
  case duration(Duration)

  /// The kind of a value, as error messages name it.
  public enum Kind: String, Sendable, Hashable {
    case bool, long, string, entity, set, record, ipaddr, decimal, datetime, duration
  }

  public var kind: Kind {
    switch self {
    case .bool: .bool
    case .long: .long
    case .string: .string
    case .entity: .entity
    case .set: .set
    case .record: .record
    case .ip: .ipaddr
    case .decimal: .decimal
    case .datetime: .datetime
    case .duration: .duration
    }
  }
}

extension Value: Hashable {
  public static func == (left: Value, right: Value) -> Bool {
    switch (left, right) {
    case (.bool(let a), .bool(let b)): a == b
    case (.long(let a), .long(let b)): a == b
    case (.string(let a), .string(let b)): a.hasSameBytes(as: b)
    case (.entity(let a), .entity(let b)): a == b
    case (.set(let a), .set(let b)): a == b
    case (.record(let a), .record(let b)): a == b
    case (.ip(let a), .ip(let b)): a == b
    case (.decimal(let a), .decimal(let b)): a == b
    case (.datetime(let a), .datetime(let b)): a == b
    case (.duration(let a), .duration(let b)): a == b
    default: false
    }
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(rank)
    switch self {
    case .bool(let value): hasher.combine(value)
    case .long(let value): hasher.combine(value)
    case .string(let value): value.hashBytes(into: &hasher)
    case .entity(let value): hasher.combine(value)
    case .set(let value): hasher.combine(value)
    case .record(let value): hasher.combine(value)
    case .ip(let value): hasher.combine(value)
    case .decimal(let value): hasher.combine(value)
    case .datetime(let value): hasher.combine(value)
    case .duration(let value): hasher.combine(value)
    }
  }

  /// A total order over all values, used to store sets. It has no meaning in the language.
  func compare(to other: Value) -> Int {
    switch (self, other) {
    case (.bool(let a), .bool(let b)): a == b ? 0 : (a ? 1 : -1)
    case (.long(let a), .long(let b)): Self.order(a, b)
    case (.string(let a), .string(let b)): a.compareBytes(to: b)
    case (.entity(let a), .entity(let b)): a.compare(to: b)
    case (.set(let a), .set(let b)): a.compare(to: b)
    case (.record(let a), .record(let b)): a.compare(to: b)
    case (.ip(let a), .ip(let b)): a.compare(to: b)
    case (.decimal(let a), .decimal(let b)): Self.order(a.scaled, b.scaled)
    case (.datetime(let a), .datetime(let b)): Self.order(a.milliseconds, b.milliseconds)
    case (.duration(let a), .duration(let b)): Self.order(a.milliseconds, b.milliseconds)
    default: rank - other.rank
    }
  }

  private static func order(_ a: Int64, _ b: Int64) -> Int { a == b ? 0 : (a < b ? -1 : 1) }

  private var rank: Int {
    switch self {
    case .bool: 0
    case .long: 1
    case .string: 2
    case .entity: 3
    case .set: 4
    case .record: 5
    case .ip: 6
    case .decimal: 7
    case .datetime: 8
    case .duration: 9
    }
  }
}

extension Value: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int64) { self = .long(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: Value...) { self = .set(ValueSet(elements)) }
  public init(dictionaryLiteral elements: (String, Value)...) {
    self = .record(Record(elements.map { Record.Field($0.0, $0.1) }))
  }
}
