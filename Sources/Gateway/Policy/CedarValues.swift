internal import Cedar
internal import JSON

extension Cedar.Value {
  /// The Cedar value of JSON data. Null, and numbers that Cedar cannot hold exactly, have none.
  init?(_ raw: RawJSON, depth: Int = 0) {
    switch raw.kind {
    case .null: return nil
    case .bool: self = .bool(raw.bool ?? false)
    case .string: self = .string(raw.string ?? "")
    case .number:
      if let whole = raw.int {
        self = .long(Int64(whole))
      } else if let decimal = Cedar.Value.Decimal(raw.text) {
        self = .decimal(decimal)
      } else {
        return nil
      }
    case .array:
      guard depth < 16 else { return nil }
      self = .set(ValueSet(raw.elements.compactMap { Cedar.Value($0, depth: depth + 1) }))
    case .object:
      guard depth < 16 else { return nil }
      self = .record(Record(json: raw, depth: depth + 1))
    }
  }
}

extension Record {
  /// The members of a JSON object; those without a Cedar value are absent.
  ///
  /// - Parameter entities: member -> entity type, for members that hold the id of an entity.
  init(json: RawJSON, entities: [String: String] = [:], depth: Int = 0) {
    var fields: [Record.Field] = []
    for (name, value) in json.members {
      guard let name = name.string else { continue }
      if let type = entities[name], let id = value.string {
        fields.append(Record.Field(name, .entity(EntityUID(type: type, id: id))))
      } else if let value = Cedar.Value(value, depth: depth) {
        fields.append(Record.Field(name, value))
      }
    }
    self.init(fields)
  }
}
