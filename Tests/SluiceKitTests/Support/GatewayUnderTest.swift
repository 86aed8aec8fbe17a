import Foundation
import Gateway
import JSON
import Ledger
import Logging
import MCPHTTP
import NIOCore
import Testing

@testable import SluiceKit

/// A gateway in this process, with a client for it.
struct GatewayUnderTest: Sendable {
  let server: SluiceServer
  let port: Int
  let state: String

  /// A client in the name of `user`.
  func client(_ user: String, lifetime: Int64? = nil) async throws -> MCPClient {
    MCPClient(port: port, token: try await token(user, lifetime: lifetime))
  }

  func token(_ user: String, lifetime: Int64? = nil) async throws -> String {
    try await APITokens(store: server.store).create(user: user, name: "test", lifetime: lifetime).secret.reveal()
  }

  var stranger: MCPClient { MCPClient(port: port) }

  /// All leaves of the audit log, those not yet signed included.
  func leaves() throws -> [JSONValue] { try AuditTrail.leaves(state: state) }
}

enum AuditTrail {
  static func leaves(state: String) throws -> [JSONValue] {
    var cursor = try LogReader(directory: SluiceServer.auditDirectory(state: state)).leaves()
    var leaves: [JSONValue] = []
    while let leaf = try cursor.next() { leaves.append(try JSONValue(parsing: String(decoding: leaf.bytes, as: UTF8.self))) }
    return leaves
  }
}

extension [JSONValue] {
  func of(_ kind: String) -> [JSONValue] { filter { $0["kind"]?.string == kind } }
}

/// Serves `configuration` for the length of `body`, then shuts down and waits for the end.
func withGateway<R: Sendable>(
  _ configuration: SluiceConfiguration, logger: Logger = quiet, _ body: @Sendable (GatewayUnderTest) async throws -> R
) async throws -> R {
  let server = try await SluiceServer(configuration, logger: logger)
  let port = try await server.start()
  let gateway = GatewayUnderTest(server: server, port: port, state: configuration.state)
  return try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await server.run() }
    do {
      try await eventually("the upstreams are listed") {
        try await MCPClient(port: port).send("GET", path: "/readyz").status == 200
      }
      let result = try await body(gateway)
      group.cancelAll()
      return result
    } catch {
      group.cancelAll()
      throw error
    }
  }
}

/// What a test's `sluice.yaml` says. JSON is YAML.
struct TestConfiguration: Sendable {
  var users: JSONObject = ["ada": ["roles": ["reader"]], "bob": ["roles": ["reader"]], "eve": ["roles": []]]
  /// Cedar. By default readers may do everything and see everything but secrets.
  var policies = """
    @id("readers") permit (principal in Role::"reader", action, resource) unless { action == Action::"reveal" && resource == Category::"secret" };
    """
  var upstreams: JSONObject = [:]
  var limits: JSONObject = [:]
  var jwt: JSONValue?
  var hosts: [String]?

  /// Adds an upstream at a port of this machine.
  mutating func add(_ name: String, port: Int, _ settings: JSONObject = [:]) {
    var entry: JSONObject = ["url": .string("http://127.0.0.1:\(port)/mcp")]
    for (key, value) in settings { entry[key] = value }
    upstreams[name] = .object(entry)
  }

  func json(state: String, listen: String = "127.0.0.1:0") -> JSONValue {
    var identity: JSONObject = ["users": .object(users)]
    if let jwt { identity["jwt"] = jwt }
    var root: JSONObject = [
      "listen": .string(listen), "state": .string(state), "resource": "https://gateway.example/mcp", "audit": ["origin": "sluice.test/log"],
      "identity": .object(identity), "policy": ["cedar": .string(policies)], "upstreams": .object(upstreams),
    ]
    if !limits.isEmpty { root["limits"] = .object(limits) }
    if let hosts { root["hosts"] = .array(hosts.map { .string($0) }) }
    return .object(root)
  }

  func parsed(state: String) throws -> SluiceConfiguration {
    try SluiceConfiguration(parsing: json(state: state).text, file: "\(state)/sluice.yaml")
  }
}

/// Serves a configuration with a state directory of its own.
func withGateway<R: Sendable>(_ configuration: TestConfiguration, _ body: @Sendable (GatewayUnderTest) async throws -> R) async throws -> R {
  try await withDirectory { state in try await withGateway(configuration.parsed(state: state), body) }
}
