public import JSON
public import NIOCore
internal import MCPHTTP

/// One request as a ``VendorDouble`` received it.
public struct CapturedRequest: Sendable, CustomStringConvertible {
  public var method: String
  /// As it was sent, not decoded.
  public var path: String
  /// Decoded, in order.
  public var query: [(name: String, value: String)]
  public var headers: [(name: String, value: String)]
  public var body: ByteBuffer
  /// The act of a Python client that the request belongs to; nil for others.
  public var act: String?

  public init(
    method: String, path: String, query: [(name: String, value: String)], headers: [(name: String, value: String)], body: ByteBuffer, act: String? = nil
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.body = body
    self.act = act
  }

  /// The path's segments, decoded one by one.
  public var segments: [String] {
    path.split(separator: "/", omittingEmptySubsequences: true).map { PercentText.decode(String($0)) }
  }

  public var json: JSONValue? { body.readableBytes > 0 ? try? JSONValue(parsing: String(buffer: body)) : nil }
  public var text: String { String(buffer: body) }

  /// The fields of a body that is a form.
  public var form: [(name: String, value: String)] {
    contentType == "application/x-www-form-urlencoded" ? PercentText.fields(text) : []
  }

  /// The media type of the body, without parameters.
  public var contentType: String? {
    header("Content-Type").map { $0.prefix { $0 != ";" }.lowercased() }
  }

  public func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }
  public func query(_ name: String) -> String? { query.first { $0.name == name }?.value }

  public var description: String {
    let query = query.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    return "\(method) \(path)\(query.isEmpty ? "" : "?" + query)\(body.readableBytes > 0 ? " " + text.prefix(300) : "")"
  }
}

/// Percent-decoding, for looking at what was sent.
public enum PercentText {
  public static func decode(_ text: String, plusIsSpace: Bool = false) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2, let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
        bytes.append(code)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// `name=value&...`
  public static func fields(_ text: String) -> [(name: String, value: String)] {
    text.split(separator: "&").map { field in
      let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { decode(String($0), plusIsSpace: true) }
      return (parts[0], parts.count > 1 ? parts[1] : "")
    }
  }
}
