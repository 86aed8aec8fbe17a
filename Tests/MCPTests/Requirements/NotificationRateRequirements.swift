import JSON
import MCP
import NIOCore
import Synchronization
import Testing

/// Progress and log messages are limited in rate (2026-07-28, patterns/progress and server/utilities/logging; 2025-11-25 likewise).
@Suite("Requirements of floods")
struct NotificationRateRequirements {
  /// What a handler's notifications come to, with a clock that it moves itself.
  private func heard(
    _ era: Era, _ run: @escaping @Sendable (ToolCall, Clock) async -> Void
  ) async throws -> [JSONValue] {
    let clock = Clock()
    let server = Server(
      name: "s", version: "1", settings: .init(now: { clock.time.withLock { $0 } }, notificationRate: NotificationRate(perSecond: 10, burst: 5)))
    server.add(
      Tool(name: "t") { call in
        await run(call, clock)
        return ToolResult(text: "done")
      })
    let meta: JSONValue = [MetaKey.logLevel: "debug", MetaKey.progressToken: "p"]
    let request: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": ["name": "t", "_meta": meta]]
    let heard = Heard()
    let client = ClientDescription(version: era == .modern ? .latest : .latestLegacy)
    let context = RequestContext(client: client, transport: .inProcess, logLevel: .debug, notify: { heard.add($0) })
    _ = await server.handle(try Envelope(request.raw), context)
    return heard.messages.compactMap { $0["params"] }
  }

  private final class Clock: Sendable {
    let time = Mutex(1_000_000)
  }

  @Test("Of a flood of progress the first values are told, then some a second, and the last in any case", arguments: [Era.modern, .legacy])
  func progress(_ era: Era) async throws {
    let told = try await heard(era) { call, clock in
      for step in 1...50 { await call.progress(Double(step), total: 100) }
      clock.time.withLock { $0 += 200 }
      for step in 51...100 { await call.progress(Double(step), total: 100) }
    }
    #expect(told.compactMap { $0["progress"]?.double } == [1, 2, 3, 4, 5, 51, 52, 100])
  }

  @Test("Of a flood of log messages some are left out, and how many is told when there is room again", arguments: [Era.modern, .legacy])
  func log(_ era: Era) async throws {
    let told = try await heard(era) { call, clock in
      for number in 1...20 { await call.log(.info, .int(number), logger: "l") }
      clock.time.withLock { $0 += 100 }
      await call.log(.info, 21, logger: "l")
      await call.log(.info, 22, logger: "l")
    }
    #expect(told.map { $0["data"] } == [1, 2, 3, 4, 5, "15 log messages were left out: there were too many at once", 21])
    #expect(told.allSatisfy { $0["logger"] == "l" })
  }

  @Test("A flood of one kind leaves room for the other, and a clock that is set back stops nothing for good")
  func apart() async throws {
    let told = try await heard(.modern) { call, clock in
      for step in 1...50 { await call.progress(Double(step)) }
      await call.log(.info, "heard")
      clock.time.withLock { $0 -= 500_000 }
      await call.progress(51)
      clock.time.withLock { $0 += 1000 }
      await call.progress(52)
    }
    #expect(told.map { $0["data"] ?? $0["progress"] } == [1, 2, 3, 4, 5, "heard", 52])
  }
}
