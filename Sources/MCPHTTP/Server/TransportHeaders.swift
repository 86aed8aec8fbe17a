internal import NIOCore

/// The header fields that the MCP endpoint decides by, found in one pass over a request's header section.
struct TransportHeaders {
  var host: ByteBuffer?
  var origin: ByteBuffer?
  var contentType: ByteBuffer?
  var protocolVersion: ByteBuffer?
  var method: ByteBuffer?
  var name: ByteBuffer?
  var sessionID: ByteBuffer?
  var acceptsJSON = false
  var acceptsEvents = false
  private(set) var hasAccept = false
  /// A field that stands there twice although it has one value: two readers could see two different requests.
  private(set) var repeated: StaticString?

  init(_ headers: HTTPHeaders) {
    for field in headers.fields {
      switch field.nameLength {
      case 4: TransportHeaders.take(field, "host", headers, &host, &repeated)
      case 6:
        if TransportHeaders.is(field, "accept", headers) { accept(field, headers) } else { TransportHeaders.take(field, "origin", headers, &origin, &repeated) }
      case 8: TransportHeaders.take(field, "mcp-name", headers, &name, &repeated)
      case 10: TransportHeaders.take(field, "mcp-method", headers, &method, &repeated)
      case 12: TransportHeaders.take(field, "content-type", headers, &contentType, &repeated)
      case 14: TransportHeaders.take(field, "mcp-session-id", headers, &sessionID, &repeated)
      case 20: TransportHeaders.take(field, "mcp-protocol-version", headers, &protocolVersion, &repeated)
      default: break
      }
    }
    // Without the field any answer will do (RFC 9110, 12.5.1).
    if !hasAccept {
      acceptsJSON = true
      acceptsEvents = true
    }
  }

  private static func take(
    _ field: HTTPHeaders.Field, _ name: StaticString, _ headers: HTTPHeaders, _ slot: inout ByteBuffer?, _ repeated: inout StaticString?
  ) {
    guard TransportHeaders.is(field, name, headers) else { return }
    if slot != nil { repeated = name }
    slot = headers.bytes.getSlice(at: headers.bytes.readerIndex + Int(field.value), length: Int(field.valueLength))
  }

  private mutating func accept(_ field: HTTPHeaders.Field, _ headers: HTTPHeaders) {
    hasAccept = true
    var (json, events) = (acceptsJSON, acceptsEvents)
    headers.bytes.withUnsafeReadableBytes { all in
      ASCII.forEachListMember(HTTPHeaders.value(field, in: all)) { member in
        let type = TransportHeaders.mediaType(member)
        if ASCII.equalIgnoringCase(type, "application/json") || ASCII.equalIgnoringCase(type, "application/*") {
          json = true
        } else if ASCII.equalIgnoringCase(type, "text/event-stream") || ASCII.equalIgnoringCase(type, "text/*") {
          events = true
        } else if ASCII.equalIgnoringCase(type, "*/*") {
          (json, events) = (true, true)
        }
      }
    }
    (acceptsJSON, acceptsEvents) = (json, events)
  }

  /// Whether the body is said to be JSON.
  var hasJSONBody: Bool {
    contentType?.withUnsafeReadableBytes {
      ASCII.equalIgnoringCase(TransportHeaders.mediaType(ASCII.trimmed($0)), "application/json")
    } ?? false
  }

  private static func mediaType(_ value: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard let end = value.firstIndex(of: UInt8(ascii: ";")) else { return value }
    return ASCII.trimmed(UnsafeRawBufferPointer(rebasing: value[..<end]))
  }

  private static func `is`(_ field: HTTPHeaders.Field, _ name: StaticString, _ headers: HTTPHeaders) -> Bool {
    headers.bytes.withUnsafeReadableBytes { all in
      let start = Int(field.name)
      return ASCII.equalIgnoringCase(UnsafeRawBufferPointer(rebasing: all[start..<start + Int(field.nameLength)]), name)
    }
  }
}
