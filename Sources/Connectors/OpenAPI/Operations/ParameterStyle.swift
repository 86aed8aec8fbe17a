internal import ConnectorKit
internal import JSON

/// How a parameter's value is written (OpenAPI, "Parameter Object", style values).
enum ParameterStyle: Sendable, Hashable {
  case simple(explode: Bool)
  case label(explode: Bool)
  case matrix(explode: Bool)
  case form(explode: Bool)
  case delimited(String)
  case deepObject
  /// Parameters with `content` of JSON.
  case json

  init(_ name: String?, explode: Bool?, _ location: Operation.Parameter.Location) throws(OpenAPIError) {
    let standard = location == .query || location == .cookie ? "form" : "simple"
    switch name ?? standard {
    case "simple": self = .simple(explode: explode ?? false)
    case "label": self = .label(explode: explode ?? false)
    case "matrix": self = .matrix(explode: explode ?? false)
    case "form": self = .form(explode: explode ?? true)
    case "spaceDelimited": self = explode == true ? .form(explode: true) : .delimited("%20")
    case "pipeDelimited": self = explode == true ? .form(explode: true) : .delimited("%7C")
    case "deepObject": self = .deepObject
    case let other: throw OpenAPIError("the parameter style \(other.prefix(32)) is not known")
    }
  }

  /// The value within a path or header, encoded for a path if `encodes`.
  func text(_ name: String, _ value: JSONValue, encodes: Bool) -> String {
    let encode: (String) -> String = { encodes ? PercentEncoding.segment($0) : $0 }
    let parts = Self.parts(value)
    func joined(_ separator: String, explode: Bool) -> String {
      parts.map { part in part.name.map { encode($0) + (explode ? "=" : ",") + encode(part.value) } ?? encode(part.value) }.joined(separator: separator)
    }
    switch self {
    case .label(let explode): return "." + joined(explode ? "." : ",", explode: explode)
    case .matrix(let explode):
      if explode, value.object != nil || value.array != nil {
        return parts.map { ";" + encode($0.name ?? name) + "=" + encode($0.value) }.joined()
      }
      let text = joined(",", explode: false)
      // RFC 6570, section 3.2.7: an empty value has no "=".
      return ";" + encode(name) + (text.isEmpty ? "" : "=" + text)
    case .simple(let explode), .form(let explode): return joined(",", explode: explode)
    case .json: return encode(value.text)
    case .delimited, .deepObject: return joined(",", explode: false)
    }
  }

  /// The pairs of a query, encoded already.
  func query(_ name: String, _ value: JSONValue) -> [String] {
    let encode = PercentEncoding.encode
    let parts = Self.parts(value)
    switch self {
    case .form(explode: true): return parts.map { encode($0.name ?? name) + "=" + encode($0.value) }
    case .deepObject: return parts.map { part in (part.name.map { encode(name) + "%5B" + encode($0) + "%5D" } ?? encode(name)) + "=" + encode(part.value) }
    case .delimited(let separator):
      return [encode(name) + "=" + parts.flatMap { part in [part.name, part.value].compactMap { $0.map(encode) } }.joined(separator: separator)]
    case .json: return [encode(name) + "=" + encode(value.text)]
    default: return [encode(name) + "=" + text(name, value, encodes: true)]
    }
  }

  /// The scalars in a value, with the names of members of an object.
  private static func parts(_ value: JSONValue) -> [(name: String?, value: String)] {
    switch value {
    case .array(let values): values.map { (nil, scalar($0)) }
    case .object(let object): object.map { ($0.name, scalar($0.value)) }
    default: [(nil, scalar(value))]
    }
  }

  private static func scalar(_ value: JSONValue) -> String { value.string ?? (value.isNull ? "" : value.text) }
}
