import ConnectorTesting
import GoogleDriveConnector
import JSON
import MCP
import MCPHTTP
import NIOCore
import Testing

/// A Google Drive connector in front of a double of Google.
struct DriveUnderTest {
  let vendor: VendorDouble
  let drive: ConnectorUnderTest<GoogleDriveConnector>
  let secrets: TestSecrets
  static let token = "ya29.secret-of-the-connector"

  /// - Parameter settings: besides the URLs and, unless another credential is given, `token`.
  init(
    _ settings: JSONObject = [:], isGoverned: Bool = false, publicURL: String? = nil, time: VirtualTime = VirtualTime(), handlers: ClientHandlers = ClientHandlers(),
    prepare: (TestSecrets, VendorDouble, inout JSONObject) throws -> Void = { _, _, _ in }
  ) async throws {
    vendor = try await VendorDouble()
    secrets = try TestSecrets()
    var all: JSONObject = ["base_url": .string(vendor.url), "sheets_url": .string(vendor.url), "docs_url": .string(vendor.url), "toolsets": ["all"]]
    for (name, value) in settings { all[name] = value }
    try prepare(secrets, vendor, &all)
    if ["service_account", "oauth", "token"].allSatisfy({ all[$0] == nil }) { all["token"] = .string(try secrets.reference("token", Self.token)) }
    drive = try ConnectorUnderTest(GoogleDriveConnector.self, all, secrets: secrets, isGoverned: isGoverned, publicURL: publicURL, time: time, handlers: handlers)
  }

  static func plausible(_ settings: JSONObject = [:], isGoverned: Bool = false) async throws -> DriveUnderTest {
    let fixture = try await DriveUnderTest(settings, isGoverned: isGoverned)
    PlausibleDrive.answer(every: fixture.vendor)
    return fixture
  }

  /// The `q` of the last search.
  var query: String? { vendor.requests.last { $0.path == "/drive/v3/files" }?.query("q") }
}

/// Answers that are of the form of Google's, whatever is asked. Ids tell what a file is.
enum PlausibleDrive {
  static func answer(every vendor: VendorDouble) {
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] { vendor.always(method, "/**") { plausible($0) } }
  }

  private static let types = [
    "doc": "application/vnd.google-apps.document", "sheet": "application/vnd.google-apps.spreadsheet", "slides": "application/vnd.google-apps.presentation",
    "drawing": "application/vnd.google-apps.drawing", "form": "application/vnd.google-apps.form", "folder": "application/vnd.google-apps.folder",
    "image": "image/png", "pdf": "application/pdf", "zip": "application/zip",
  ]

  static func file(_ id: String, _ members: JSONObject = [:]) -> JSONValue {
    let kind = String(id.prefix { $0.isLetter })
    var json: JSONValue = [
      "id": .string(id), "name": .string("\(kind) of Ada"), "mimeType": .string(types[kind] ?? "text/plain"), "parents": ["folder1"],
      "owners": [["emailAddress": "ada@example.com", "displayName": "Ada"]], "shared": false, "trashed": false, "starred": false, "version": "7",
      "modifiedTime": "2026-11-01T10:00:00.000Z", "webViewLink": .string("https://drive.google.com/file/d/\(id)/view"),
    ]
    if types[kind]?.hasPrefix("application/vnd.google-apps.") != true { json["size"] = "12" }
    for (name, value) in members { json[name] = value }
    return json
  }

  static let comment: JSONValue = [
    "id": "c1", "content": "Is this so?", "author": ["displayName": "Bob", "emailAddress": "bob@example.com"], "createdTime": "2026-11-01T10:00:00.000Z",
    "resolved": false,
    "replies": [["id": "r1", "content": "Yes.", "author": ["displayName": "Ada"]]],
  ]
  static let permission: JSONValue = ["id": "p1", "type": "user", "role": "reader", "emailAddress": "bob@example.com"]

  private static func plausible(_ request: CapturedRequest) -> ConnectorTesting.Answer {
    let parts = request.segments
    if request.method == "DELETE" { return .status(204) }
    if parts.first == "upload" { return .json(file("text9")) }
    if parts.first == "v4" {
      if request.method == "POST" { return .json(["updates": ["updatedRange": "Sheet1!A3:B3", "updatedRows": 1, "updatedCells": 2]]) }
      if parts.count == 3 { return .json(spreadsheet) }
      if request.method == "PUT" { return .json(["updatedRange": "Sheet1!A1:B1", "updatedRows": 1, "updatedCells": 2]) }
      return .json(["range": "Sheet1!A1:B2", "majorDimension": "ROWS", "values": [["Name", "Sum"], ["Ada, Inc", "12"]]])
    }
    if parts.first == "v1" {
      if request.method == "POST" { return .json(["documentId": "doc1", "replies": [[:]]]) }
      return .json(document)
    }
    let rest = Array(parts.dropFirst(2))
    switch (rest.first, rest.count > 2 ? rest[2] : nil) {
    case ("about", _):
      return .json([
        "user": ["displayName": "Ada", "emailAddress": "ada@example.com"], "storageQuota": ["limit": "16106127360", "usage": "1024"], "maxUploadSize": "5242880000000",
      ])
    case ("changes", _):
      if rest.last == "startPageToken" { return .json(["startPageToken": "100"]) }
      return .json([
        "newStartPageToken": "101",
        "changes": [["fileId": "doc1", "removed": false, "time": "2026-11-01T10:00:00.000Z", "file": file("doc1")], ["fileId": "text2", "removed": true]],
      ])
    case ("drives", _):
      let drive: JSONValue = ["id": "drive1", "name": "Sales", "createdTime": "2026-01-01T00:00:00.000Z"]
      return .json(rest.count == 1 ? list("drives", drive) : drive)
    case ("operations", _):
      return .json(["name": "op1", "done": true, "response": .object(["downloadUri": .string("http://\(request.header("Host") ?? "")/prepared/1")])])
    case ("files", nil): return rest.count == 1 && request.method == "GET" ? .json(["files": [file("doc1"), file("text1")]]) : single(request, rest)
    case ("files", "export"): return exported(request)
    case ("files", "permissions"): return .json(rest.count == 3 && request.method == "GET" ? list("permissions", permission) : permission)
    case ("files", "comments"):
      if rest.contains("replies") { return .json(request.method == "GET" ? list("replies", ["id": "r1", "content": "Yes."]) : ["id": "r2", "content": "No."]) }
      return .json(rest.count == 3 && request.method == "GET" ? list("comments", comment) : comment)
    case ("files", "revisions"):
      if rest.count == 4 { return .text("an earlier text") }
      return .json(["revisions": [["id": "1", "modifiedTime": "2026-10-01T10:00:00.000Z", "size": "10", "lastModifyingUser": ["emailAddress": "ada@example.com"]]]])
    case ("files", "listLabels"): return .json(["labels": [["id": "L1", "revisionId": "3", "fields": ["F1": ["id": "F1", "selection": ["C1"]]]]]])
    case ("files", "download"): return .json(["name": "op1", "done": false])
    case ("files", "copy"): return .json(file("doc8"))
    default: return .text("prepared bytes", type: "application/pdf")
    }
  }

  private static func list(_ member: String, _ one: JSONValue) -> JSONValue { .object([member: .array([one])]) }

  private static func single(_ request: CapturedRequest, _ rest: [String]) -> ConnectorTesting.Answer {
    if request.query("alt") == "media" { return rest[1].hasPrefix("image") ? .text("PNG", type: "image/png") : .text("plain text\n") }
    if request.method == "POST" { return .json(file("text9")) }
    return .json(file(rest[1]))
  }

  private static func exported(_ request: CapturedRequest) -> ConnectorTesting.Answer {
    switch request.query("mimeType") {
    case "text/markdown": .text("\u{FEFF}# Plan\n\nShip it.\n", type: "text/markdown")
    case "text/csv": .text("a,b\r\n1,2\r\n", type: "text/csv")
    case "image/png": .text("PNG", type: "image/png")
    default: .text("exported", type: request.query("mimeType") ?? "text/plain")
    }
  }

  static let spreadsheet: JSONValue = [
    "properties": ["title": "Sums"],
    "sheets": [
      ["properties": ["sheetId": 0, "title": "Sheet1", "sheetType": "GRID", "gridProperties": ["rowCount": 1000, "columnCount": 26]]],
      ["properties": ["sheetId": 77, "title": "Ada's sums", "sheetType": "GRID", "hidden": true, "gridProperties": ["rowCount": 12, "columnCount": 2]]],
      ["properties": ["sheetId": 78, "title": "Chart", "sheetType": "OBJECT"]],
    ],
  ]

  static let document: JSONValue = [
    "documentId": "doc1", "title": "Plan", "revisionId": "rev7",
    "tabs": [
      [
        "tabProperties": ["tabId": "t.0", "title": "Main"],
        "documentTab": [
          "body": [
            "content": [
              ["endIndex": 1, "sectionBreak": [:]],
              [
                "startIndex": 1, "endIndex": 6,
                "paragraph": ["elements": [["textRun": ["content": "Plan\n"]]], "paragraphStyle": ["namedStyleType": "HEADING_1"]],
              ],
              [
                "startIndex": 6, "endIndex": 30,
                "table": [
                  "tableRows": [
                    [
                      "tableCells": [
                        ["content": [["startIndex": 8, "endIndex": 12, "paragraph": ["elements": [["textRun": ["content": "cell\n"]]]]]]]
                      ]
                    ]
                  ]
                ],
              ],
            ]
          ]
        ],
      ]
    ],
  ]
}
