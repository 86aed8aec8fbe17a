import JSON
import MCP
import MCPHTTP
import NIOCore

/// Answers in place of a vendor, in this process and without sockets: what is measured begins with the answer's bytes.
struct VendorStub: Sendable {
  /// By path, without the query.
  private var answers: [String: ByteBuffer]
  /// Of users by their id, as the query names them.
  private let people: Bool

  /// - Parameter hasPeople: whether it tells the names of Slack's people.
  init(_ answers: [String: ByteBuffer], hasPeople: Bool = false) {
    self.answers = answers
    people = hasPeople
  }

  var client: HTTPClient {
    HTTPClient { [answers, people] request throws(HTTPClientError) in
      let parts = request.path.split(separator: "?", maxSplits: 1)
      let path = parts.first.map(String.init) ?? ""
      guard let body = answers[path] ?? (people && path == "/api/users.info" ? Self.person(parts.last ?? "") : nil) else {
        throw HTTPClientError(.connect, "nothing is recorded for \(request.method) \(request.path)")
      }
      return HTTPClientResponse(status: .ok, headers: HTTPHeaders([("Content-Type", "application/json; charset=utf-8")]), body: .full(body))
    }
  }

  private static func person(_ query: Substring) -> ByteBuffer {
    let id = String(query.split(separator: "=").last ?? "")
    return ByteBuffer(["ok": true, "user": ["id": .string(id), "name": .string(id.lowercased()), "profile": ["display_name": .string("Person \(id.suffix(2))")]]])
  }
}
