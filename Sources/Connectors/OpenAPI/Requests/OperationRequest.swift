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
    var request = VendorRequest(operation.method, path: path, bucket: "", maximumBytes: maximumBytes)
    request.headers.set("Accept", operation.accepts)
    for (name, value) in headers { request.headers.set(name, value) }
    if !cookies.isEmpty { request.headers.set("Cookie", cookies.joined(separator: "; ")) }
    if let body = operation.body, let value = arguments[Operation.bodyArgument], !value.isNull { try add(value, as: body, to: &request) }
    return request
  }

  private func add(_ value: RawJSON, as body: Operation.Body, to request: inout VendorRequest) throws(VendorError) {
    request.headers.set("Content-Type", body.mediaType)
    switch body.form {
    case .json: request.body = value.bytes
    case .form:
      let fields = JSONValue(value).object ?? JSONObject()
      request.body = ByteBuffer(string: fields.flatMap { ParameterStyle.form(explode: true).query($0.name, $0.value) }.joined(separator: "&"))
    case .multipart:
      let boundary = "sluice-\(UInt64.random(in: .min ... .max))\(UInt64.random(in: .min ... .max))"
      request.headers.set("Content-Type", "multipart/form-data; boundary=\(boundary)")
      request.body = try multipart(JSONValue(value).object ?? JSONObject(), boundary)
    case .text: request.body = ByteBuffer(string: value.string ?? value.text)
    case .binary:
      guard let bytes = value.string.flatMap({ Base64.decode($0) }) else {
        throw VendorError(.refused, "\"\(Operation.bodyArgument)\" must be the bytes to send, in base64.")
      }
      request.body = ByteBuffer(bytes: bytes)
    }
  }

  /// RFC 7578. A member `{"filename": ..., "content": base64}` is a file, anything else a field.
  private func multipart(_ fields: JSONObject, _ boundary: String) throws(VendorError) -> ByteBuffer {
    var body = ByteBuffer()
    for (name, value) in fields {
      guard !name.contains(where: { $0.isNewline || $0 == "\"" }) else { throw VendorError(.refused, "A field's name has a character that it cannot have.") }
      body.writeString("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"")
      if let file = value["filename"]?.string, let content = value["content"]?.string {
        guard let bytes = Base64.decode(content), !file.contains(where: { $0.isNewline || $0 == "\"" }) else {
          throw VendorError(.refused, "\"content\" of the file \(name) must be base64, and \"filename\" one line.")
        }
        body.writeString("; filename=\"\(file)\"\r\nContent-Type: application/octet-stream\r\n\r\n")
        body.writeBytes(bytes)
      } else {
        body.writeString("\r\n\r\n\(value.string ?? value.text)")
      }
      body.writeString("\r\n")
    }
    body.writeString("--\(boundary)--\r\n")
    return body
  }
}
