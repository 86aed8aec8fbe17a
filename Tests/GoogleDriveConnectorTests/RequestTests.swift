import ConnectorTesting
import Foundation
import JSON
import MCP
import NIOCore
import Testing

/// The three descriptions, each for its own paths.
struct GoogleDescriptions: VendorDescription {
  let drive: GoogleDiscovery
  let sheets: GoogleDiscovery
  let docs: GoogleDiscovery
  /// Google's document as it comes with its Python client, for the method of Sheets that the subset leaves out; nil without the client.
  let wholeSheets: GoogleDiscovery?

  init() throws {
    drive = try GoogleDiscovery("gdrive/drive.v3-discovery-subset.json")
    sheets = try GoogleDiscovery("gdrive/sheets.v4-values-subset.json")
    docs = try GoogleDiscovery("gdrive/docs.v1-subset.json")
    wholeSheets = try Self.clientsDocument("sheets.v4").map { GoogleDiscovery(document: $0) }
  }

  private static func clientsDocument(_ name: String) throws -> JSONValue? {
    guard let interpreter = PythonClients.interpreter else { return nil }
    let libraries = URL(filePath: interpreter).deletingLastPathComponent().deletingLastPathComponent().appending(path: "lib")
    for version in (try? FileManager.default.contentsOfDirectory(atPath: libraries.path)) ?? [] {
      let file = libraries.appending(path: "\(version)/site-packages/googleapiclient/discovery_cache/documents/\(name).json")
      if let text = try? String(contentsOf: file, encoding: .utf8) { return try JSONValue(parsing: text) }
    }
    return nil
  }

  func problems(with request: CapturedRequest) -> [String] {
    switch request.segments.first {
    case "v4" where request.segments.count == 3: wholeSheets?.problems(with: request) ?? []
    case "v4": sheets.problems(with: request)
    case "v1": docs.problems(with: request)
    // Where Google has prepared a download is no method.
    case "prepared": []
    default: drive.problems(with: request)
    }
  }
}

@Suite("What the Google Drive connector sends")
struct RequestTests {
  @Test("is as Google's discovery documents have it", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func described() async throws {
    let fixture = try await DriveUnderTest.plausible()
    let descriptions = try GoogleDescriptions()
    for act in DriveAct.all {
      let before = fixture.vendor.requests.count
      let result = try await fixture.drive.call(act.tool, act.arguments)
      #expect(!result.isError, "\(act.name): \(result.text)")
      let sent = Array(fixture.vendor.requests.dropFirst(before))
      #expect(!sent.isEmpty, "\(act.name) sent nothing")
      for request in sent { for problem in descriptions.problems(with: request) { Issue.record("\(act.name): \(request): \(problem)") } }
      fixture.drive.time.advance(10)
    }
  }

  @Test("is what google-api-python-client sends for the same act", .enabled(if: PythonClients.isPresent, "\(PythonClients.absence)"), .timeLimit(.minutes(3)))
  func equalToOthers() async throws {
    let other = try await VendorDouble()
    PlausibleDrive.answer(every: other)
    let theirs = try await PythonClients.capture("Tests/GoogleDriveConnectorTests/Python/drive.py", other)
    let fixture = try await DriveUnderTest.plausible()
    for act in DriveAct.all {
      let before = fixture.vendor.requests.count
      _ = try await fixture.drive.call(act.tool, act.arguments)
      var ours = fixture.vendor.requests.dropFirst(before).filter { $0.segments.first != "prepared" }.map(Self.plain)
      // We look at the file before its bytes; which act that is the client has of its own.
      if act.name == "text" || act.name == "earlier text" { ours.removeFirst() }
      let others = (theirs[act.name] ?? []).map(Self.plain)
      for problem in RequestDifference(act.exceptions).problems(ours: ours, theirs: others) { Issue.record("\(act.name): \(problem)") }
      fixture.drive.time.advance(10)
    }
    let known = Set(DriveAct.all.map(\.name))
    for name in theirs.keys.sorted() where !known.contains(name) { Issue.record("nobody compares \(name)") }
  }

  /// A multipart body (RFC 2387) as a list of its parts: boundaries are random, and headers of parts may say more.
  static func plain(_ request: CapturedRequest) -> CapturedRequest {
    guard request.contentType == "multipart/related", let boundary = request.header("Content-Type")?.split(separator: "boundary=").last else { return request }
    let name = boundary.filter { $0 != "\"" }
    let text = request.text.replacing("\r\n", with: "\n")
    let parts = text.split(separator: "--\(name)", omittingEmptySubsequences: true).filter { !$0.hasPrefix("--") && $0.contains("\n\n") }
    let values: [JSONValue] = parts.map { part in
      let halves = part.split(separator: "\n\n", maxSplits: 1)
      let type = halves[0].split(separator: "\n").first { $0.lowercased().hasPrefix("content-type:") }.map { $0.dropFirst(13).prefix { $0 != ";" }.filter { $0 != " " } }
      var body = halves.count > 1 ? String(halves[1]) : ""
      while body.hasSuffix("\n") { body.removeLast() }
      return ["type": .string(String(type ?? "")), "body": (try? JSONValue(parsing: body)) ?? .string(body)]
    }
    var request = request
    request.headers = [("Content-Type", "application/json")]
    request.body = ByteBuffer(JSONValue.array(values))
    return request
  }

  @Test("asks of all drives with every request for files that knows how, and carries the credential")
  func everywhere() async throws {
    let fixture = try await DriveUnderTest.plausible(["labels": ["L1": "confidential", "L2/C": "secret"]])
    for act in DriveAct.all { _ = try await fixture.drive.call(act.tool, act.arguments) }
    for request in fixture.vendor.requests {
      #expect(request.header("Authorization") == "Bearer \(DriveUnderTest.token)", "\(request)")
      let parts = request.segments
      guard parts.dropFirst(2).first == "files" || parts.first == "upload", parts.count <= 4 else { continue }
      #expect(request.query("supportsAllDrives") == "true", "\(request)")
      if request.method != "DELETE", request.query("alt") != "media" { #expect(request.query("includeLabels") == "L1,L2", "\(request)") }
    }
  }

  @Test("goes to appends and changes under the names that Google gives them")
  func customVerbs() async throws {
    let fixture = try await DriveUnderTest.plausible()
    _ = try await fixture.drive.call("append_sheet_values", ["file": "sheet1", "range": "A/B c!A1", "values": [["x"]]])
    _ = try await fixture.drive.call("update_document", ["file": "doc1", "requests": [["deletePositionedObject": ["objectId": "o"]]]])
    #expect(fixture.vendor.requests.map(\.path) == ["/v4/spreadsheets/sheet1/values/A%2FB%20c%21A1:append", "/v1/documents/doc1:batchUpdate"])
  }
}
