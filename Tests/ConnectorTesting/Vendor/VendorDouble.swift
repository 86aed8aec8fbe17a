internal import JSON
internal import Logging
internal import MCPHTTP
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// A vendor that plays a script: an HTTP server on this machine that keeps every request and answers as it was told.
///
/// ```swift
/// let vendor = try await VendorDouble()
/// vendor.on("GET", "/repos/*/*/issues", .json([]), .json(["message": "..."], status: 403))
/// // ... point the connector's `base_url` at `vendor.url` ...
/// #expect(vendor.requests.map(\.path) == [...])
/// ```
///
/// Rules are tried in the order in which they were added; the answers of one are given one after the other, and when they are used
/// up the next rule counts. What no rule answers gets the fallback, without one a 404 that ``unscripted`` lists.
public final class VendorDouble: Sendable {
  private struct Rule {
    var method: String
    var pattern: [String]
    var answers: [Answer]
    var repeats: Bool
    var make: (@Sendable (CapturedRequest) async -> Answer)?
  }
  private struct State {
    var rules: [Rule] = []
    var requests: [CapturedRequest] = []
    var unscripted: [CapturedRequest] = []
    var act: String?
  }

  /// What the responder and the double share, so that the server does not keep the double alive.
  private final class Script: HTTPResponder {
    /// Guards rules and requests. Never held while anything is answered.
    let state = Mutex(State())

    func respond(to request: HTTPRequest) async -> HTTPReply { await VendorDouble.respond(request, state) }
  }

  private let script: Script
  private let serving: Task<Void, any Error>
  public let port: Int
  /// Without a slash at the end.
  public var url: String { "http://127.0.0.1:\(port)" }

  public init() async throws {
    script = Script()
    var configuration = HTTPServerConfiguration()
    configuration.maxBodyBytes = 64 << 20
    configuration.shutdownTimeout = .milliseconds(100)
    configuration.writesDate = false
    let server = HTTPServer(
      host: "127.0.0.1", port: 0, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration, responder: script,
      logger: Logger(label: "vendor") { _ in SwiftLogNoOpLogHandler() })
    port = try await server.start()
    serving = Task { try await server.run() }
  }

  deinit { serving.cancel() }

  // MARK: The script

  /// - Parameters:
  ///   - path: as it goes on the wire; a segment `*` stands for any one, `**` at the end for any rest.
  ///   - answers: given one after the other, each once.
  public func on(_ method: String, _ path: String, _ answers: Answer...) { add(method, path, answers, repeats: false) }

  /// Answers every such request.
  public func always(_ method: String, _ path: String, _ answer: Answer) { add(method, path, [answer], repeats: true) }

  /// Answers every such request with what `make` makes of it, when it has.
  public func always(_ method: String, _ path: String, make: @escaping @Sendable (CapturedRequest) async -> Answer) {
    script.state.withLock { $0.rules.append(Rule(method: method, pattern: Self.split(path), answers: [], repeats: true, make: make)) }
  }

  private func add(_ method: String, _ path: String, _ answers: [Answer], repeats: Bool) {
    script.state.withLock { $0.rules.append(Rule(method: method, pattern: Self.split(path), answers: answers, repeats: repeats)) }
  }

  /// Forgets rules and requests.
  public func reset() { script.state.withLock { $0 = State() } }

  // MARK: What came

  public var requests: [CapturedRequest] { script.state.withLock { $0.requests } }
  /// Requests that no rule answered.
  public var unscripted: [CapturedRequest] { script.state.withLock { $0.unscripted } }

  /// Requests by the act of the Python client that sent them.
  public var acts: [String: [CapturedRequest]] {
    requests.reduce(into: [:]) { acts, request in if let act = request.act { acts[act, default: []].append(request) } }
  }

  // MARK: Answering

  /// A Python client says here which of its acts comes next.
  static let actPath = "/__act__/"

  private static func split(_ path: String) -> [String] { path.split(separator: "/").map(String.init) }

  private static func matches(_ path: [String], _ pattern: [String]) -> Bool {
    if pattern.last == "**" { return path.count >= pattern.count - 1 && matches(Array(path.prefix(pattern.count - 1)), pattern.dropLast()) }
    return path.count == pattern.count && zip(path, pattern).allSatisfy { $1 == "*" || $0 == $1 }
  }

  private static func respond(_ request: HTTPRequest, _ state: borrowing Mutex<State>) async -> HTTPReply {
    if request.path.hasPrefix(actPath) {
      state.withLock { $0.act = PercentText.decode(String(request.path.dropFirst(actPath.count))) }
      return .text(.ok, "ok")
    }
    var captured = CapturedRequest(
      method: request.method.name, path: request.path, query: PercentText.fields(request.query ?? ""),
      headers: request.headers.pairs.map { ($0.name, $0.value) }, body: request.body, act: nil)
    let path = split(request.path)
    // Outside of the lock an answer that is made may ask what came.
    let (answer, make): (Answer, (@Sendable (CapturedRequest) async -> Answer)?) = state.withLock { state in
      captured.act = state.act
      state.requests.append(captured)
      for index in state.rules.indices where state.rules[index].method == captured.method && matches(path, state.rules[index].pattern) {
        if let make = state.rules[index].make { return (.json([:]), make) }
        guard let first = state.rules[index].answers.first else { continue }
        if !state.rules[index].repeats { state.rules[index].answers.removeFirst() }
        return (first, nil)
      }
      state.unscripted.append(captured)
      return (.json(["message": .string("not scripted: \(captured.method) \(captured.path)")], status: 404), nil)
    }
    guard let make else { return reply(answer) }
    return reply(await make(captured))
  }

  private static func reply(_ answer: Answer) -> HTTPReply {
    let status = HTTPStatus(answer.status)
    let headers = HTTPHeaders(answer.headers.map { ($0.name, $0.value) })
    switch answer.body {
    case .whole(let body): return .full(status, headers, body: body)
    case .truncated(let body, let count):
      return .stream(status, headers) { writer in
        try await writer.write(body.getSlice(at: body.readerIndex, length: min(count, body.readableBytes)) ?? ByteBuffer())
        throw Cut()
      }
    case .slow(let body, let pieces, let pause):
      let size = max(1, (body.readableBytes + pieces - 1) / max(pieces, 1))
      return .stream(status, headers) { writer in
        var body = body
        while body.readableBytes > 0, let piece = body.readSlice(length: min(size, body.readableBytes)) {
          try await Task.sleep(for: .nanoseconds(pause.nanoseconds))
          try await writer.write(piece)
        }
      }
    case .endless(let count):
      return .stream(status, headers) { writer in
        try await writer.write(ByteBuffer(string: "[\""))
        let piece = ByteBuffer(repeating: UInt8(ascii: "a"), count: 64 << 10)
        var rest = count
        while rest > 0 {
          try await writer.write(piece)
          rest -= piece.readableBytes
        }
        try await writer.write(ByteBuffer(string: "\"]"))
      }
    case .hang:
      return .stream(status, headers) { _ in
        try await Task.sleep(for: .seconds(20))
        throw Cut()
      }
    case .lost: return .stream(status, headers) { _ in throw Cut() }
    }
  }

  private struct Cut: Error {}
}
