import ConnectorKit
import ConnectorTesting
import JSON
import MCP
import NIOCore
import Testing

@Suite("Answers of an API", .timeLimit(.minutes(2)))
struct AnswerTests {
  private func api(_ settings: JSONObject = JSONObject()) async throws -> DescriptionUnderTest {
    try await DescriptionUnderTest(paths: ["/a": ["get": ["operationId": "get"], "post": ["operationId": "post"]]], settings: settings)
  }

  @Test("JSON is given as it is, flat lists as a table for the model, and it is marked as others' text")
  func json() async throws {
    let test = try await api()
    test.vendor.on("GET", "/a", .json([["id": 1, "name": "a"], ["id": 2, "name": "b|c"]]), .json(["deep": ["x": [1]]]))
    let list = try await test.api.call("get")
    #expect(list.structured == ["status": 200, "body": [["id": 1, "name": "a"], ["id": 2, "name": "b|c"]]])
    #expect(list.text.hasPrefix("| id | name |") && list.meta?["dev.sluice/untrusted"] == ["/body"])
    #expect(try await test.api.call("get").text == "{\"deep\":{\"x\":[1]}}")
  }

  static let otherCases: [(answer: ConnectorTesting.Answer, body: JSONValue?, text: String)] = [
    (.text("a,b\n1,2", type: "text/csv"), "a,b\n1,2", "a,b"), (.text("<a/>", type: "application/xml"), "<a/>", "<a/>"),
    (.text("a: 1", type: "application/yaml"), "a: 1", "a: 1"),
    (.text("{\"a\":1}\n{\"a\":2}", type: "application/x-ndjson"), "{\"a\":1}\n{\"a\":2}", "{\"a\":2}"), (.status(204), nil, "Done (204)."),
    (.text("{broken", type: "application/json"), "{broken", "{broken"), (.text("PK\u{3}", type: "application/zip"), nil, "3 bytes of application/zip"),
    (ConnectorTesting.Answer(headers: [("Content-Type", "text/plain")], body: .whole(ByteBuffer(bytes: [0xFF, 0xFE]))), nil, "2 bytes of text/plain"),
  ]

  @Test("Text is shown, bytes are counted, and nothing is done", arguments: otherCases.indices)
  func others(_ index: Int) async throws {
    let test = try await api()
    let other = Self.otherCases[index]
    test.vendor.on("GET", "/a", other.answer)
    let result = try await test.api.call("get")
    #expect(!result.isError && result.structured?["body"] == other.body && result.text.contains(other.text), "\(result.text)")
  }

  @Test("Images are shown")
  func images() async throws {
    let test = try await api()
    test.vendor.on("GET", "/a", ConnectorTesting.Answer(headers: [("Content-Type", "image/png")], body: .whole(ByteBuffer(bytes: [1, 2, 3]))))
    #expect(try await test.api.call("get").content == [.image([1, 2, 3], mimeType: "image/png")])
  }

  @Test("Members that the settings name are shown, of lists and of what wraps them")
  func fields() async throws {
    let test = try await api(["fields": ["get": ["id", "total"]]])
    test.vendor.on("GET", "/a", .json([["id": 1, "secret": "x"]]), .json(["total": 1, "items": [["id": 1, "secret": "x"]], "other": ["id": 2]]))
    #expect(try await test.api.structured("get")["body"] == [["id": 1]])
    #expect(try await test.api.structured("get")["body"] == ["total": 1, "items": [["id": 1]]])
  }

  static let refusalCases: [(answer: ConnectorTesting.Answer, says: String)] = [
    (.json(["detail": "no such pet"], status: 404), "status 404. It says: no such pet"), (.json(["message": "taken"], status: 409), "taken"),
    (.json(["errorMessages": ["JQL is wrong"], "errors": [:]], status: 400), "JQL is wrong"),
    (.json(["error": ["code": 403, "message": "not allowed"]], status: 403), "not allowed"),
    (.json(["errors": [["message": "first"]]], status: 422), "first"), (.json(["detail": [["loc": ["query", "limit"], "msg": "too big"]]], status: 422), "too big"),
    (.text("plain words", status: 400), "plain words"), (.text("<html>Trace of secrets</html>", status: 500, type: "text/html"), "status 500."),
    (.status(418), "status 418."),
    (.text(String(repeating: "x", count: 5000), status: 400), "xxx"),
  ]

  @Test("A refusal is told with the API's own words, and not with its pages", arguments: refusalCases.indices)
  func refusals(_ index: Int) async throws {
    let test = try await api()
    test.vendor.on("GET", "/a", Self.refusalCases[index].answer)
    let text = try await test.api.failure("get")
    #expect(text.contains(Self.refusalCases[index].says) && !text.contains("Trace of") && text.count < 700, "\(text)")
  }

  @Test("An API that is throttled or down is asked again where that is safe, and the wait is told where it is not")
  func faults() async throws {
    let test = try await api(["maximum_bytes": 1024])
    test.vendor.on("GET", "/a", .status(429, headers: [("Retry-After", "7")]), .status(503), .lost, .json(["ok": true]))
    #expect(try await test.api.structured("get")["body"] == ["ok": true])
    // Whole seconds, and some of the seven went by while the answer was read.
    #expect(test.api.time.waits.contains { $0 >= 6 })
    test.vendor.reset()
    test.vendor.on("POST", "/a", .lost)
    #expect(try await test.api.failure("post").contains("may have had its effect"))
    #expect(test.vendor.requests.count == 1)
    test.vendor.on(
      "GET", "/a", .status(429, headers: [("Retry-After", "9000")]), .oversized(100_000), .truncated(["a": "0123456789012345678901234567890123456789"]), .json([:]))
    #expect(try await test.api.failure("get").contains("Try again in 9000 s"))
    test.api.time.advance(9001)
    #expect(try await test.api.failure("get").contains("longer than 1024 bytes"))
    #expect(try await test.api.structured("get")["body"] == [:])
  }

  @Test("Requests keep to the budget of the settings")
  func budget() async throws {
    let test = try await api(["requests_per_minute": 2])
    test.vendor.always("GET", "/a", .json([:]))
    for _ in 0..<2 { _ = try await test.api.structured("get") }
    let third = try await test.api.call("get")
    #expect(third.isError ? third.text.contains("the limit is reached") : !test.api.time.waits.isEmpty, "\(third.text)")
  }
}
