import ConnectorTesting
import Foundation
import JSON
import MCP

/// A real WebSocket server (PyPI websockets) in the part of Slack's: Python/socket_server.py. It tells the double what happens at it.
final class SocketServer: Sendable {
  static let absence = "scripts/python.sh has not made .build/venv-connectors: no WebSocket server to follow"
  /// A script's step, as the program reads it.
  typealias Step = JSONValue

  static let hello: Step = [
    "send": ["type": "hello", "num_connections": 1, "connection_info": ["app_id": "A0APP1234"], "debug_info": ["approximate_connection_time": 18060]]
  ]

  static func event(_ id: String, envelope: String? = nil, in channel: String) -> Step {
    [
      "send": [
        "type": "events_api", "envelope_id": .string(envelope ?? "envelope of \(id)"), "accepts_response_payload": false,
        "payload": ["type": "event_callback", "team_id": "T0TEAM123", "event_id": .string(id), "event": ["type": "message", "channel": .string(channel)]],
      ]
    ]
  }

  static func disconnect(_ reason: String) -> Step { ["send": ["type": "disconnect", "reason": .string(reason), "debug_info": ["host": "wss-1"]]] }

  let port: Int
  private let vendor: VendorDouble
  private let id: Int32
  /// The server ends with this.
  private let input: FileHandle

  /// - Parameter tls: files of a certificate and its key, in PEM.
  init(_ vendor: VendorDouble, tls: (certificate: String, key: String)? = nil) async throws {
    guard let interpreter = PythonClients.interpreter else { throw TestDataError(Self.absence) }
    vendor.always("POST", "/socket/*", .json([:]))
    let process = Process()
    process.executableURL = URL(filePath: interpreter)
    process.arguments = [ProjectFiles.root.appending(path: "Tests/SlackConnectorTests/Python/socket_server.py").path] + (tls.map { [$0.certificate, $0.key] } ?? [])
    process.environment = ["PATH": "/usr/bin:/bin", "VENDOR_URL": vendor.url, "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"]
    let pipe = Pipe()
    process.standardInput = pipe
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.standardError
    try process.run()
    (self.vendor, id, input) = (vendor, process.processIdentifier, pipe.fileHandleForWriting)
    let end = ContinuousClock.now + .seconds(180)
    while ContinuousClock.now < end, process.isRunning {
      if let port = Self.told("listening", vendor).first?["port"]?.int {
        self.port = port
        return
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    process.terminate()
    throw TestDataError("the WebSocket server did not listen within three minutes")
  }

  deinit {
    try? input.close()
    kill(id, SIGKILL)
  }

  /// The address of a connection that plays a script.
  func address(_ script: [Step], scheme: String = "ws", host: String = "127.0.0.1") -> String {
    "\(scheme)://\(host):\(port)/link/?ticket=secret-ticket-0123&script="
      + (JSONValue.array(script).text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")
  }

  /// Stops it, as if the machine had gone away: it neither speaks nor closes.
  func freeze() { kill(id, SIGSTOP) }

  // MARK: What happened

  /// What was told, in order: `opened`, `received`, `pong`, `closed`.
  func told(_ what: String) -> [JSONValue] { Self.told(what, vendor) }

  private static func told(_ what: String, _ vendor: VendorDouble) -> [JSONValue] { vendor.requests.filter { $0.path == "/socket/\(what)" }.compactMap(\.json) }

  /// Waits, for a bounded time, until so much was told.
  func wait(for what: String, _ count: Int) async throws -> [JSONValue] {
    let end = ContinuousClock.now + .seconds(120)
    while ContinuousClock.now < end {
      let told = told(what)
      if told.count >= count { return told }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw TestDataError("\(what) was told \(told(what).count) times, not \(count)")
  }

  /// Envelopes that were acknowledged at a connection.
  func acknowledged(_ connection: Int) -> [String] {
    told("received").filter { $0["connection"]?.int == connection }.compactMap { $0["text"]?.string }
      .compactMap { try? JSONValue(parsing: $0)["envelope_id"]?.string }
  }
}
