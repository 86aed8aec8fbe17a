import Foundation
import Gateway
import JSON
import MCP
import MCPHTTP
import NIOCore
import Testing

@testable import SluiceKit

/// Limits as a client meets them.
@Suite("Limits at the front door", .timeLimit(.minutes(2)))
struct LimitTests {
  @Test("the request after the last of a minute is refused with 429, the limit's name and when to come back, in both eras")
  func perMinute() async throws {
    try await withUpstream(SDKUpstream.echo()) { port in
      var configuration = TestConfiguration()
      configuration.add("echo", port: port)
      configuration.limits = ["requests_per_minute": 5]
      try await withGateway(configuration) { gateway in
        let ada = try await gateway.client("ada")
        let session = try await ada.initialize()
        for _ in 0..<5 { #expect(try await ada.call("echo__say", ["text": "x"]).status == 200) }
        for refused in [try await ada.call("echo__say"), try await session.call("echo__say")] {
          #expect(refused.status == 429)
          #expect(refused.code == "limited")
          #expect(refused.error?["code"]?.int == 1429)
          #expect(refused.error?["data"]?["limit"] == "requests_per_minute")
          #expect(refused.message["id"]?.int == 1)
          let wait = try #require(refused.headers["Retry-After"].flatMap { Int($0) })
          #expect((1...120).contains(wait))
          #expect(refused.error?["data"]?["retryAfter"]?.int == wait)
          #expect(refused.error?["message"]?.string?.contains("5 requests a minute") == true)
        }
        #expect(try await gateway.client("bob").call("echo__say", ["text": "mine"]).content == "mine", "each user has a count of their own")
        let refusals = try gateway.leaves().of("refusal")
        #expect((1...2).contains(refusals.count), "of those in one second one stands for all")
        #expect(refusals.allSatisfy { $0["result"]?["limit"] == "requests_per_minute" && $0["who"]?["id"] == "ada" })
      }
    }
  }

  @Test("a role can have limits of its own")
  func perRole() async throws {
    try await withUpstream(SDKUpstream.echo()) { port in
      var configuration = TestConfiguration()
      configuration.add("echo", port: port)
      configuration.users["bob"] = ["roles": ["reader", "batch"]]
      configuration.limits = ["requests_per_minute": 2, "roles": ["batch": ["requests_per_minute": 4]]]
      try await withGateway(configuration) { gateway in
        for (user, count) in [("ada", 2), ("bob", 4)] {
          let client = try await gateway.client(user)
          for _ in 0..<count { #expect(try await client.call("echo__say").status == 200) }
          #expect(try await client.call("echo__say").status == 429)
        }
      }
    }
  }

  /// An upstream whose calls wait at a gate.
  private func withSlow<R: Sendable>(
    _ limits: JSONObject, _ body: @Sendable (GatewayUnderTest, _ arrived: Tally, _ gate: Gate) async throws -> R
  ) async throws -> R {
    let (arrived, gate) = (Tally(), Gate())
    let server = Server(name: "slow", version: "1")
    server.add(
      Tool(name: "wait", annotations: SDKUpstream.reading) { _ in
        arrived.add()
        await gate.pass()
        return ToolResult(text: "done")
      })
    return try await withUpstream(server) { port in
      var configuration = TestConfiguration()
      configuration.add("slow", port: port)
      configuration.limits = limits
      return try await withGateway(configuration) { try await body($0, arrived, gate) }
    }
  }

  @Test("a user has so many requests under way at once, and places come back")
  func inFlightPerUser() async throws {
    try await withSlow(["in_flight_per_user": 2]) { gateway, arrived, gate in
      let ada = try await gateway.client("ada")
      async let first = ada.call("slow__wait")
      async let second = ada.call("slow__wait")
      try await eventually("two calls are under way") { arrived.count == 2 }
      let refused = try await ada.call("slow__wait")
      #expect(refused.status == 429)
      #expect(refused.error?["data"]?["limit"] == "in_flight_per_user")
      #expect(refused.headers["Retry-After"] == "1")
      async let other = gateway.client("bob").call("slow__wait")
      try await eventually("another user gets in") { arrived.count == 3 }
      gate.open()
      #expect(try await first.content == "done")
      #expect(try await second.content == "done")
      #expect(try await other.content == "done")
      #expect(try await ada.call("slow__wait").content == "done")
    }
  }

  @Test("the gateway has so many requests under way at once")
  func inFlight() async throws {
    try await withSlow(["in_flight": 2]) { gateway, arrived, gate in
      let (ada, bob) = (try await gateway.client("ada"), try await gateway.client("bob"))
      async let first = ada.call("slow__wait")
      async let second = ada.call("slow__wait")
      try await eventually("two calls are under way") { arrived.count == 2 }
      let refused = try await bob.call("slow__wait")
      #expect(refused.status == 429)
      #expect(refused.error?["data"]?["limit"] == "in_flight")
      gate.open()
      _ = try await (first, second)
      #expect(try await bob.call("slow__wait").content == "done")
    }
  }

  @Test("a client that goes away gives its place back")
  func abandoned() async throws {
    try await withSlow(["in_flight_per_user": 1]) { gateway, arrived, gate in
      let ada = try await gateway.client("ada")
      let going = Task { try await ada.call("slow__wait") }
      try await eventually("the call is under way") { arrived.count == 1 }
      going.cancel()
      gate.open()
      try await eventually("the place is free") { try await ada.call("slow__wait").status == 200 }
    }
  }

  @Test("the day's count survives a restart on the same state directory")
  func perDay() async throws {
    try await withUpstream(SDKUpstream.echo()) { port in
      try await withDirectory { state in
        var configuration = TestConfiguration()
        configuration.add("echo", port: port)
        configuration.limits = ["requests_per_day": 6]
        let parsed = try configuration.parsed(state: state)
        try await withGateway(parsed) { gateway in
          let ada = try await gateway.client("ada")
          for _ in 0..<4 { #expect(try await ada.call("echo__say").status == 200) }
        }
        try await withGateway(parsed) { gateway in
          let ada = try await gateway.client("ada")
          for _ in 0..<2 { #expect(try await ada.call("echo__say").status == 200) }
          let refused = try await ada.call("echo__say")
          #expect(refused.status == 429)
          #expect(refused.error?["data"]?["limit"] == "requests_per_day")
          let wait = try #require(refused.headers["Retry-After"].flatMap { Int($0) })
          #expect((1...86_400).contains(wait))
        }
      }
    }
  }
}
