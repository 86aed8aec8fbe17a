import ConnectorKit
import ConnectorTesting
import Crypto
import MCP
import MCPAuth
import NIOCore
import Synchronization
import Testing

@Suite("Changes at a vendor")
struct LiveTests {
  @Test("A feed begins at now, goes on where it was after a restart, and keeps its place whatever fails, unless it says itself that the place is forgotten")
  func feed() async throws {
    let state = InMemoryConnectorState()
    let asked = Mutex<[String?]>([])
    let told = Mutex<[ChangeFeed.Batch]>([])
    func follow(sleeps: Int, _ answer: @escaping @Sendable (String?) throws(VendorError) -> ChangeFeed.Batch) async {
      let time = VirtualTime(sleeps: sleeps)
      let feed = ChangeFeed("changes", every: 60) { cursor throws(VendorError) in
        asked.withLock { $0.append(cursor) }
        return try answer(cursor)
      }
      await feed.follow("kit", state: state, time: time.vendorTime, logger: LogLines().logger) { batch in told.withLock { $0.append(batch) } }
    }
    await follow(sleeps: 1) { cursor in ChangeFeed.Batch(updated: cursor == nil ? [] : ["kit://a"], cursor: cursor == nil ? "1" : "2") }
    #expect(asked.withLock { $0 } == [nil, "1"])
    #expect(told.withLock { $0.map(\.updated) } == [["kit://a"]])
    for code in [VendorError.Code.notFound, .invalid, .unavailable] {
      asked.withLock { $0 = [] }
      await follow(sleeps: 1) { _ throws(VendorError) in throw VendorError(code, "no") }
      #expect(asked.withLock { $0 } == ["2", "2"], "\(code)")
    }
    #expect(told.withLock { $0.count } == 1)
    // What happened in between cannot be told: anything may have changed.
    asked.withLock { $0 = [] }
    await follow(sleeps: 1) { cursor in cursor == "2" ? .anew("9") : ChangeFeed.Batch(cursor: "9") }
    #expect(asked.withLock { $0 } == ["2", "9"])
    #expect(told.withLock { $0.count == 2 && $0[1].listChanged && $0[1].updated.isEmpty })
  }

  @Test("A feed whose vendor fails waits longer each time")
  func failures() async throws {
    let time = VirtualTime(sleeps: 4)
    let feed = ChangeFeed("changes", every: 10) { _ throws(VendorError) in throw VendorError(.unavailable, "down") }
    await feed.follow("kit", state: InMemoryConnectorState(), time: time.vendorTime, logger: LogLines().logger) { _ in }
    #expect(time.waits == [20, 40, 80, 160])
  }

  @Test("What a feed finds is told once each: resources that changed, and that there are others", .timeLimit(.minutes(1)))
  func told() async throws {
    let server = Server(name: "kit", version: "1")
    server.add(Resource(uri: "kit://a", name: "a") { _ in .text("") })
    try await Client.with(.inProcess(server)) { client in
      let subscription = try await client.subscribe(to: ChangeFilter(resourcesList: true, resources: ["kit://a"]))
      var changes = subscription.makeAsyncIterator()
      server.tell(ChangeFeed.Batch(updated: ["kit://a", "kit://a"], listChanged: true, cursor: "1"))
      #expect(await changes.next() == .resourceUpdated(uri: "kit://a"))
      #expect(await changes.next() == .resourcesListChanged)
      // Of a batch without list changes the list is not spoken of.
      server.tell(ChangeFeed.Batch(updated: ["kit://a"], cursor: "2"))
      server.tell(ChangeFeed.Batch(listChanged: true, cursor: "3"))
      #expect(await changes.next() == .resourceUpdated(uri: "kit://a"))
      #expect(await changes.next() == .resourcesListChanged)
    }
  }

  @Test("A webhook's signature is that of the body under the shared secret")
  func signature() {
    let body = ByteBuffer(string: "{\"action\":\"opened\"}")
    let secret = Secret("it is a secret")
    let code = HMAC<SHA256>.authenticationCode(for: Array("v0:12:{\"action\":\"opened\"}".utf8), using: SymmetricKey(data: Array("it is a secret".utf8)))
    let hexadecimal = code.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
    #expect(WebhookSignature.isValid(hexadecimal, of: body, prefix: "v0:12:", secret: secret))
    #expect(WebhookSignature.isValid(hexadecimal.uppercased(), of: body, prefix: "v0:12:", secret: secret))
    #expect(!WebhookSignature.isValid(hexadecimal, of: body, secret: secret))
    #expect(!WebhookSignature.isValid(hexadecimal, of: body, prefix: "v0:12:", secret: Secret("another")))
    #expect(!WebhookSignature.isValid("", of: body, secret: secret))
    #expect(!WebhookSignature.isValid(String(hexadecimal.dropLast(2)), of: body, prefix: "v0:12:", secret: secret))
    #expect(!WebhookSignature.isValid("zz" + hexadecimal.dropFirst(2), of: body, prefix: "v0:12:", secret: secret))
  }
}
