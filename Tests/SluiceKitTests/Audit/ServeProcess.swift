import Foundation
import Gateway
import JSON

@testable import SluiceKit

/// `sluice serve` as a process of its own, on a port that stays the same over restarts.
struct ServeProcess: Sendable {
  let state: String
  let port: Int
  let token: String
  let running: SluiceBinary.Running

  /// Writes the configuration file, and makes a token for `ada`.
  static func prepare(_ configuration: TestConfiguration, state: String) async throws -> (port: Int, token: String) {
    let port = try SluiceBinary.freePort()
    try Data(configuration.json(state: state, listen: "127.0.0.1:\(port)").text.utf8).write(to: URL(filePath: "\(state)/sluice.yaml"))
    let token = try await APITokens(store: SQLiteStore(directory: state)).create(user: "ada", name: "test").secret.reveal()
    return (port, token)
  }

  /// Starts the process and waits until it is ready.
  static func start(state: String, port: Int, token: String, through wrapper: [String] = []) async throws -> ServeProcess {
    let running = try SluiceBinary.start(["serve", "--config", "\(state)/sluice.yaml", "--log-level", "error"], through: wrapper)
    let process = ServeProcess(state: state, port: port, token: token, running: running)
    do {
      try await eventually("sluice serve is ready") {
        guard running.process.isRunning else { throw NeverHappened(description: "sluice serve ended at its start: \(process.log)") }
        return (try? await MCPClient(port: port).send("GET", path: "/readyz", seconds: 2).status) == 200
      }
    } catch {
      running.kill()
      throw error
    }
    return process
  }

  var client: MCPClient { MCPClient(port: port, token: token) }

  private var log: String { String(decoding: running.errors.fileHandleForReading.availableData, as: UTF8.self) }
}
