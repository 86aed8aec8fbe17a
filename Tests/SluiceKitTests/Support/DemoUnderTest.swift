import Demo
import Foundation
import GRDB
import Gateway
import JSON
import Testing

@testable import SluiceKit

/// The demo as `sluice demo` serves it, in this process.
struct DemoUnderTest: Sendable {
  let gateway: GatewayUnderTest
  let clients: [String: MCPClient]

  func client(_ person: DemoPerson) throws -> MCPClient { try #require(clients[person.key]) }

  /// The sample, read without any of our code.
  func ids(_ sql: String, _ arguments: [String] = []) throws -> Set<String> {
    let database = try DatabaseQueue(path: "\(gateway.state)/crm.sqlite")
    defer { try? database.close() }
    return Set(try database.read { try String.fetchAll($0, sql: sql, arguments: StatementArguments(arguments)) })
  }

  /// The sample is made once and copied.
  private static let sample: Result<String, any Error> = Result {
    let path = FileManager.default.temporaryDirectory.appending(path: "sluice-sample-\(ProcessInfo.processInfo.processIdentifier).sqlite").path
    try? FileManager.default.removeItem(atPath: path)
    try Demo.seed(path)
    atexit { DemoUnderTest.removeSample() }
    return path
  }

  private static func removeSample() {
    if case .success(let path) = sample { try? FileManager.default.removeItem(atPath: path) }
  }

  static func copySample(to path: String) throws { try FileManager.default.copyItem(atPath: sample.get(), toPath: path) }
}

func withDemo<R: Sendable>(_ body: @Sendable (DemoUnderTest) async throws -> R) async throws -> R {
  try await withDirectory { state in
    try DemoUnderTest.copySample(to: "\(state)/crm.sqlite")
    let address = try #require(ListenAddress("127.0.0.1:0"))
    return try await withGateway(DemoCommand.configuration(address, state: state)) { gateway in
      var clients: [String: MCPClient] = [:]
      for person in DemoPeople.all { clients[person.key] = try await gateway.client(person.id) }
      return try await body(DemoUnderTest(gateway: gateway, clients: clients))
    }
  }
}

extension MCPClient {
  /// The entries of a list, over all of its pages.
  func list(_ method: String, _ member: String) async throws -> [JSONValue] {
    var entries: [JSONValue] = []
    var cursor: JSONValue?
    repeat {
      let reply = try await modern(method, cursor.map { ["cursor": $0] } ?? [:])
      guard let page = reply.result?[member]?.array else { throw NeverHappened(description: "\(member): \(reply.text)") }
      entries += page
      cursor = reply.result?["nextCursor"]
    } while cursor != nil
    return entries
  }

  /// The rows of a list tool, over all of its pages.
  func rows(_ tool: String, _ member: String, _ arguments: JSONObject = [:]) async throws -> [JSONValue] {
    var rows: [JSONValue] = []
    var arguments = arguments
    arguments["limit"] = 200
    repeat {
      let reply = try await call(tool, .object(arguments))
      guard let page = reply.structured?[member]?.array else { throw NeverHappened(description: "rows of \(tool): \(reply.text.prefix(500))") }
      rows += page
      arguments["cursor"] = reply.structured?["next_cursor"]
    } while arguments["cursor"] != nil
    return rows
  }
}
