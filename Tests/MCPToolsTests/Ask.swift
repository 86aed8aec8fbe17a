import JSON
import MCP
import NIOCore

extension Server {
  /// The result or error object of a request, as JSON.
  func ask(
    _ method: String, _ params: JSONValue = [:], _ era: Era = .modern, notify: @escaping @Sendable (ByteBuffer) async -> Void = { _ in }
  ) async throws -> JSONValue {
    let request: JSONValue = ["jsonrpc": "2.0", "id": 7, "method": .string(method), "params": params]
    let client = ClientDescription(version: era == .modern ? .v2026_07_28 : .v2025_11_25)
    let context = RequestContext(client: client, transport: .inProcess, notify: notify)
    switch await handle(try Envelope(request.raw), context) {
    case .result(let result): return try JSONValue(parsing: String(buffer: result))
    case .failure(let error, _): return ["error": ["code": .int(error.code.rawValue), "message": .string(error.message)]]
    }
  }

  func call(_ tool: String, _ arguments: JSONValue = [:], _ era: Era = .modern) async throws -> JSONValue {
    try await ask("tools/call", ["name": .string(tool), "arguments": arguments], era)
  }

  func definition(_ tool: String, _ era: Era = .modern) async throws -> JSONValue {
    try await ask("tools/list", [:], era)["tools"]?.array?.first { $0["name"]?.string == tool } ?? .null
  }
}

extension JSONValue {
  /// The text of the first content of a result.
  var firstText: String? { self["content"]?.array?.first?["text"]?.string }
}
