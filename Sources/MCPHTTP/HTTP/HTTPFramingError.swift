/// Why bytes on a connection are not an HTTP/1.1 message that we accept. After one of these the connection is of no use.
package struct HTTPFramingError: Error, Equatable {
  /// The status a server answers with.
  package let status: HTTPStatus
  /// Safe to show to the peer.
  package let message: String

  static func bad(_ message: String) -> HTTPFramingError { HTTPFramingError(status: .badRequest, message: message) }
  static let headTooLarge = HTTPFramingError(status: .requestHeaderFieldsTooLarge, message: "the header section is too large")
  static let bodyTooLarge = HTTPFramingError(status: .contentTooLarge, message: "the body is too large")
}
