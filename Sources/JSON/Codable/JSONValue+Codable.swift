/// With our own encoder and decoder a value passes through unchanged; these serve those of others.
extension JSONValue: Codable {
  public init(from decoder: any Decoder) throws {
    if let decoder = decoder as? RawJSONDecoder {
      self.init(decoder.value)
      return
    }
    if let container = try? decoder.container(keyedBy: JSONCodingKey.self) {
      var object = JSONObject()
      for key in container.allKeys { object[key.stringValue] = try container.decode(JSONValue.self, forKey: key) }
      self = .object(object)
    } else if var container = try? decoder.unkeyedContainer() {
      var array: [JSONValue] = []
      while !container.isAtEnd { array.append(try container.decode(JSONValue.self)) }
      self = .array(array)
    } else {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        self = .null
      } else if let bool = try? container.decode(Bool.self) {
        self = .bool(bool)
      } else if let int = try? container.decode(Int64.self) {
        self = .int(int)
      } else if let double = try? container.decode(Double.self), let number = JSONNumber(double) {
        self = .number(number)
      } else {
        self = .string(try container.decode(String.self))
      }
    }
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .null:
      var container = encoder.singleValueContainer()
      try container.encodeNil()
    case .bool(let bool):
      var container = encoder.singleValueContainer()
      try container.encode(bool)
    case .string(let string):
      var container = encoder.singleValueContainer()
      try container.encode(string)
    case .number(let number):
      var container = encoder.singleValueContainer()
      if let int = Int64(number.text) { try container.encode(int) } else { try container.encode(number.double ?? 0) }
    case .array(let array):
      var container = encoder.unkeyedContainer()
      for element in array { try container.encode(element) }
    case .object(let object):
      var container = encoder.container(keyedBy: JSONCodingKey.self)
      for (name, value) in object { try container.encode(value, forKey: JSONCodingKey(stringValue: name)) }
    }
  }
}
