/// A function or method of Cedar's extension types.
public enum ExtensionFunction: String, Sendable, Hashable, CaseIterable {
  case ip, decimal, datetime, duration
  case isIpv4, isIpv6, isLoopback, isMulticast, isInRange
  case lessThan, lessThanOrEqual, greaterThan, greaterThanOrEqual
  case offset, durationSince, toDate, toTime
  case toMilliseconds, toSeconds, toMinutes, toHours, toDays

  /// Whether it is written `name(argument)`; the others are methods, written `value.name(...)`.
  public var isConstructor: Bool {
    switch self {
    case .ip, .decimal, .datetime, .duration: true
    default: false
    }
  }

  /// The number of arguments, the receiver of a method included.
  public var arity: Int {
    switch self {
    case .isInRange, .lessThan, .lessThanOrEqual, .greaterThan, .greaterThanOrEqual, .offset, .durationSince: 2
    default: 1
    }
  }

  var returnsBool: Bool {
    switch self {
    case .isIpv4, .isIpv6, .isLoopback, .isMulticast, .isInRange, .lessThan, .lessThanOrEqual, .greaterThan,
      .greaterThanOrEqual:
      true
    default: false
    }
  }
}
