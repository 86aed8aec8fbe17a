extension Value {
  /// The value in Cedar's JSON format; reading it back gives an equal value.
  public var json: CedarJSON {
    switch self {
    case .bool(let bool): .bool(bool)
    case .long(let long): .int(long)
    case .string(let string): .string(string)
    case .entity(let uid): .object([.init("__entity", uid.json)])
    case .set(let set): .array(set.elements.map(\.json))
    case .record(let record): record.json
    case .ip(let address): Self.call(.ip, address.description)
    case .decimal(let decimal): Self.call(.decimal, decimal.description)
    case .duration(let duration): Self.call(.duration, duration.description)
    case .datetime(let instant):
      if let literal = instant.text { Self.call(.datetime, literal) } else { Self.fromEpoch(instant) }
    }
  }

  /// Instants outside the years 0 to 9999 have no text of their own.
  private static func fromEpoch(_ instant: Datetime) -> CedarJSON {
    let arguments = [call(.datetime, "1970-01-01"), call(.duration, "\(instant.milliseconds)ms")]
    return extensionCall([.init("fn", .string("offset")), .init("args", .array(arguments))])
  }

  private static func call(_ function: ExtensionFunction, _ argument: String) -> CedarJSON {
    extensionCall([.init("fn", .string(function.rawValue)), .init("arg", .string(argument))])
  }

  private static func extensionCall(_ members: [CedarJSON.Member]) -> CedarJSON {
    .object([.init("__extn", .object(members))])
  }
}

extension Record {
  /// The record in Cedar's JSON format.
  public var json: CedarJSON { .object(fields.map { CedarJSON.Member($0.name, $0.value.json) }) }
}

extension EntityUID {
  /// The identity as `{"type", "id"}`.
  public var json: CedarJSON { .object([.init("type", .string(type)), .init("id", .string(id))]) }
}

extension Entity {
  /// The entity in Cedar's JSON format.
  public var json: CedarJSON {
    .object([
      .init("uid", uid.json), .init("attrs", attributes.json), .init("parents", .array(parents.map(\.json))),
      .init("tags", tags.json),
    ])
  }
}
