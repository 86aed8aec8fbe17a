/// The extension functions on values.
enum ExtensionEvaluation {
  static func apply(_ function: ExtensionFunction, _ arguments: [Value]) throws(EvaluationError) -> Value {
    guard arguments.count == function.arity, let first = arguments.first else {
      throw .extensionFailed(function, "takes \(function.arity) arguments, \(arguments.count) given")
    }
    switch function {
    case .ip, .decimal, .datetime, .duration:
      return try construct(function, first)
    case .isIpv4: return .bool(try ip(first).version == .v4)
    case .isIpv6: return .bool(try ip(first).version == .v6)
    case .isLoopback: return .bool(try ip(first).isLoopback)
    case .isMulticast: return .bool(try ip(first).isMulticast)
    case .isInRange: return .bool(try ip(first).isInRange(ip(arguments[1])))
    case .lessThan: return .bool(try decimal(first) < decimal(arguments[1]))
    case .lessThanOrEqual: return .bool(try decimal(first) <= decimal(arguments[1]))
    case .greaterThan: return .bool(try decimal(first) > decimal(arguments[1]))
    case .greaterThanOrEqual: return .bool(try decimal(first) >= decimal(arguments[1]))
    case .offset:
      guard let moved = try datetime(first).offset(by: duration(arguments[1])) else {
        throw .extensionFailed(function, "the result is out of range")
      }
      return .datetime(moved)
    case .durationSince:
      guard let difference = try datetime(first).duration(since: datetime(arguments[1])) else {
        throw .extensionFailed(function, "the result is out of range")
      }
      return .duration(difference)
    case .toDate:
      guard let day = try datetime(first).startOfDay else {
        throw .extensionFailed(function, "the result is out of range")
      }
      return .datetime(day)
    case .toTime: return .duration(try datetime(first).timeOfDay)
    case .toMilliseconds: return .long(try duration(first).milliseconds)
    case .toSeconds: return .long(try duration(first).seconds)
    case .toMinutes: return .long(try duration(first).minutes)
    case .toHours: return .long(try duration(first).hours)
    case .toDays: return .long(try duration(first).days)
    }
  }

  private static func construct(_ function: ExtensionFunction, _ argument: Value) throws(EvaluationError) -> Value {
    guard case .string(let text) = argument else { throw .typeMismatch(expected: "string", found: argument.kind) }
    let value: Value? =
      switch function {
      case .ip: Value.IPAddress(text).map { .ip($0) }
      case .decimal: Value.Decimal(text).map { .decimal($0) }
      case .datetime: Value.Datetime(text).map { .datetime($0) }
      default: Value.Duration(text).map { .duration($0) }
      }
    guard let value else {
      throw .extensionFailed(function, "\(CedarText.quoted(String(text.prefix(80)))) cannot be read")
    }
    return value
  }

  private static func ip(_ value: Value) throws(EvaluationError) -> Value.IPAddress {
    guard case .ip(let address) = value else { throw .typeMismatch(expected: "ipaddr", found: value.kind) }
    return address
  }

  private static func decimal(_ value: Value) throws(EvaluationError) -> Int64 {
    guard case .decimal(let number) = value else { throw .typeMismatch(expected: "decimal", found: value.kind) }
    return number.scaled
  }

  private static func datetime(_ value: Value) throws(EvaluationError) -> Value.Datetime {
    guard case .datetime(let instant) = value else { throw .typeMismatch(expected: "datetime", found: value.kind) }
    return instant
  }

  private static func duration(_ value: Value) throws(EvaluationError) -> Value.Duration {
    guard case .duration(let span) = value else { throw .typeMismatch(expected: "duration", found: value.kind) }
    return span
  }
}
