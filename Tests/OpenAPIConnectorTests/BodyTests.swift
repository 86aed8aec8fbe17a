import ConnectorTesting
import JSON
import MCP
import NIOCore
import Testing

@Suite("Bodies of an operation", .timeLimit(.minutes(2)))
struct BodyTests {
  private func operation(_ content: JSONValue) async throws -> DescriptionUnderTest {
    try await DescriptionUnderTest(paths: ["/a": ["post": ["operationId": "send", "requestBody": ["required": true, "content": content]]]])
  }

  @Test("JSON goes as the model wrote it, numbers to the last digit, under the media type of the description")
  func json() async throws {
    for type in ["application/json", "application/vnd.api+json", "application/json-patch+json"] {
      let test = try await operation(.object([type: ["schema": [:]]]))
      let body = try JSONValue(parsing: "{\"n\":1.10,\"big\":123456789012345678901234567890,\"list\":[null,true]}")
      let request = try await test.request("send", ["body": body])
      #expect(request?.text == body.text && request?.header("Content-Type") == type)
    }
  }

  @Test("Of several media types JSON is taken first")
  func preference() async throws {
    let test = try await operation(["text/plain": [:], "multipart/form-data": [:], "application/json": [:]])
    #expect(try await test.request("send", ["body": ["a": 1]])?.contentType == "application/json")
  }

  @Test("A form repeats the name of a list, writes objects as JSON, and follows the encoding that the description gives")
  func form() async throws {
    let test = try await operation([
      "application/x-www-form-urlencoded": [
        "schema": ["type": "object"],
        "encoding": ["commas": ["style": "form", "explode": false], "deep": ["style": "deepObject", "explode": true]],
      ]
    ])
    let body: JSONValue = ["text": "a&b=c ä", "list": [1, 2], "object": ["x": 1], "commas": ["p", "q"], "deep": ["a": "b"], "flag": true]
    let request = try await test.request("send", ["body": body])
    #expect(request?.contentType == "application/x-www-form-urlencoded")
    #expect(
      request?.form.map { "\($0.name)=\($0.value)" } == ["text=a&b=c ä", "list=1", "list=2", "object={\"x\":1}", "commas=p,q", "deep[a]=b", "flag=true"])
  }

  @Test("A multipart form has fields and files, whose bytes arrive as they are")
  func multipart() async throws {
    let test = try await operation(["multipart/form-data": ["schema": ["type": "object"]]])
    let bytes: [UInt8] = [0, 255, 13, 10, 45, 45]
    let request = try #require(
      try await test.request("send", ["body": ["note": "hello", "data": ["x": 1], "file": ["filename": "a.bin", "content": .string(Self.base64(bytes))]]]))
    let boundary = try #require(request.header("Content-Type")?.split(separator: "boundary=").last.map(String.init))
    let expected =
      "--\(boundary)\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--\(boundary)\r\nContent-Disposition: form-data; name=\"data\"\r\n"
      + "Content-Type: application/json\r\n\r\n{\"x\":1}\r\n"
      + "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    #expect(Array(request.body.readableBytesView) == Array(expected.utf8) + bytes + Array("\r\n--\(boundary)--\r\n".utf8))
  }

  @Test("A file of the description is asked for with its name, each of a list is a part, and parts have the types that the encoding gives")
  func files() async throws {
    for (version, bytes) in [("3.0.3", ["type": "string", "format": "binary"]), ("3.1.0", ["contentMediaType": "image/png"])] as [(String, JSONValue)] {
      let test = try await DescriptionUnderTest(
        paths: [
          "/a": [
            "post": [
              "operationId": "send",
              "requestBody": [
                "content": [
                  "multipart/form-data": [
                    "schema": [
                      "type": "object", "required": ["photo"],
                      "properties": [
                        "photo": ["$ref": "#/components/schemas/Bytes"], "more": ["type": "array", "items": bytes], "tags": ["type": "array"], "none": [:],
                      ],
                    ], "encoding": ["photo": ["contentType": "image/png"], "tags": ["contentType": "application/json"], "more": ["contentType": "image/png, image/*"]],
                  ]
                ]
              ],
            ]
          ]
        ], components: ["schemas": ["Bytes": bytes]], version: version)
      func file(_ name: String) -> JSONValue { ["filename": .string(name), "content": "AAE="] }
      let request = try #require(
        try await test.request("send", ["body": ["photo": file("p.png"), "more": [file("1"), file("2")], "tags": ["a", "b"], "none": .null]]))
      let heads = request.text.split(separator: "\r\n").filter { $0.hasPrefix("Content-") }.map(String.init)
      let start = "Content-Disposition: form-data; name="
      #expect(
        heads == [
          start + "\"photo\"; filename=\"p.png\"", "Content-Type: image/png", start + "\"more\"; filename=\"1\"", "Content-Type: application/octet-stream",
          start + "\"more\"; filename=\"2\"", "Content-Type: application/octet-stream", start + "\"tags\"", "Content-Type: application/json",
        ])
      #expect(request.text.contains("[\"a\",\"b\"]"))
      _ = try await test.api.failure("send", ["body": ["photo": "just a text"]])
    }
  }

  @Test("What is null has no place in a form, and a range of media types is sent as one of them")
  func nullsAndRanges() async throws {
    let form = try await operation(["application/x-www-form-urlencoded": ["encoding": ["list": ["contentType": "application/json"]]]])
    #expect(try await form.request("send", ["body": ["a": .null, "b": 1, "list": [1, 2]]])?.form.map { "\($0.name)=\($0.value)" } == ["b=1", "list=[1,2]"])
    for (type, sent) in [("text/*", "text/plain"), ("application/*", "application/octet-stream")] {
      #expect(try await operation(.object([type: [:]])).request("send", ["body": "AAEC"])?.header("Content-Type") == sent)
    }
  }

  static let smuggled: [JSONValue] = [
    ["a\"; name=\"b": "x"], ["a\r\nX: y": "x"], ["a\"\u{301}b": "x"], ["f": ["filename": "a\"; x=\"", "content": ""]], ["f": ["filename": "a\r\nb", "content": ""]],
    ["f": ["filename": "a\"\u{301}", "content": ""]], ["f": ["filename": "a", "content": "not base64!"]],
  ]

  @Test("No name in a multipart form can end its header", arguments: smuggled)
  func multipartInjection(_ body: JSONValue) async throws {
    let test = try await operation(["multipart/form-data": [:]])
    _ = try await test.api.failure("send", ["body": body])
    #expect(test.vendor.requests.isEmpty)
  }

  @Test("Text goes as text, bytes as the bytes that their base64 stands for")
  func textAndBinary() async throws {
    let text = try await operation(["text/plain": ["schema": ["type": "string"]]]).request("send", ["body": "hä\n"])
    #expect(text?.text == "hä\n" && text?.contentType == "text/plain")
    for (type, sent) in [("application/octet-stream", "application/octet-stream"), ("image/png", "image/png"), ("*/*", "application/octet-stream")] {
      let test = try await operation(.object([type: ["schema": ["type": "string", "format": "binary"]]]))
      let request = try #require(try await test.request("send", ["body": .string(Self.base64([0, 128, 255]))]))
      #expect(Array(request.body.readableBytesView) == [0, 128, 255] && request.header("Content-Type") == sent)
      #expect(try await test.api.failure("send", ["body": "***"]).contains("base64"))
    }
  }

  @Test("A body that is not needed may be left out; a read has none")
  func optional() async throws {
    let test = try await DescriptionUnderTest(paths: [
      "/a": [
        "post": ["operationId": "send", "requestBody": ["content": ["application/json": [:]]]],
        "get": ["operationId": "read", "requestBody": ["required": true, "content": ["application/json": [:]]]],
      ]
    ])
    #expect(try await test.request("send", [:])?.body.readableBytes == 0)
    #expect(try await test.tool("read")?.inputSchema["properties"] == [:])
    #expect(try await test.request("read", [:])?.method == "GET")
  }

  private static func base64(_ bytes: [UInt8]) -> String { MCP.Base64.encode(bytes) }
}
