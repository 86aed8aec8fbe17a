import JSON
import MCP
import MCPHTTP
import Testing

@testable import SluiceKit

/// Updates of single resources on their way from upstreams to those who follow them.
@Suite("Subscriptions to resources", .timeLimit(.minutes(2)))
struct ResourceSubscriptionTests {
  /// A server with two notes, which tells whoever subscribed when one changes, and counts who that is.
  private final class Notes: RequestHandler {
    let server = Server(name: "notes", version: "1")
    let (followed, left, observed) = (Seen<String>(), Seen<String>(), Tally())

    init() {
      for name in ["a", "b"] { server.add(Resource(uri: "note://\(name)", name: name) { _ in .text(name) }) }
    }

    func handle(_ request: Envelope, _ context: RequestContext) async -> Answer { await server.handle(request, context) }
    func receive(_ notification: Envelope, _ context: RequestContext) async {}
    func describe(_ context: RequestContext) async -> ServerDescription { await server.describe(context) }
    func observe(for caller: (any Caller)?, _ observer: @escaping @Sendable (ServerChange) -> Void) -> Observation {
      defer { observed.add() }
      return server.observe(for: caller, observer)
    }
    /// Whether it would tell of an update: a resource is followed before its stream is listened to. The lists have a stream, and
    /// a modern client has another one for resources.
    func isFollowed(_ era: Era) -> Bool { !followed.all.isEmpty && observed.count >= (era == .modern ? 2 : 1) }
    func follow(_ uri: String, for caller: (any Caller)?) -> Observation? {
      followed.add(uri)
      let once = Tally()
      return Observation { [left] in
        once.add()
        if once.count == 1 { left.add(uri) }
      }
    }
  }

  private static let policies = """
    permit (principal in Role::"reader", action, resource) unless { resource == Resource::"note://b" && principal == User::"bob" };
    """

  private func withNotes(_ upstream: Era, _ body: @Sendable (Notes, GatewayUnderTest) async throws -> Void) async throws {
    let notes = Notes()
    try await withUpstream(notes, versions: AskingUpstream.versions(upstream)) { port in
      var configuration = TestConfiguration()
      configuration.policies = Self.policies
      configuration.add("notes", port: port)
      try await withGateway(configuration) { try await body(notes, $0) }
    }
  }

  @Test("followers of either era hear of updates, by one subscription at the upstream, for as long as one is left", arguments: QuestionTests.Eras.all)
  func updates(eras: QuestionTests.Eras) async throws {
    try await withNotes(eras.upstream) { notes, gateway in
      let first = try await gateway.sdk("ada", eras.client, ClientHandlers())
      let second = try await gateway.sdk("ada", eras.client, ClientHandlers())
      let server = try await first.connect()
      #expect(server.capabilities["resources"]?["subscribe"]?.bool == true)
      let (one, two) = (try await first.subscribe(to: .resources("note://a")), try await second.subscribe(to: .resources("note://a")))
      try await eventually("the upstream is told") { notes.isFollowed(eras.upstream) }
      #expect(notes.followed.all == ["note://a"])

      notes.server.notifyResourceUpdated("note://b")
      notes.server.notifyResourceUpdated("note://a")
      for subscription in [one, two] {
        var changes = subscription.makeAsyncIterator()
        #expect(await changes.next() == .resourceUpdated(uri: "note://a"))
      }
      one.cancel()
      await first.close()
      notes.server.notifyResourceUpdated("note://a")
      var changes = two.makeAsyncIterator()
      #expect(await changes.next() == .resourceUpdated(uri: "note://a"))
      #expect(notes.left.all.isEmpty)
      two.cancel()
      await second.close()
      try await eventually("the upstream is told that nobody is left") { !notes.left.all.isEmpty }
    }
  }

  @Test("who may not read a resource cannot follow it, and is not told that it is there", arguments: [Era.modern, .legacy])
  func hidden(upstream: Era) async throws {
    try await withNotes(upstream) { notes, gateway in
      let bob = try await gateway.client("bob")
      let session = try await bob.initialize()
      let hidden = try await session.request("resources/subscribe", ["uri": "note://b"])
      let absent = try await session.request("resources/subscribe", ["uri": "note://c"])
      #expect(hidden.error?["code"] == absent.error?["code"])
      #expect(hidden.code == "not_found")

      var messages = try await bob.listen(["resourceSubscriptions": ["note://a", "note://b", "note://c"]]).makeAsyncIterator()
      let agreed = try await messages.next()
      #expect(agreed?["params"]?["notifications"]?["resourceSubscriptions"] == ["note://a"])
      try await eventually("the upstream is told") { notes.isFollowed(upstream) }
      notes.server.notifyResourceUpdated("note://b")
      notes.server.notifyResourceUpdated("note://a")
      #expect(try await messages.next()?["params"]?["uri"] == "note://a")
      #expect(notes.followed.all == ["note://a"])
    }
  }

  @Test("subscriptions are not offered where no upstream has them")
  func notOffered() async throws {
    try await withUpstream(SDKUpstream.echo()) { port in
      var configuration = TestConfiguration()
      configuration.add("echo", port: port)
      try await withGateway(configuration) { gateway in
        let session = try await gateway.client("ada").initialize()
        #expect(session.description["capabilities"]?["resources"]?["subscribe"] == nil)
        #expect(try await session.request("resources/subscribe", ["uri": "note://a"]).code == "not_found")
      }
    }
  }
}
