public import JSON

/// An argument of a tool that clients repeat in an `Mcp-Param-*` header (2026-07-28, streamable-http, "Custom Headers from Tool Parameters").
public struct HeaderParameter: Sendable, Hashable {
  /// The whole header name: `Mcp-Param-Region`.
  public var header: String
  /// The names of properties that lead to the argument.
  public var path: [String]

  /// Why an input schema's `x-mcp-header` annotations make its tool invalid.
  public struct Invalid: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String
  }

  /// The annotations of an input schema.
  ///
  /// - Throws: ``Invalid`` where one of them breaks the rules of "Schema Extension", which makes the tool invalid.
  public static func all(in schema: RawJSON) throws(Invalid) -> [HeaderParameter] {
    // Most schemas have none. Where there are escapes, its name may be written with them.
    guard schema.withBytes({ contains($0, "x-mcp-header") || $0.contains(UInt8(ascii: "\\")) }) else { return [] }
    var found: [HeaderParameter] = []
    try collect(schema, path: [], reachable: true, into: &found, depth: 0)
    var names: Set<String> = []
    for parameter in found where !names.insert(parameter.header.lowercased()).inserted {
      throw Invalid(description: "two properties have the x-mcp-header \(parameter.header.dropFirst(10))")
    }
    return found
  }

  /// The headers that repeat `arguments`. Absent and null arguments have none.
  public static func headers(_ parameters: [HeaderParameter], for arguments: RawJSON?) -> [HTTPHint.Header] {
    guard !parameters.isEmpty, let arguments else { return [] }
    return parameters.compactMap { parameter in
      var value = arguments
      for name in parameter.path {
        guard let next = value[name] else { return nil }
        value = next
      }
      return text(of: value).map { HTTPHint.Header(parameter.header, HeaderValue.encode($0)) }
    }
  }

  /// Says which argument cannot be repeated in its header because it is a number beyond what a double holds exactly; nil when all can
  /// ("Schema Extension": -2^53 + 1 to 2^53 - 1).
  public static func problem(_ parameters: [HeaderParameter], _ arguments: RawJSON?) -> String? {
    for parameter in parameters {
      var value = arguments
      for name in parameter.path { value = value?[name] }
      if let value, value.kind == .number, !isExact(value) {
        return "the argument \(parameter.path.joined(separator: ".").prefix(64)) goes into a header and must be within -(2^53 - 1) and 2^53 - 1"
      }
    }
    return nil
  }

  private static func isExact(_ number: RawJSON) -> Bool { number.double.map { abs($0) < 0x1p53 } ?? false }

  /// The text of a value in a header; nil for what is left out.
  static func text(of value: RawJSON) -> String? {
    switch value.kind {
    case .string: return value.string
    case .bool: return value.text
    case .number:
      guard isExact(value) else { return nil }
      // "Convert to decimal string representation": 42.0 and 4.2e1 are the integer 42.
      if value.int == nil, let double = value.double, let int = Int(exactly: double) { return String(int) }
      return value.text
    case .null, .array, .object: return nil
    }
  }

  private static func collect(
    _ schema: RawJSON, path: [String], reachable: Bool, into found: inout [HeaderParameter], depth: Int
  ) throws(Invalid) {
    guard schema.kind == .object, depth < 32 else { return }
    if let header = schema["x-mcp-header"] { found.append(try parameter(header, schema, path, reachable)) }
    for (name, value) in schema.members {
      if name.equals("properties") {
        for (property, child) in value.members {
          try collect(child, path: path + [property.string ?? ""], reachable: reachable, into: &found, depth: depth + 1)
        }
      } else if value.kind == .object {
        try collect(value, path: path, reachable: false, into: &found, depth: depth + 1)
      } else {
        for child in value.elements { try collect(child, path: path, reachable: false, into: &found, depth: depth + 1) }
      }
    }
  }

  private static func parameter(_ header: RawJSON, _ schema: RawJSON, _ path: [String], _ reachable: Bool) throws(Invalid) -> HeaderParameter {
    let place = path.joined(separator: ".").prefix(64)
    guard let name = header.string else { throw Invalid(description: "the x-mcp-header of \"\(place)\" is no string") }
    guard !name.isEmpty, name.utf8.allSatisfy(isTokenCharacter) else {
      throw Invalid(description: "the x-mcp-header of \"\(place)\" is no header name (RFC 9110, 5.1)")
    }
    guard reachable, !path.isEmpty else {
      throw Invalid(description: "x-mcp-header \(name.prefix(64)) stands where it cannot be reached by properties alone")
    }
    guard isPrimitive(schema["type"]) else {
      throw Invalid(description: "x-mcp-header \(name.prefix(64)) is on a property that is no string, integer or boolean")
    }
    return HeaderParameter(header: "Mcp-Param-" + name, path: path)
  }

  /// One of the three types, or one of them or null.
  private static func isPrimitive(_ type: RawJSON?) -> Bool {
    guard let type else { return false }
    let types = type.kind == .array ? type.elements.filter { !$0.equals("null") } : [type]
    return types.count == 1 && types.allSatisfy { $0.equals("string") || $0.equals("integer") || $0.equals("boolean") }
  }

  private static func isTokenCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }

  private static func contains(_ bytes: UnsafeBufferPointer<UInt8>, _ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard bytes.count >= count else { return false }
    return (0...(bytes.count - count)).contains { start in
      bytes[start] == word.utf8Start[0] && (0..<count).allSatisfy { bytes[start + $0] == word.utf8Start[$0] }
    }
  }
}
