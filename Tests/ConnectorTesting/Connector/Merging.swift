public import JSON

extension JSONValue {
  /// An object with the members of another in place of its own.
  public func merging(_ other: JSONObject) -> JSONValue { .object((object ?? JSONObject()).merging(other)) }
}
