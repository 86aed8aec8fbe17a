internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP
internal import NIOCore

/// The request of one call: arguments in their places, each encoded so that it cannot leave its place.
struct OperationRequest {
  private let operation: Operation

  init(_ operation: Operation) { self.operation = operation }

  /// - Parameter arguments: checked against the tool's schema before.
  /// - Throws: ``VendorError`` `refused` for a value that has no place in a request.
  func make(_ arguments: RawJSON, maximumBytes: Int) throws(VendorError) -> VendorRequest {
    var path = operation.path
    var query: [String] = []
    var cookies: [String] = []
    var headers: [(String, String)] = []
    for parameter in operation.parameters {
      guard let raw = arguments[parameter.argument], !raw.isNull || parameter.location == .path else { continue }
      let value = JSONValue(raw)
      switch parameter.location {
      case .path:
        let text = parameter.style.text(parameter.name, value, encodes: true)
        guard !text.isEmpty else { throw VendorError(.refused, "The argument \"\(parameter.argument)\" must not be empty: it is part of the path.") }
        guard !Self.climbs(parameter.style.text(parameter.name, value, encodes: false)) else {
          throw VendorError(.refused, "The argument \"\(parameter.argument)\" must not hold \".\" or \"..\" as a part: it would lead to another path.")
        }
        guard operation.allowsSlashes || !Self.divides(parameter.style.text(parameter.name, value, encodes: false)) else {
          throw VendorError(.refused, "The argument \"\(parameter.argument)\" must not hold a slash: it is one part of the path.")
        }
        // An encoded value holds no brace, so it is never taken for another parameter.
        path = path.replacing("{\(parameter.name)}", with: text)
      case .query: query += parameter.style.query(parameter.name, value)
      case .cookie: cookies.append(parameter.name + "=" + parameter.style.text(parameter.name, value, encodes: true))
      case .header:
        let text = parameter.style.text(parameter.name, value, encodes: false)
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
          throw VendorError(.refused, "The argument \"\(parameter.argument)\" goes into a header and must be printable ASCII.")
        }
        headers.append((parameter.name, text))
      }
    }
    if !query.isEmpty { path += (path.contains("?") ? "&" : "?") + query.joined(separator: "&") }
    var request = VendorRequest(operation.method, path: (operation.place?.path ?? "") + path, bucket: "", maximumBytes: maximumBytes)
    request.origin = operation.place?.origin
    request.headers.set("Accept", operation.accepts)
    for (name, value) in headers { request.headers.set(name, value) }
    if !cookies.isEmpty { request.headers.set("Cookie", cookies.joined(separator: "; ")) }
    if let body = operation.body, let value = arguments[Operation.bodyArgument], !value.isNull { try add(value, as: body, to: &request) }
    // What a path tells alone may be asked for by its ETag; headers and bodies can change what it means.
    return operation.method == .get && headers.isEmpty && cookies.isEmpty && request.body == nil ? request.cached() : request
  }

  /// Whether a text would leave its place where a server, or a proxy before it, decodes a path before it resolves dots: what is
  /// encoded does not help then (RFC 3986, section 6.2.2.2: `%2E` is the same as `.`).
  private static func climbs(_ text: String) -> Bool {
    text.utf8.split(whereSeparator: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }).contains { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }
  }

  private static func divides(_ text: String) -> Bool { text.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") } }

  /// Whether a text stays within a quoted part of a header.
  private static func isQuotable(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\"") } }

  private func add(_ value: RawJSON, as body: Operation.Body, to request: inout VendorRequest) throws(VendorError) {
    request.headers.set("Content-Type", body.mediaType)
    switch body.form {
    case .json: request.body = value.bytes
    case .form:
      let fields = JSONValue(value).object ?? JSONObject()
      request.body = ByteBuffer(
        string: fields.filter { !$0.value.isNull }.flatMap { field in Self.style(body.styles[field.name], field.value).query(field.name, field.value) }.joined(
          separator: "&"))
    case .multipart: request = request.multipart("form-data", try parts(JSONValue(value).object ?? JSONObject(), body.partTypes))
    case .text: request.body = ByteBuffer(string: value.string ?? value.text)
    case .binary:
      guard let bytes = value.string.flatMap({ Base64.decode($0) }) else {
        throw VendorError(.refused, "\"\(Operation.bodyArgument)\" must be the bytes to send, in base64.")
      }
      request.body = ByteBuffer(bytes: bytes)
    }
  }

  /// Lists repeat their name and objects are JSON, unless the description says otherwise (OpenAPI, "Encoding Object", `contentType`).
  private static func style(_ declared: ParameterStyle?, _ value: JSONValue) -> ParameterStyle {
    declared ?? (value.object == nil ? .form(explode: true) : .json)
  }

  /// A member `{"filename": ..., "content": base64}` is a file, anything else a field; of a list each element is a part.
  private func parts(_ fields: JSONObject, _ types: [String: String]) throws(VendorError) -> [MultipartPart] {
    var parts: [MultipartPart] = []
    for (name, value) in fields where !value.isNull {
      guard Self.isQuotable(name) else { throw VendorError(.refused, "A field's name has a character that it cannot have.") }
      let isWhole = types[name]?.contains("json") == true
      for value in isWhole ? [value] : value.array ?? [value] { parts.append(try part(value, name, types[name])) }
    }
    return parts
  }

  private func part(_ value: JSONValue, _ name: String, _ type: String?) throws(VendorError) -> MultipartPart {
    guard let file = value["filename"]?.string, let content = value["content"]?.string else {
      // Objects are JSON unless the description says otherwise (OpenAPI, "Encoding Object", `contentType`).
      let type = type ?? (value.object == nil && value.array == nil ? nil : "application/json")
      let text = type?.contains("json") == true ? value.text : value.string ?? value.text
      return MultipartPart(field: name, type: type, ByteBuffer(string: text))
    }
    guard let bytes = Base64.decode(content), Self.isQuotable(file) else {
      throw VendorError(.refused, "\"content\" of the file \(name) must be base64, and \"filename\" one line.")
    }
    return MultipartPart(field: name, filename: file, type: type ?? "application/octet-stream", ByteBuffer(bytes: bytes))
  }
}
