internal import Logging
public import MCP

/// Serves `server` over `wire`, and runs `body` with a client of it.
///
/// - Parameters:
///   - answers: what the server gets when it asks for something.
///   - limit: the time that `body` may take.
///   - checksResults: whether a call fails whose result is not what the tool promised.
///   - body: gets the client, which is connected, and the record of what passed.
/// - Throws: ``WireFailure`` with the wire and what was last said on it, where `body` throws; ``TestTimeout`` inside of it at the limit.
@discardableResult
public func withClient<R: Sendable>(
  of server: any RequestHandler, over wire: Wire, answers: ScriptedAnswers = ScriptedAnswers(), within limit: Duration = .seconds(60),
  checksResults: Bool = true, _ body: @escaping @Sendable (Client, Recording) async throws -> R
) async throws -> R {
  let recording = Recording(wire)
  do {
    return try await Admission.admitted {
      try await bounded(limit, { recording.lastWords }) {
        try await withServer(server, over: wire) { transport in
          let client = Client(
            transport.observed { recording.add($0) }, handlers: answers.handlers(recording),
            settings: Client.Settings(name: "mcp-testing", versions: [wire.version], timeout: limit, connectTimeout: limit, checksResults: checksResults),
            logger: Logger(label: "mcp.testing", factory: { _ in SwiftLogNoOpLogHandler() }))
          do {
            try await client.connect()
            let result = try await body(client, recording)
            await client.close()
            return result
          } catch {
            await client.close()
            throw error
          }
        }
      }
    }
  } catch {
    throw WireFailure(wire: wire, error: error, lastWords: recording.lastWords)
  }
}

/// As above, for a body that needs the client alone.
@discardableResult
public func withClient<R: Sendable>(
  of server: any RequestHandler, over wire: Wire, answers: ScriptedAnswers = ScriptedAnswers(), within limit: Duration = .seconds(60),
  _ body: @escaping @Sendable (Client) async throws -> R
) async throws -> R {
  try await withClient(of: server, over: wire, answers: answers, within: limit) { client, _ in try await body(client) }
}

/// Runs one body over every wire, one after the other.
///
/// ```swift
/// try await forEachWire(Server(name: "calculator", Calculator())) { client in
///   #expect(try await client.callTool("add", ["a": 1, "b": 2]).text == "3")
/// }
/// ```
///
/// - Parameters:
///   - server: evaluated for each wire: an expression that makes a server gives each wire its own, a variable the same one to all.
///   - answers: what the server gets when it asks for something; the same from the start on each wire.
///   - limit: the time that `body` may take on one wire.
/// - Throws: ``WireFailure`` at the first wire on which `body` throws.
public func forEachWire(
  _ server: @autoclosure () throws -> any RequestHandler, on wires: [Wire] = Wire.all, answers: ScriptedAnswers = ScriptedAnswers(),
  within limit: Duration = .seconds(60), _ body: @escaping @Sendable (Client, Recording) async throws -> Void
) async throws {
  for wire in wires { try await withClient(of: try server(), over: wire, answers: answers, within: limit, body) }
}

/// As above, for a body that needs the client alone.
public func forEachWire(
  _ server: @autoclosure () throws -> any RequestHandler, on wires: [Wire] = Wire.all, answers: ScriptedAnswers = ScriptedAnswers(),
  within limit: Duration = .seconds(60), _ body: @escaping @Sendable (Client) async throws -> Void
) async throws {
  for wire in wires { try await withClient(of: try server(), over: wire, answers: answers, within: limit) { client, _ in try await body(client) } }
}

/// What went wrong, and on which wire.
public struct WireFailure: Error, Sendable, CustomStringConvertible {
  public let wire: Wire
  public let error: any Error
  /// The last messages that passed.
  public let lastWords: String

  public var description: String { "over \(wire): \(error)\n\(lastWords)" }
}
