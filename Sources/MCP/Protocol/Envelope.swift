public import JSON
public import NIOCore

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// One JSON-RPC message, scanned once: the parts that routing and policy need, as slices of the text.
public struct Envelope: Sendable {
  /// What kind of JSON-RPC message it is.
  public enum Kind: Sendable { case request, notification, response }

  /// The message, scanned.
  public let raw: RawJSON
  /// What kind of JSON-RPC message it is.
  public let kind: Kind
  /// The method, if any revision defines it.
  public let method: Method?
  // The parts by their place in `raw`: an envelope is handed on often, and so costs one reference, not seven.
  private let parts: Parts

  private struct Parts {
    var id: RawJSON.Place?
    var methodName: RawJSON.Place?
    var params: RawJSON.Place?
    var meta: RawJSON.Place?
    var result: RawJSON.Place?
    var error: RawJSON.Place?
  }

  /// The id as written, a string or a number; nil for notifications, and for error responses to unreadable requests.
  public var id: RawJSON? { parts.id.map { raw.value(at: $0) } }
  /// The method of a request or notification as written; nil for responses.
  public var methodName: RawJSON? { parts.methodName.map { raw.value(at: $0) } }
  /// `params` of a request or notification.
  public var params: RawJSON? { parts.params.map { raw.value(at: $0) } }
  /// `params._meta`.
  public var meta: RawJSON? { parts.meta.map { raw.value(at: $0) } }
  /// `result` of a response.
  public var result: RawJSON? { parts.result.map { raw.value(at: $0) } }
  /// `error` of a response.
  public var error: RawJSON? { parts.error.map { raw.value(at: $0) } }

  /// Scans one message.
  ///
  /// - Throws: ``RPCError`` `-32700` where the text is no acceptable JSON, `-32600` where it is no JSON-RPC 2.0 message.
  public init(scanning text: ByteBuffer, limits: JSONLimits = JSONLimits()) throws(RPCError) {
    let raw: RawJSON
    do { raw = try RawJSON(scanning: text, limits: limits) } catch {
      throw RPCError(.parseError, "Parse error: \(error)")
    }
    try self.init(raw)
  }

  /// - Parameter raw: a whole message, for example an element of a batch.
  public init(_ raw: RawJSON) throws(RPCError) {
    guard raw.kind == .object else {
      throw RPCError(.invalidRequest, "Invalid request: a message is one JSON object")
    }
    var parts = Parts()
    var version: RawJSON.Place?
    raw.forEachMember { name, value in
      switch name.count {
      case 2 where name.isSame("id"): parts.id = value
      case 5 where name.isSame("error"): parts.error = value
      case 6 where name.isSame("method"): parts.methodName = value
      case 6 where name.isSame("params"): parts.params = value
      case 6 where name.isSame("result"): parts.result = value
      case 7 where name.isSame("jsonrpc"): version = value
      default: break
      }
    }
    guard let version, raw.value(at: version).equals("2.0") else {
      throw RPCError(.invalidRequest, "Invalid request: \"jsonrpc\" must be \"2.0\"")
    }
    func value(_ place: RawJSON.Place?) -> RawJSON? { place.map { raw.value(at: $0) } }
    let (id, method, params, result, error) = (value(parts.id), value(parts.methodName), value(parts.params), value(parts.result), value(parts.error))
    if let id {
      let isWholeNumber = id.kind == .number && id.withBytes { !$0.contains { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") } }
      guard id.kind == .string || isWholeNumber || (id.isNull && method == nil) else {
        throw RPCError(.invalidRequest, "Invalid request: \"id\" must be a string or an integer")
      }
    }
    self.raw = raw
    if id?.isNull == true { parts.id = nil }
    if let method {
      guard method.kind == .string else { throw RPCError(.invalidRequest, "Invalid request: \"method\" must be a string") }
      guard result == nil, error == nil else {
        throw RPCError(.invalidRequest, "Invalid request: a message has either a method or a result")
      }
      if let params, params.kind != .object {
        throw RPCError(.invalidRequest, "Invalid request: \"params\" must be an object")
      }
      self.method = Method(method)
      self.kind = id == nil ? .notification : .request
      if let meta = params?["_meta"] {
        guard meta.kind == .object else { throw RPCError(.invalidRequest, "Invalid request: \"_meta\" must be an object") }
        parts.meta = meta.place
      }
    } else {
      guard (result == nil) != (error == nil), result == nil || result?.kind == .object, error == nil || error?.kind == .object else {
        throw RPCError(.invalidRequest, "Invalid request: a message has a method, a result object or an error object")
      }
      self.method = nil
      self.kind = .response
    }
    self.parts = parts
  }

  /// The messages of a text: one, or those of a batch (2025-03-26, basic, "Batching": whoever speaks that revision takes batches).
  ///
  /// - Parameter allowsBatch: whether the revision that is spoken has batches.
  /// - Throws: as ``init(scanning:limits:)``, also where a batch is empty, too long, or holds what is no message.
  public static func messages(in text: ByteBuffer, allowsBatch: Bool, limits: JSONLimits = JSONLimits()) throws(RPCError) -> [Envelope] {
    let raw: RawJSON
    do { raw = try RawJSON(scanning: text, limits: limits) } catch { throw RPCError(.parseError, "Parse error: \(error)") }
    guard allowsBatch, raw.kind == .array else { return [try Envelope(raw)] }
    var messages: [Envelope] = []
    for element in raw.elements {
      guard messages.count < batchLimit else { throw RPCError(.invalidRequest, "Invalid request: a batch has at most \(batchLimit) messages") }
      messages.append(try Envelope(element))
    }
    guard !messages.isEmpty else { throw RPCError(.invalidRequest, "Invalid request: a batch has at least one message") }
    return messages
  }

  private static let batchLimit = 1000

  /// The id of a message that is JSON but no valid request, so that its error can name it.
  public static func id(of text: ByteBuffer, limits: JSONLimits = JSONLimits()) -> RawJSON? {
    guard let id = (try? RawJSON(scanning: text, limits: limits))?["id"], id.kind == .string || id.kind == .number else { return nil }
    return id
  }

  /// A parameter of the request.
  public subscript(_ parameter: String) -> RawJSON? { params?[parameter] }
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether the bytes are those of a text that is as long.
  fileprivate func isSame(_ text: StaticString) -> Bool {
    guard let baseAddress, count == text.utf8CodeUnitCount else { return false }
    return memcmp(baseAddress, text.utf8Start, count) == 0
  }
}
