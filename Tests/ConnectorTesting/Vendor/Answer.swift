internal import MCP
public import JSON
public import NIOCore

/// What a ``VendorDouble`` answers to one request, faults included.
public struct Answer: Sendable {
  /// How the body comes.
  public enum Body: Sendable {
    case whole(ByteBuffer)
    /// The connection ends after so many bytes.
    case truncated(ByteBuffer, after: Int)
    /// In pieces, with a pause before each.
    case slow(ByteBuffer, pieces: Int, pause: TimeAmount)
    /// So many bytes, made as they are sent.
    case endless(Int)
    /// Nothing comes, until whoever asked gives up; 20 seconds at most.
    case hang
    /// The connection ends without an answer that can be read.
    case lost
  }

  public var status: Int
  public var headers: [(name: String, value: String)]
  public var body: Body

  public init(_ status: Int = 200, headers: [(name: String, value: String)] = [], body: Body = .whole(ByteBuffer())) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  public static func json(_ value: JSONValue, status: Int = 200, headers: [(name: String, value: String)] = []) -> Answer {
    Answer(status, headers: [("Content-Type", "application/json; charset=utf-8")] + headers, body: .whole(ByteBuffer(value)))
  }

  public static func text(
    _ text: String, status: Int = 200, type: String = "text/plain; charset=utf-8", headers: [(name: String, value: String)] = []
  ) -> Answer {
    Answer(status, headers: [("Content-Type", type)] + headers, body: .whole(ByteBuffer(string: text)))
  }

  /// A status with headers and nothing else: a 204, a 304, a redirect.
  public static func status(_ status: Int, headers: [(name: String, value: String)] = []) -> Answer { Answer(status, headers: headers) }

  public static func redirect(to location: String, status: Int = 302) -> Answer { Answer(status, headers: [("Location", location)]) }

  public static func truncated(_ value: JSONValue, after bytes: Int = 20) -> Answer {
    Answer(headers: [("Content-Type", "application/json")], body: .truncated(ByteBuffer(value), after: bytes))
  }

  public static func slow(_ value: JSONValue, pieces: Int = 5, pause: TimeAmount = .milliseconds(20)) -> Answer {
    Answer(headers: [("Content-Type", "application/json")], body: .slow(ByteBuffer(value), pieces: pieces, pause: pause))
  }

  /// A JSON text that goes on for so many bytes.
  public static func oversized(_ bytes: Int) -> Answer { Answer(headers: [("Content-Type", "application/json")], body: .endless(bytes)) }

  public static let hang = Answer(body: .hang)
  public static let lost = Answer(body: .lost)
}
