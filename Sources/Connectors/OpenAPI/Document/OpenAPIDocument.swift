internal import JSON
internal import NIOCore

/// A description of an HTTP API (OpenAPI 3.0, 3.1 or 3.2), read whole, its references resolved where they are used.
///
/// References lead within the document only; nothing is fetched.
struct OpenAPIDocument: Sendable {
  /// `3.0` descriptions have a schema dialect of their own.
  let isVersion30: Bool
  let title: String
  let version: String
  let root: JSONValue
  /// `components.schemas`, by name.
  let schemas: [String: JSONValue]

  /// A longer description is an archive, not an API.
  static let maximumBytes = 64 << 20

  /// - Parameter text: JSON or YAML.
  /// - Throws: what is wrong with it, and where.
  init(parsing text: ByteBuffer) throws(OpenAPIError) {
    guard text.readableBytes <= Self.maximumBytes else { throw OpenAPIError("the description has more than \(Self.maximumBytes) bytes") }
    let first = text.readableBytesView.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    if first == UInt8(ascii: "{") {
      do throws(JSONError) {
        root = JSONValue(try RawJSON(scanning: text, limits: JSONLimits(bytes: Self.maximumBytes, depth: 256, values: 8_000_000, allowsDuplicateKeys: true)))
      } catch { throw OpenAPIError("the description is no valid JSON: \(error)") }
    } else {
      root = try YAMLText.json(String(buffer: text))
    }
    // YAML reads `openapi: 3.1` as a number.
    guard let declared = Self.text(root["openapi"]) else {
      throw OpenAPIError(
        root["swagger"] == nil
          ? "the file is no OpenAPI description: it has no member \"openapi\"" : "Swagger 2.0 is not read; convert the description to OpenAPI 3 first")
    }
    let numbers = declared.split(separator: ".")
    guard numbers.count >= 2, numbers[0] == "3", ["0", "1", "2"].contains(numbers[1]) else {
      throw OpenAPIError("OpenAPI \(declared.prefix(16)) is not read; 3.0, 3.1 and 3.2 are")
    }
    isVersion30 = numbers[1] == "0"
    title = root["info"]?["title"]?.string ?? "API"
    version = Self.text(root["info"]?["version"]) ?? "0"
    var schemas: [String: JSONValue] = [:]
    for (name, schema) in root["components"]?["schemas"]?.object ?? JSONObject() { schemas[name] = schema }
    self.schemas = schemas
  }

  /// A text; YAML reads some as numbers.
  static func text(_ value: JSONValue?) -> String? { value?.string ?? (value?.double == nil ? nil : value?.text) }

  /// The value itself, or what its `$ref` leads to, through at most eight references.
  func resolved(_ value: JSONValue?) -> JSONValue? {
    var value = value
    for _ in 0..<8 {
      guard let reference = value?["$ref"]?.string else { return value }
      value = target(of: reference)
    }
    return nil
  }

  /// What a JSON Pointer in a fragment leads to (RFC 6901); nil outside of the document.
  private func target(of reference: String) -> JSONValue? {
    guard reference.hasPrefix("#/") else { return nil }
    let names = reference.dropFirst(2).split(separator: "/", omittingEmptySubsequences: false).map(Self.unescaped)
    if names.count == 3, names[0] == "components", names[1] == "schemas" { return schemas[names[2]] }
    var value: JSONValue? = root
    for name in names {
      if let array = value?.array { value = Int(name).flatMap { array.indices.contains($0) ? array[$0] : nil } } else { value = value?[name] }
    }
    return value
  }

  /// One token of a JSON Pointer in a URI fragment.
  static func unescaped(_ token: Substring) -> String {
    let text = token.contains("%") ? token.removingPercents : String(token)
    return text.replacing("~1", with: "/").replacing("~0", with: "~")
  }
}

/// What is wrong with a description or with how it is used.
struct OpenAPIError: Error, Sendable, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

extension Substring {
  /// Percent-encoded bytes decoded; what is no such thing stays.
  fileprivate var removingPercents: String {
    var bytes: [UInt8] = []
    var rest = Array(utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
