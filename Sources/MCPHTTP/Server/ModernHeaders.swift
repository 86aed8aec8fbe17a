internal import JSON
internal import MCP
internal import NIOCore

extension TransportHeaders {
  /// Compares the headers that mirror parts of a modern request with the request (2026-07-28, streamable-http, "Server Validation").
  ///
  /// - Throws: ``RPCError`` `-32020` when one is missing, malformed or different.
  func check(_ request: Envelope, version: RawJSON?) throws(RPCError) {
    guard let protocolVersion else { throw TransportHeaders.mismatch("MCP-Protocol-Version is missing") }
    if let version, !protocolVersion.is(version) {
      throw TransportHeaders.mismatch("MCP-Protocol-Version does not match \(MetaKey.protocolVersion) in params._meta")
    }
    guard let method else { throw TransportHeaders.mismatch("Mcp-Method is missing") }
    guard let methodName = request.methodName, method.is(methodName) else {
      throw TransportHeaders.mismatch("Mcp-Method does not match the method of the body")
    }
    guard let parameter = request.method?.nameParameter, let expected = request[parameter], expected.kind == .string else { return }
    guard let name else { throw TransportHeaders.mismatch("Mcp-Name is missing") }
    guard name.isEncoded(expected) else { throw TransportHeaders.mismatch("Mcp-Name does not match params.\(parameter)") }
  }

  private static func mismatch(_ problem: String) -> RPCError { RPCError(.headerMismatch, "Header mismatch: \(problem)") }
}

extension ByteBuffer {
  /// Whether these bytes are the characters of a JSON string.
  func `is`(_ value: RawJSON) -> Bool {
    if value.isEscaped { return value.string.map { $0.utf8.elementsEqual(readableBytesView) } ?? false }
    return withUnsafeReadableBytes { bytes in
      value.withBytes { text in
        text.count == bytes.count + 2 && value.kind == .string
          && UnsafeBufferPointer(rebasing: text[1..<(text.count - 1)]).elementsEqual(bytes)
      }
    }
  }

  func `is`(_ text: StaticString) -> Bool { withUnsafeReadableBytes { ASCII.equal($0, text) } }

  /// Whether these bytes are a header value that stands for a JSON string, plain or in Base64 (see ``HeaderValue``).
  func isEncoded(_ value: RawJSON) -> Bool {
    // The usual case, a plain name, needs no decoding. Anything that may be encoded or is not plain takes the long way.
    let isPlain = withUnsafeReadableBytes { bytes in
      bytes.first != UInt8(ascii: "=") && bytes.allSatisfy { ($0 >= 0x20 && $0 <= 0x7E) || $0 == 0x09 }
    }
    if isPlain { return self.is(value) }
    guard let decoded = HeaderValue.decode(String(buffer: self)), let text = value.string else { return false }
    return decoded.utf8.elementsEqual(text.utf8)
  }

  /// The revision that these bytes name.
  var protocolVersion: ProtocolVersion? {
    self.is("2026-07-28") ? .v2026_07_28 : ProtocolVersion(rawValue: String(buffer: self))
  }
}
