import Demo
import Foundation
import JSON
import MCP
import NIOCore

/// Calls a server without a transport, as the gateway's in-process upstream does.
struct CRMClient {
  let server: Server
  /// `_meta` members of every call.
  var meta: JSONObject = [:]
  /// Kept as long as it is served.
  private let database: TemporaryDatabase

  init(_ database: TemporaryDatabase, requiresGovernance: Bool = false) throws {
    self.database = database
    server = try CRMServer.make(databasePath: database.path, requiresGovernance: requiresGovernance)
  }

  /// A server over a fresh sample.
  static func fresh(requiresGovernance: Bool = false) throws -> CRMClient {
    try CRMClient(Sample.copy(), requiresGovernance: requiresGovernance)
  }

  /// The same server under rules.
  func governed(_ rows: [String: RowFilter], clearance: [String]) -> CRMClient {
    var client = self
    client.meta[MetaKey.rows] = .object(rows.reduce(into: JSONObject()) { $0[$1.key] = $1.value.json })
    client.meta[MetaKey.clearance] = .array(clearance.map { .string($0) })
    return client
  }

  func request(_ method: String, _ params: JSONObject) async throws -> RawJSON {
    var params = params
    params["_meta"] = .object(meta)
    let message: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": .string(method), "params": .object(params)]
    let context = RequestContext(client: ClientDescription(version: .v2026_07_28), transport: .inProcess)
    switch await server.handle(try Envelope(scanning: ByteBuffer(string: message.text)), context) {
    case .result(let text): return try RawJSON(scanning: text)
    case .failure(let error, _): throw error
    }
  }

  func call(_ tool: String, _ arguments: JSONObject = [:]) async throws -> Answer {
    let result = try await request("tools/call", ["name": .string(tool), "arguments": .object(arguments)])
    return Answer(result: result)
  }

  struct Answer {
    let result: RawJSON
    var isError: Bool { result["isError"]?.bool == true }
    var text: String { result["content"]?.elements.first { _ in true }?["text"]?.string ?? "" }
    var structured: JSONValue { result["structuredContent"].map { JSONValue($0) } ?? .null }
    func rows(_ member: String) -> [JSONValue] { structured[member]?.array ?? [] }
    var values: [[JSONValue]] { rows("rows").compactMap(\.array) }
    var cursor: String? { structured["next_cursor"]?.string }
  }
}

/// A database file that goes when nobody uses it any more.
final class TemporaryDatabase: Sendable {
  let path = NSTemporaryDirectory() + "sluice-demo-\(UUID().uuidString).sqlite"

  deinit { Self.remove(path) }

  static func remove(_ path: String) {
    for suffix in ["", "-wal", "-shm", "-journal"] { try? FileManager.default.removeItem(atPath: path + suffix) }
  }
}

/// The sample database, made once and copied for each test that opens a server on it.
enum Sample {
  private static let original: Result<TemporaryDatabase, any Error> = Result {
    let database = TemporaryDatabase()
    try Demo.seed(database.path)
    // Nothing releases what is static.
    atexit { if case .success(let database) = Sample.original { TemporaryDatabase.remove(database.path) } }
    return database
  }

  /// To be read only.
  static func shared() throws -> String { try original.get().path }

  static func copy() throws -> TemporaryDatabase {
    let copy = TemporaryDatabase()
    try FileManager.default.copyItem(atPath: shared(), toPath: copy.path)
    return copy
  }
}
