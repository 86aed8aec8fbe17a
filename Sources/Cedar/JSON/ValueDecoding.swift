extension Value {
  /// Reads a value in Cedar's JSON format.
  ///
  /// Strings, integers, booleans, arrays (as sets) and objects (as records) stand for themselves;
  /// `{"__entity": {"type", "id"}}` is an entity and `{"__extn": {"fn", "arg"}}` an extension value.
  /// - Throws: `CedarError` with the code `json`, or `limit` for JSON nested deeper than 64 levels.
  public init(json: CedarJSON) throws(CedarError) {
    self = try JSONDecoding.value(json, path: "value", depth: 0)
  }
}

extension Record {
  /// Reads a record, for example a request's context, in Cedar's JSON format.
  public init(json: CedarJSON) throws(CedarError) {
    guard case .record(let record) = try Value(json: json) else {
      throw CedarError(.json, "expected an object, found \(json.kindName)")
    }
    self = record
  }
}

extension EntityUID {
  /// Reads an identity: `{"type", "id"}` or `{"__entity": {"type", "id"}}`.
  public init(json: CedarJSON) throws(CedarError) {
    self = try JSONDecoding.uid(json, path: "uid")
  }
}

enum JSONDecoding {
  static func value(_ json: CedarJSON, path: @autoclosure () -> String, depth: Int) throws(CedarError) -> Value {
    guard depth < CedarJSON.maximumDepth else {
      throw CedarError(.limit, "the JSON is nested deeper than \(CedarJSON.maximumDepth) levels")
    }
    switch json {
    case .bool(let bool): return .bool(bool)
    case .int(let long): return .long(long)
    case .string(let string): return .string(string)
    case .array(let items):
      var values: [Value] = []
      values.reserveCapacity(items.count)
      for item in items { values.append(try value(item, path: "\(path()) element", depth: depth + 1)) }
      return .set(ValueSet(values))
    case .object(let members): return try object(members, path: path(), depth: depth)
    case .null: throw CedarError(.json, "\(path()) is null, which Cedar has no value for; leave it out")
    case .unsupported(let text):
      throw CedarError(.json, "\(path()) is \(text); numbers must be 64-bit integers, use decimal(...) for fractions")
    }
  }

  private static func object(
    _ members: [CedarJSON.Member], path: @autoclosure () -> String, depth: Int
  ) throws(CedarError) -> Value {
    if members.count == 1, let only = members.first {
      switch only.key {
      case "__entity": return .entity(try typeAndID(only.value, path: path()))
      case "__extn": return try extensionValue(only.value, path: path(), depth: depth)
      case "__expr": throw CedarError(.json, "\(path()) uses __expr, which Cedar no longer supports")
      default: break
      }
    }
    return .record(try record(members, path: path(), depth: depth + 1))
  }

  static func record(
    _ members: [CedarJSON.Member], path: @autoclosure () -> String, depth: Int
  ) throws(CedarError) -> Record {
    var fields: [Record.Field] = []
    fields.reserveCapacity(members.count)
    for member in members {
      fields.append(Record.Field(member.key, try value(member.value, path: "\(path()).\(member.key)", depth: depth)))
    }
    let record = Record(fields)
    guard record.count == fields.count else { throw CedarError(.json, "\(path()) has a key twice") }
    return record
  }

  private static func extensionValue(
    _ json: CedarJSON, path: @autoclosure () -> String, depth: Int
  ) throws(CedarError) -> Value {
    guard case .object(let members) = json, case .string(let name)? = json["fn"],
      let function = ExtensionFunction(rawValue: name)
    else { throw CedarError(.json, "\(path()): __extn needs \"fn\", the name of an extension function, and \"arg\"") }
    var arguments: [Value] = []
    switch (json["arg"], json["args"]) {
    case (let argument?, nil) where members.count == 2:
      arguments = [try value(argument, path: path(), depth: depth + 1)]
    case (nil, .array(let items)?) where members.count == 2:
      for item in items { arguments.append(try value(item, path: path(), depth: depth + 1)) }
    default: throw CedarError(.json, "\(path()): __extn needs \"fn\" and either \"arg\" or \"args\", nothing else")
    }
    do { return try ExtensionEvaluation.apply(function, arguments) } catch {
      throw CedarError(.json, "\(path()): \(error)")
    }
  }

  /// An identity with or without the `__entity` around it.
  static func uid(_ json: CedarJSON, path: @autoclosure () -> String) throws(CedarError) -> EntityUID {
    if case .object(let members) = json, members.count == 1, let inner = json["__entity"] {
      return try typeAndID(inner, path: path())
    }
    return try typeAndID(json, path: path())
  }

  private static func typeAndID(_ json: CedarJSON, path: @autoclosure () -> String) throws(CedarError) -> EntityUID {
    guard case .string(let type)? = json["type"], case .string(let id)? = json["id"] else {
      throw CedarError(.json, "\(path()): an entity is {\"type\": ..., \"id\": ...}, both strings")
    }
    let parts = type.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    let names = parts.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    let wellFormed =
      parts.count % 2 == 1 && parts.enumerated().allSatisfy { $0.offset % 2 == 0 || $0.element.isEmpty }
      && names.allSatisfy { CedarText.isPlainName(String(Substring($0))) }
    guard wellFormed else {
      throw CedarError(.json, "\(path()): \(CedarText.quoted(type)) is not an entity type such as User or App::User")
    }
    return EntityUID(type: type, id: id)
  }
}

extension CedarJSON {
  /// The member of an object; nil if this is no object or lacks it.
  subscript(key: String) -> CedarJSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key.hasSameBytes(as: key) }?.value
  }
}
