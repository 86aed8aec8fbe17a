public import JSON
public import NIOCore

/// The texts of JSON-RPC messages, written straight into a buffer.
public enum Message {
  /// Room that a result's text leaves before it, so that the message can be made around it where it stands.
  static let responseHeadroom = 96

  /// The response that an answer is.
  public static func answer(_ answer: consuming Answer, id: RawJSON) -> ByteBuffer {
    switch consume answer {
    case .result(let result): response(id: id, result: result)
    case .failure(let failure, _): error(failure, id: id)
    }
  }

  /// A successful response. `result` is the text of the result object; its storage becomes that of the message where nobody else has it.
  public static func response(id: RawJSON, result: consuming ByteBuffer) -> ByteBuffer {
    let idLength = id.range.count
    let start = result.readerIndex - responseStart.utf8CodeUnitCount - idLength - responseMiddle.utf8CodeUnitCount
    if start >= 0, result.modifyIfUniquelyOwned({ $0.wrap(id, from: start) }) != nil { return result }
    var buffer = ByteBuffer()
    buffer.reserveCapacity(minimumWritableBytes: result.readableBytes + 64)
    buffer.writeStaticString(responseStart)
    buffer.write(id)
    buffer.writeStaticString(responseMiddle)
    buffer.writeImmutableBuffer(result)
    buffer.writeStaticString("}")
    return buffer
  }

  fileprivate static let responseStart: StaticString = "{\"jsonrpc\":\"2.0\",\"id\":"
  fileprivate static let responseMiddle: StaticString = ",\"result\":"

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
  /// Makes the result that this is into a response, which starts at `start`.
  fileprivate mutating func wrap(_ id: RawJSON, from start: Int) {
    let end = readerIndex
    withVeryUnsafeMutableBytes { storage in
      var text = TextCursor(UnsafeMutableRawBufferPointer(rebasing: storage[start..<end]))
      text.put(Message.responseStart)
      id.withBytes { text.put(UnsafeRawBufferPointer($0)) }
      text.put(Message.responseMiddle)
    }
    moveReaderIndex(to: start)
    writeStaticString("}")
  }

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
