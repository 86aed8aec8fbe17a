import ConnectorTesting
import JSON
import MCP
import Synchronization
import Testing

@Suite("Data categories from the labels of Google Drive")
struct CategoryTests {
  private static let labels: JSONObject = ["labels": ["L1": "confidential", "L2": "pii", "L3/C1": "secret", "L4": "internal"]]

  private static func labelled(_ id: String, _ labels: String..., choice: String = "C9") -> JSONValue {
    PlausibleDrive.file(id, ["labelInfo": ["labels": .array(labels.map { ["id": .string($0), "fields": ["F1": ["id": "F1", "selection": [.string(choice)]]]] })]])
  }

  /// Of `text4` and `text5` Drive does not say which labels they have; of the first it says so when it is asked.
  private static let files: [String: JSONValue] = [
    "text1": labelled("text1"), "text2": labelled("text2", "L1"), "text3": labelled("text3", "L1", "L2"), "text4": PlausibleDrive.file("text4"),
    "text5": PlausibleDrive.file("text5"), "text6": labelled("text6", "L3", "L4", choice: "C1"), "text7": labelled("text7", "L3", "L4"),
  ]
  private static let all = files.keys.sorted()

  private static func fixture() async throws -> DriveUnderTest {
    let fixture = try await DriveUnderTest(labels, isGoverned: true)
    fixture.vendor.always("GET", "/drive/v3/files", .json(["files": .array(all.compactMap { files[$0] })]))
    fixture.vendor.always(
      "GET", "/drive/v3/changes",
      .json(["newStartPageToken": "9", "changes": .array(all.map { ["fileId": .string($0), "file": files[$0] ?? .null] } + [["fileId": "text8", "removed": true]])]))
    fixture.vendor.always("GET", "/drive/v3/changes/startPageToken", .json(["startPageToken": "8"]))
    fixture.vendor.always("GET", "/drive/v3/files/text4/listLabels", .json(["labels": [["id": "L4"]]]))
    fixture.vendor.always("GET", "/drive/v3/files/text5/listLabels", .json(["error": ["code": 403, "message": "no", "errors": [["reason": "forbidden"]]]], status: 403))
    fixture.vendor.always("GET", "/drive/v3/files/*") { request in
      request.query("alt") == "media" ? .text("the content") : .json(files[request.segments.last ?? ""] ?? PlausibleDrive.file(request.segments.last ?? ""))
    }
    PlausibleDrive.answer(every: fixture.vendor)
    return fixture
  }

  /// What a gateway sends for who is cleared for some categories; nil for all.
  private static func cleared(_ categories: [String]?) -> JSONObject {
    RowRules.cleared(categories, ["File"], others: ["Comment", "Reply", "Permission", "Revision", "Label", "SharedDrive"])
  }

  private static let seen: [([String]?, [String])] = [
    (["public"], ["text1"]), (["public", "internal"], ["text1", "text4", "text7"]), (["public", "internal", "confidential"], ["text1", "text2", "text4", "text7"]),
    (["public", "pii"], ["text1"]), (["public", "internal", "confidential", "pii"], ["text1", "text2", "text3", "text4", "text7"]),
    (["public", "secret"], ["text1"]), (["public", "internal", "secret"], ["text1", "text4", "text6", "text7"]), (nil, all),
  ]

  @Test(
    "A file is in lists, changes, folders and suggestions for who is cleared for all that its labels stand for, and for nobody else but who sees all", arguments: seen)
  func lists(_ categories: [String]?, _ ids: [String]) async throws {
    let fixture = try await Self.fixture()
    let meta = Self.cleared(categories)
    for (tool, arguments) in [("search_files", ["text": "x"]), ("list_folder", ["folder": "folder1"]), ("list_recent", ["fields": ["id"]])] as [(String, JSONValue)] {
      let result = try await fixture.drive.structured(tool, arguments, as: "ada", meta: meta)
      #expect(result["files"]?.array?.compactMap { $0["id"]?.string } == ids, "\(tool)")
    }
    let start = try await fixture.drive.structured("list_changes", as: "ada", meta: meta)["next_cursor"]
    let changes = try await fixture.drive.structured("list_changes", ["cursor": start ?? .null], as: "ada", meta: meta)
    #expect(changes["changes"]?.array?.compactMap { $0["id"]?.string } == ids + (categories == nil ? ["text8"] : []))
    let folder = try await "\(fixture.drive.read("gdrive://folder/folder1", as: "ada", meta: meta))"
    #expect(Self.all.filter { folder.contains($0) } == ids)
    #expect(try await fixture.drive.complete(.resourceTemplate("gdrive:///{fileId}", argument: "fileId"), "te", as: "ada", meta: meta) == ids)
    // Who sees all costs nothing more.
    #expect(fixture.vendor.requests.contains { $0.path.hasSuffix("listLabels") } == (categories != nil))
  }

  @Test(
    "Neither a file's data nor its content, comments, revisions or permissions are for who is not cleared, and nothing of it is changed",
    arguments: ["text2", "text3", "text5"])
  func single(_ file: String) async throws {
    let fixture = try await Self.fixture()
    let meta = Self.cleared(["public", "internal"])
    for act in DriveAct.all where act.arguments["file"] != nil {
      var arguments = act.arguments
      arguments["file"] = .string(file)
      let failure = try await fixture.drive.failure(act.tool, arguments, as: "ada", meta: meta)
      #expect(failure.contains("may not be seen"), "\(act.name): \(failure)")
    }
    await #expect(throws: (any Error).self) { try await fixture.drive.read("gdrive:///" + file, as: "ada", meta: meta) }
    let paths = Set(fixture.vendor.requests.map { "\($0.method) \($0.path)" })
    #expect(paths.isSubset(of: ["GET /drive/v3/files/\(file)", "GET /drive/v3/files/\(file)/listLabels"]), "\(paths)")
    #expect(fixture.vendor.requests.allSatisfy { $0.query("alt") == nil })
    // Who is cleared for all of it reads it.
    let read = try await fixture.drive.structured("read_content", ["file": .string(file)], as: "ada", meta: Self.cleared(nil))
    #expect(read["file"]?["text"] == "the content")
  }

  @Test("Labels that nobody who asks may see are kept out by Drive's own search, where one alone decides")
  func pushed() async throws {
    let fixture = try await Self.fixture()
    let base = "mimeType != 'application/vnd.google-apps.folder' and trashed = false"
    for (categories, condition) in [
      (["public", "internal"], " and ((not 'labels/L1' in labels) and (not 'labels/L2' in labels))"),
      (["public", "internal", "confidential"], " and (not 'labels/L2' in labels)"),
      // A file with both labels is told by pii: that it is confidential as well, only the rule can see.
      (["public", "internal", "pii"], ""), (nil, ""),
    ] as [([String]?, String)] {
      _ = try await fixture.drive.structured("list_recent", as: "ada", meta: Self.cleared(categories))
      #expect(fixture.query == base + condition)
    }
  }

  @Test("Where labels are set up every tool that reaches files says that they have a category, and else none")
  func declared() async throws {
    for (settings, category) in [(Self.labels, "category"), ([:], nil)] as [(JSONObject, String?)] {
      let tools = try await DriveUnderTest(settings).drive.client.listTools()
      let files = tools.flatMap { $0.raw["_meta"]?[MetaKey.records].map { Array($0.elements) } ?? [] }.filter { $0["type"]?.string == "File" }
      #expect(files.count > 30 && files.allSatisfy { $0["category"]?.string == category })
    }
  }

  @Test("The strictest category is told, and all where none of them grants another")
  func records() async throws {
    let fixture = try await Self.fixture()
    let rows = try await fixture.drive.structured("list_recent", ["fields": ["id"]], as: "ada", meta: Self.cleared(nil))["files"]?.array ?? []
    #expect(rows.map { $0["category"]?.string } == [nil, "confidential", "pii", "unknown", "unknown", "secret", "internal"])
    #expect(rows.map { $0["categories"] } == [nil, nil, ["confidential", "pii"], nil, nil, ["internal", "secret"], nil])
    #expect(rows.map { $0["labels"] } == [[], ["L1"], ["L1", "L2"], [], [], ["L3", "L4"], ["L3", "L4"]])
    #expect(fixture.vendor.requests.last?.query("includeLabels") == "L1,L2,L3,L4")
  }

  @Test("Where Drive refuses to tell labels nothing is shown")
  func refused() async throws {
    let fixture = try await DriveUnderTest(Self.labels, isGoverned: true)
    @Sendable func asksForLabels(_ request: CapturedRequest) -> Bool { request.query("includeLabels") != nil || request.path.hasSuffix("/listLabels") }
    fixture.vendor.always("GET", "/**") { request in
      if asksForLabels(request) { return .json(["error": ["code": 400, "message": "Label not found", "errors": [["reason": "invalid"]]]], status: 400) }
      if request.query("alt") == "media" { return .text("the content") }
      return .json(request.path == "/drive/v3/files" ? ["files": [PlausibleDrive.file("text1")]] : PlausibleDrive.file("text1"))
    }
    for (tool, arguments) in [("list_recent", [:]), ("get_file", ["file": "text1"]), ("read_content", ["file": "text1"])] as [(String, JSONValue)] {
      _ = try await fixture.drive.failure(tool, arguments, as: "ada", meta: Self.cleared(["public"]))
    }
    #expect(fixture.vendor.requests.count >= 3 && fixture.vendor.requests.allSatisfy { asksForLabels($0) }, "\(fixture.vendor.requests)")
  }

  @Test("Labels that a list leaves out are asked for eight at a time, once a file, and by the next list not again", .timeLimit(.minutes(1)))
  func many() async throws {
    let (crowd, time) = (Crowd(8), VirtualTime())
    let fixture = try await DriveUnderTest(Self.labels, isGoverned: true, time: time)
    let files = (1...100).map { PlausibleDrive.file("text\($0)") }
    fixture.vendor.always("GET", "/drive/v3/files", .json(["files": .array(files)]))
    fixture.vendor.always("GET", "/drive/v3/changes", .json(["newStartPageToken": "9", "changes": .array(files.map { ["fileId": $0["id"] ?? "", "file": $0] })]))
    fixture.vendor.always("GET", "/drive/v3/changes/startPageToken", .json(["startPageToken": "8"]))
    fixture.vendor.always("GET", "/drive/v3/files/*/listLabels") { request in
      await crowd.pass()
      // Every tenth is confidential.
      return .json(["labels": request.path.hasSuffix("0/listLabels") ? [["id": "L1"]] : []])
    }
    let meta = Self.cleared(["public", "internal"])
    let seen = (1...100).filter { $0 % 10 != 0 }.map { "text\($0)" }
    func expect(_ tool: String, _ arguments: JSONValue = [:], asked: Int) async throws {
      let result = try await fixture.drive.structured(tool, arguments, as: "ada", meta: meta)
      #expect((result["files"] ?? result["changes"])?.array?.compactMap { $0["id"]?.string } == seen)
      #expect(fixture.vendor.requests.count { $0.path.hasSuffix("/listLabels") } == asked)
    }
    try await expect("list_recent", ["limit": 100], asked: 100)
    #expect(crowd.most == 8)
    try await expect("list_recent", ["limit": 100], asked: 100)
    let start = try await fixture.drive.structured("list_changes", as: "ada", meta: meta)["next_cursor"]
    try await expect("list_changes", ["cursor": start ?? .null, "limit": 100], asked: 100)
    time.advance(61)
    try await expect("list_recent", ["limit": 100], asked: 200)
  }

  @Test("A change of labels is seen at once, since the file has another version then; where Drive tells no version labels are always asked for")
  func changed() async throws {
    let fixture = try await DriveUnderTest(Self.labels, isGoverned: true)
    for (version, labels, isSeen) in [("7", [], true), ("7", nil, true), ("8", ["L1"], false), ("9", [], true), (nil, [], true), (nil, ["L1"], false)]
      as [(String?, [String]?, Bool)]
    {
      var file = PlausibleDrive.file("text1")
      file["version"] = version.map { .string($0) }
      fixture.vendor.on("GET", "/drive/v3/files", .json(["files": [file]]))
      if let labels { fixture.vendor.on("GET", "/drive/v3/files/text1/listLabels", .json(["labels": .array(labels.map { ["id": .string($0)] })])) }
      let files = try await fixture.drive.structured("list_recent", as: "ada", meta: Self.cleared(["public"]))["files"]?.array
      #expect(files?.isEmpty == !isSeen, "\(version ?? "none")")
    }
    #expect(fixture.vendor.requests.count { $0.path.hasSuffix("/listLabels") } == 5 && fixture.vendor.unscripted.isEmpty)
  }

  @Test("A category that there is not is an error at the start", arguments: ["restricted", "Confidential", ""])
  func settings(_ category: String) async throws {
    await #expect { try await DriveUnderTest(["labels": ["L1": .string(category)]]) } throws: {
      "\($0)".contains("expected one of public, internal, confidential, pii, secret")
    }
  }
}

/// Lets nobody pass before so many wait, and then everybody; counts how many there were at once.
private final class Crowd: Sendable {
  private struct State {
    var isOpen = false
    var now = 0
    var most = 0
    var waiting: [CheckedContinuation<Void, Never>] = []
  }
  /// Guards who waits.
  private let state = Mutex(State())
  private let size: Int

  init(_ size: Int) { self.size = size }

  var most: Int { state.withLock { $0.most } }

  func pass() async {
    await withCheckedContinuation { continuation in
      let passing = state.withLock { state -> [CheckedContinuation<Void, Never>] in
        state.now += 1
        state.most = max(state.most, state.now)
        state.waiting.append(continuation)
        state.isOpen = state.isOpen || state.now == size
        defer { if state.isOpen { state.waiting = [] } }
        return state.isOpen ? state.waiting : []
      }
      for continuation in passing { continuation.resume() }
    }
    state.withLock { $0.now -= 1 }
  }
}
