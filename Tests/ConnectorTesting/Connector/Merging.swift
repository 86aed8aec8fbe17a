public import JSON

extension JSONObject {
  /// With the members of another in place of its own.
  public func merging(_ other: JSONObject) -> JSONObject {
    var all = self
    for (name, value) in other { all[name] = value }
    return all
  }
}

extension JSONValue {
  /// An object with the members of another in place of its own.
  public func merging(_ other: JSONObject) -> JSONValue { .object((object ?? JSONObject()).merging(other)) }
}
