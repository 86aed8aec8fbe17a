import JSON
import MCP
import NIOCore
import Synchronization

/// A wire to a server that is a closure. Remembers every message that was sent.
final class ScriptedServer: ClientWire {
  /// Answers a request with a result, throws an RPCError, or throws the wire's own error.
  typealias Script = @Sendable (JSONValue, WireRequest) async throws -> JSONValue

  private let script: Script
  private let seen: Mutex<[JSONValue]> = Mutex([])
  private let sentHeaders: Mutex<[[HTTPHint.Header]]> = Mutex([])
  private let requests = RequestsFromServer()
  let carriesHeaders: Bool
  /// What `receiveUnsolicited` delivers, and how its streams end.
  private let unsolicited = AsyncStream.makeStream(of: Result<Envelope, WireError>.self)

  init(carriesHeaders: Bool = false, _ script: @escaping Script) {
    self.carriesHeaders = carriesHeaders
    self.script = script
  }

  var requestsFromServer: RequestsFromServer? { requests }
  var messages: [JSONValue] { seen.withLock { $0 } }
  var methods: [String] { messages.compactMap { $0["method"]?.string } }
  var parameterHeaders: [[HTTPHint.Header]] { sentHeaders.withLock { $0 } }

  /// The transport, for `Client`.
  var transport: ClientTransport { ClientTransport { _ in self } }

  func roundTrip(_ request: WireRequest) async throws(WireError) -> Envelope {
    guard let message = try? JSONValue(RawJSON(scanning: request.message)) else { throw WireError(.invalidAnswer, "no JSON", mayHaveHadEffect: false) }
    seen.withLock { $0.append(message) }
    if request.method == .toolsCall { sentHeaders.withLock { $0.append(request.parameterHeaders) } }
    var response: JSONValue = ["jsonrpc": "2.0", "id": .int(request.id)]
    do { response["result"] = try await script(message, request) } catch let error as RPCError {
      var object: JSONValue = ["code": .int(error.code.rawValue), "message": .string(error.message)]
      if let data = error.data { object["data"] = data }
      response["error"] = object
    } catch let error as WireError {
      throw error
    } catch {
      throw WireError(.cancelled, "\(error)", mayHaveHadEffect: true)
    }
    guard let envelope = try? Envelope(scanning: ByteBuffer(response)) else { throw WireError(.invalidAnswer, "no message", mayHaveHadEffect: false) }
    return envelope
  }

  func send(_ notification: ByteBuffer, version: ProtocolVersion) async throws(WireError) {
    guard let message = try? JSONValue(RawJSON(scanning: notification)) else { return }
    seen.withLock { $0.append(message) }
  }

  func receiveUnsolicited(
    version: ProtocolVersion, opened: @escaping @Sendable () -> Void, _ receive: @escaping @Sendable (Envelope) async -> Void
  ) async throws(WireError) {
    opened()
    for await message in unsolicited.stream { await receive(try message.get()) }
  }

  /// Ends the stream of the server's own notifications; the next one may be opened.
  func endStream(_ error: WireError) { unsolicited.continuation.yield(.failure(error)) }

  /// Sends a notification of the server's own.
  func say(_ method: String, _ params: JSONValue = [:]) {
    guard let message = try? Envelope(scanning: ByteBuffer(["jsonrpc": "2.0", "method": .string(method), "params": params])) else { return }
    unsolicited.continuation.yield(.success(message))
  }

  /// Asks the client, as legacy servers do, and returns its response.
  func ask(_ method: String, _ params: JSONValue = [:], id: JSONValue = "q1") async -> JSONValue {
    let message: JSONValue = ["jsonrpc": "2.0", "id": id, "method": .string(method), "params": params]
    guard let envelope = try? Envelope(scanning: ByteBuffer(message)) else { return .null }
    return await withCheckedContinuation { continuation in
      requests.receive(envelope) { answer in
        continuation.resume(returning: (try? JSONValue(RawJSON(scanning: answer))) ?? .null)
      }
    }
  }

  /// A modern server that answers `server/discover`, and the rest by `script`.
  static func modern(carriesHeaders: Bool = false, capabilities: JSONValue = ["tools": [:]], _ script: @escaping Script) -> ScriptedServer {
    ScriptedServer(carriesHeaders: carriesHeaders) { message, request in
      if request.method == .discover {
        return ["resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": capabilities, "ttlMs": 0, "cacheScope": "private"]
      }
      return try await script(message, request)
    }
  }

  /// A legacy server that answers the handshake in `version`, and the rest by `script`.
  static func legacy(_ version: String = "2025-11-25", _ script: @escaping Script) -> ScriptedServer {
    ScriptedServer { message, request in
      switch request.method {
      case .discover: throw RPCError.methodNotFound("server/discover")
      case .initialize: return ["protocolVersion": .string(version), "capabilities": [:], "serverInfo": ["name": "s", "version": "1"]]
      default: return try await script(message, request)
      }
    }
  }
}
