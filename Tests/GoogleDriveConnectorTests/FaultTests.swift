import ConnectorTesting
import JSON
import MCP
import NIOCore
import Testing

@Suite("The Google Drive connector and a Google that fails")
struct FaultTests {
  private static func error(_ reason: String, status: Int = 403, message: String = "No.") -> ConnectorTesting.Answer {
    let detail: JSONValue = ["domain": "usageLimits", "reason": .string(reason), "message": .string(message)]
    let error: JSONValue = ["errors": [detail], "code": .int(status), "message": .string(message)]
    return .json(["error": error], status: status)
  }

  private static let page: JSONValue = ["files": [PlausibleDrive.file("doc1")]]

  @Test("A 403 that is a limit is waited for and tried again", arguments: ["userRateLimitExceeded", "rateLimitExceeded", "sharingRateLimitExceeded"])
  func limits(_ reason: String) async throws {
    let fixture = try await DriveUnderTest()
    fixture.vendor.on("GET", "/drive/v3/files", Self.error(reason), Self.error(reason), .json(Self.page))
    let result = try await fixture.drive.structured("list_recent")
    #expect(result["files"]?.array?.count == 1)
    #expect(fixture.vendor.requests.count == 3)
    #expect(!fixture.drive.time.waits.isEmpty)
  }

  @Test("Google's recorded limits are understood, and what is no limit is not tried again", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func recorded() async throws {
    let bodies = try SharedData.json("gdrive/google-error-bodies.json")
    for (name, body) in bodies.object ?? JSONObject() {
      let fixture = try await DriveUnderTest()
      let status = body["error"]?["code"]?.int ?? 403
      fixture.vendor.on("GET", "/drive/v3/files", .json(body, status: status), .json(Self.page))
      let result = try await fixture.drive.call("list_recent")
      let isLimit = name.contains("RATE_LIMIT")
      #expect(result.isError != isLimit, "\(name): \(result.text)")
      #expect(fixture.vendor.requests.count == (isLimit ? 2 : 1), "\(name)")
    }
  }

  @Test(
    "A 403 that is a refusal is told with Google's reason, once",
    arguments: ["insufficientFilePermissions", "domainPolicy", "accessNotConfigured", "appNotAuthorizedToFile"])
  func refusals(_ reason: String) async throws {
    let fixture = try await DriveUnderTest()
    fixture.vendor.always("PATCH", "/drive/v3/files/*", Self.error(reason))
    let text = try await fixture.drive.failure("update_file", ["file": "text1", "name": "n"])
    #expect(text.contains(reason))
    #expect(fixture.vendor.requests.count == 1)
    #expect(fixture.drive.time.waits.isEmpty)
  }

  @Test("Retry-After: 0 is no licence to spin, and beyond the deadline the wait is told", arguments: [("0", 4), ("900", 1)])
  func retryAfter(_ after: String, _ requests: Int) async throws {
    let fixture = try await DriveUnderTest()
    fixture.vendor.always("GET", "/drive/v3/files", .json(["error": ["code": 429, "status": "RESOURCE_EXHAUSTED"]], status: 429, headers: [("Retry-After", after)]))
    let text = try await fixture.drive.failure("list_recent")
    #expect(text.contains("Try again in"))
    #expect(fixture.vendor.requests.count <= requests)
  }

  @Test("A daily limit is told at once, and nothing more is asked")
  func daily() async throws {
    let fixture = try await DriveUnderTest()
    fixture.vendor.always("GET", "/drive/v3/files", Self.error("dailyLimitExceeded"))
    _ = try await fixture.drive.failure("list_recent")
    _ = try await fixture.drive.failure("list_recent")
    #expect(fixture.vendor.requests.count == 1)
  }

  @Test("A short page with a token is not the last, and a cursor belongs to its list")
  func paging() async throws {
    let fixture = try await DriveUnderTest()
    fixture.vendor.on(
      "GET", "/drive/v3/files", .json(["files": [], "nextPageToken": "p2"]), .json(["files": [PlausibleDrive.file("doc1")], "nextPageToken": "p3"]), .json(["files": []]))
    var cursor: JSONValue?
    var ids: [String] = []
    for _ in 0..<5 {
      var arguments: JSONValue = ["text": "plan"]
      if let cursor { arguments["cursor"] = cursor }
      let page = try await fixture.drive.structured("search_files", arguments)
      ids += (page["files"]?.array ?? []).compactMap { $0["id"]?.string }
      cursor = page["next_cursor"]
      if cursor == nil { break }
      let other = try await fixture.drive.failure("search_files", ["text": "another", "cursor": cursor ?? ""])
      #expect(other.contains("other arguments"))
    }
    #expect(ids == ["doc1"])
    #expect(fixture.vendor.requests.map { $0.query("pageToken") } == [nil, "p2", "p3"])
  }

  @Test("An answer that is cut, hangs, or is longer than the bound is an error and no empty list", arguments: ["cut", "slow", "huge", "no JSON", "lost"])
  func badAnswers(_ kind: String) async throws {
    let fixture = try await DriveUnderTest()
    let answer: ConnectorTesting.Answer =
      switch kind {
      case "cut": .truncated(Self.page)
      case "huge": .oversized(5 << 20)
      case "no JSON": .text("<html>", type: "text/html")
      case "lost": .lost
      default: .slow(Self.page)
      }
    fixture.vendor.always("GET", "/drive/v3/files", answer)
    let result = try await fixture.drive.call("list_recent")
    #expect(result.isError == (kind != "slow"), "\(kind): \(result.text)")
  }

  @Test("What is not idempotent is not sent again after a failure, and the caller is told that it may have happened", arguments: [500, 503])
  func unrepeated(_ status: Int) async throws {
    let fixture = try await DriveUnderTest()
    fixture.vendor.always("POST", "/**", .json(["error": ["code": .int(status)]], status: status))
    let text = try await fixture.drive.failure("create_folder", ["name": "n"])
    #expect(text.contains("may have had its effect"))
    #expect(fixture.vendor.requests.count == 1)
  }

  @Test("What is idempotent is sent again")
  func repeated() async throws {
    let fixture = try await DriveUnderTest()
    fixture.vendor.on("PATCH", "/drive/v3/files/*", .status(503), .json(PlausibleDrive.file("text1", ["name": "n"])))
    let result = try await fixture.drive.structured("update_file", ["file": "text1", "name": "n"])
    #expect(result["file"]?["name"]?.string == "n")
  }

  @Test("An empty 204 is success")
  func empty() async throws {
    let fixture = try await DriveUnderTest()
    fixture.vendor.on("DELETE", "/drive/v3/files/*", .status(204))
    #expect(try await fixture.drive.structured("delete_file", ["file": "text1"]) == ["id": "text1"])
  }

  @Test("An export that is too large says what to do instead")
  func exportBound() async throws {
    let fixture = try await DriveUnderTest()
    fixture.vendor.always("GET", "/drive/v3/files/sheet1", .json(PlausibleDrive.file("sheet1")))
    fixture.vendor.always("GET", "/drive/v3/files/sheet1/export", Self.error("exportSizeLimitExceeded"))
    let text = try await fixture.drive.failure("read_content", ["file": "sheet1"])
    #expect(text.contains("get_sheet_values"))
  }

  @Test("Every tool tells a refusal, a limit beyond its deadline and a cut answer as what they are", arguments: ["refusal", "limit", "cut"])
  func everyTool(_ kind: String) async throws {
    let fixture = try await DriveUnderTest()
    let answer: ConnectorTesting.Answer =
      switch kind {
      case "refusal": Self.error("insufficientFilePermissions")
      case "limit":
        .json(["error": ["code": 429, "status": "RESOURCE_EXHAUSTED", "details": [["reason": "RATE_LIMIT_EXCEEDED"]]]], status: 429, headers: [("Retry-After", "900")])
      default: .truncated(Self.page)
      }
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] { fixture.vendor.always(method, "/**", answer) }
    for act in DriveAct.all {
      let before = fixture.vendor.requests.count
      let result = try await fixture.drive.call(act.tool, act.arguments)
      #expect(result.isError, "\(act.name): \(result.text)")
      let count = fixture.vendor.requests.count - before
      switch kind {
      case "refusal": #expect(count == 1 && result.text.contains("insufficientFilePermissions"), "\(act.name): \(result.text)")
      case "limit": #expect(count == 1 && result.text.contains("Try again in 900 s"), "\(act.name): \(result.text)")
      default: #expect((1...4).contains(count), "\(act.name): \(count)")
      }
      fixture.drive.time.advance(1000)
    }
  }

  @Test("A large upload goes in chunks, and goes on where Google says that it is")
  func resumable() async throws {
    let folder = try TemporaryFolder()
    let bytes = [UInt8](repeating: 7, count: (9 << 20) + 100)
    try folder.write("large.bin", bytes)
    let fixture = try await DriveUnderTest(["upload_folder": .string(folder.path)])
    let session = "\(fixture.vendor.url)/upload/drive/v3/files?uploadType=resumable&upload_id=u1"
    fixture.vendor.on("POST", "/upload/drive/v3/files", .status(200, headers: [("Location", session)]))
    fixture.vendor.on(
      "PUT", "/upload/drive/v3/files", .status(308, headers: [("Range", "bytes=0-4194303")]), .status(503), .status(308, headers: [("Range", "bytes=0-9437183")]),
      .json(PlausibleDrive.file("text9")))
    let result = try await fixture.drive.structured("upload_file", ["name": "large.bin", "path": "large.bin", "mime_type": "application/x-large"])
    #expect(result["file"]?["id"]?.string == "text9")
    let start = try #require(fixture.vendor.requests.first)
    #expect(start.header("X-Upload-Content-Length") == String(bytes.count) && start.header("X-Upload-Content-Type") == "application/x-large")
    let puts = fixture.vendor.requests.filter { $0.method == "PUT" }
    let total = bytes.count
    #expect(
      puts.map { $0.header("Content-Range") } == [
        "bytes 0-8388607/\(total)", "bytes 4194304-\(total - 1)/\(total)", "bytes 4194304-\(total - 1)/\(total)", "bytes 9437184-\(total - 1)/\(total)",
      ])
    #expect(puts.last?.body.readableBytes == 100)
    #expect(puts.allSatisfy { $0.query("upload_id") == "u1" })
    if SharedData.isPresent { try GoogleDescriptions().expectValid(fixture.vendor.requests) }
  }

  @Test("An upload does not follow an address that leads elsewhere")
  func foreignSession() async throws {
    let folder = try TemporaryFolder()
    try folder.write("large.bin", [UInt8](repeating: 7, count: 6 << 20))
    let fixture = try await DriveUnderTest(["upload_folder": .string(folder.path)])
    fixture.vendor.on("POST", "/upload/drive/v3/files", .status(200, headers: [("Location", "https://example.com/upload/drive/v3/files?upload_id=1")]))
    let text = try await fixture.drive.failure("upload_file", ["name": "large.bin", "path": "large.bin"])
    #expect(text.contains("no usable address"))
    #expect(fixture.vendor.requests.count == 1)
  }
}
