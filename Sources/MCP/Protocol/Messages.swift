public import JSON
public import NIOCore

/// The texts of JSON-RPC messages, written straight into a buffer.
public enum Message {
  /// A successful response. `result` is the text of the result object.
  public static func response(id: RawJSON, result: ByteBuffer) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.reserveCapacity(minimumWritableBytes: result.readableBytes + 64)
    buffer.writeStaticString("{\"jsonrpc\":\"2.0\",\"id\":")
    buffer.write(id)
    buffer.writeStaticString(",\"result\":")
    buffer.writeImmutableBuffer(result)
    buffer.writeStaticString("}")
    return buffer
  }

  /// An error response; without id when the id of the request could not be read. `nullID` writes `"id":null`, as
  /// revisions before 2025-11-25 want it.
  public static func error(_ error: RPCError, id: RawJSON?, nullID: Bool = false) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeStaticString("{\"jsonrpc\":\"2.0\",")
    if let id {
      buffer.writeStaticString("\"id\":")
      buffer.write(id)
      buffer.writeStaticString(",")
    } else if nullID {
      buffer.writeStaticString("\"id\":null,")
    }
    buffer.writeStaticString("\"error\":")
    buffer.write(error)
    buffer.writeStaticString("}")
    return buffer
  }

  /// A notification. `params` is the text of the params object.
  public static func notification(_ method: Method, params: ByteBuffer? = nil) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeStaticString("{\"jsonrpc\":\"2.0\",\"method\":")
    JSONText.write(method.rawValue, to: &buffer)
    if let params {
      buffer.writeStaticString(",\"params\":")
      buffer.writeImmutableBuffer(params)
    }
    buffer.writeStaticString("}")
    return buffer
  }

  /// A request. `id` is the text of the id, `params` of the params object.
  public static func request(id: ByteBuffer, method: String, params: ByteBuffer?) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.reserveCapacity(minimumWritableBytes: (params?.readableBytes ?? 0) + 96)
    buffer.writeStaticString("{\"jsonrpc\":\"2.0\",\"id\":")
    buffer.writeImmutableBuffer(id)
    buffer.writeStaticString(",\"method\":")
    JSONText.write(method, to: &buffer)
    if let params {
      buffer.writeStaticString(",\"params\":")
      buffer.writeImmutableBuffer(params)
    }
    buffer.writeStaticString("}")
    return buffer
  }
}

extension ByteBuffer {
  /// Appends the text of an error object.
  public mutating func write(_ error: RPCError) {
    writeStaticString("{\"code\":")
    writeString(String(error.code.rawValue))
    writeStaticString(",\"message\":")
    JSONText.write(error.message, to: &self)
    if let data = error.data {
      writeStaticString(",\"data\":")
      write(data)
    }
    writeStaticString("}")
  }

  /// The text of a JSON value.
  public init(_ value: JSONValue) {
    self.init()
    write(value)
  }
}
