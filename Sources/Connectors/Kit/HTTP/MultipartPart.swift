internal import MCPHTTP
public import NIOCore

/// One part of a body of several (RFC 2046), sent as it is.
public struct MultipartPart: Sendable {
  var head: String
  var content: ByteBuffer

  /// A part of `multipart/related`.
  ///
  /// - Parameter type: a media type that is safe to stand in a header.
  public init(type: String, _ content: ByteBuffer) {
    head = "Content-Type: \(type)\r\n"
    self.content = content
  }

  /// A field of `multipart/form-data` (RFC 7578), a file where it has a name.
  ///
  /// - Parameter type: a media type that is safe to stand in a header; nil for plain text.
  public init(field: String, filename: String? = nil, type: String?, _ content: ByteBuffer) {
    let file = filename.map { "; filename=\"\(Self.quoted($0))\"" } ?? ""
    head = "Content-Disposition: form-data; name=\"\(Self.quoted(field))\"\(file)\r\n" + (type.map { "Content-Type: \($0)\r\n" } ?? "")
    self.content = content
  }

  /// As browsers write names: no quote and no line's end stands in them.
  private static func quoted(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "%22"
      case "\r": result += "%0D"
      case "\n": result += "%0A"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

extension VendorRequest {
  /// Sets a body of parts.
  ///
  /// - Parameter subtype: `form-data`, `related`.
  public func multipart(_ subtype: String, _ parts: [MultipartPart]) -> VendorRequest {
    let boundary = "sluice-\(UInt64.random(in: .min ... .max))-\(UInt64.random(in: .min ... .max))"
    var body = ByteBuffer()
    for part in parts {
      body.writeString("--\(boundary)\r\n\(part.head)\r\n")
      body.writeImmutableBuffer(part.content)
      body.writeString("\r\n")
    }
    body.writeString("--\(boundary)--\r\n")
    var request = self
    request.headers.set("Content-Type", "multipart/\(subtype); boundary=\(boundary)")
    request.body = body
    return request
  }
}
