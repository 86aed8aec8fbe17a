import ConnectorKit
import ConnectorTesting
import Foundation
import JSON
import MCP
import MCPHTTP
import NIOCore
import NIOSSL
import Synchronization
import Testing

@testable import SlackConnector

/// Where connections go, one after the other; the last one again and again. What a slow machine did not get open is given again.
private final class Addresses: Sendable {
  private struct State {
    var addresses: [String] = []
    var server: SocketServer?
  }
  /// Guards them, and the server that tells what was opened.
  private let state = Mutex(State())

  func set(_ addresses: [String], _ server: SocketServer?) { state.withLock { $0 = State(addresses: addresses, server: server) } }

  func next() -> String {
    let (addresses, server) = state.withLock { ($0.addresses, $0.server) }
    return addresses.isEmpty ? "" : addresses[min(server?.told("opened").count ?? 0, addresses.count - 1)]
  }
}

/// The connector's own Socket Mode against a real WebSocket server.
@Suite("Socket Mode of Slack", .serialized, .enabled(if: PythonClients.isPresent, "\(SocketServer.absence)"), .timeLimit(.minutes(10)))
struct SlackSocketTests {
  private static let appToken = "xapp-1-the-app-level-token"
  private static func history(_ channel: String) -> String { "slack://T0TEAM123/channels/\(channel)/history" }

  /// Runs the connector while `body` looks. Each connection that it opens plays the next of the scripts, the last one again and again.
  private func follow(
    _ scripts: [[SocketServer.Step]], channels: [String] = ["C0GENERAL", "C0OTHER12"],
    _ body: (SlackTest, SocketServer, inout Subscription.Iterator) async throws -> Void
  ) async throws {
    let secrets = try TestSecrets()
    secrets.guardText("secret-ticket-0123")
    let addresses = Addresses()
    let test = try await SlackTest(["app_token": .string(try secrets.reference("app", Self.appToken))], secrets: secrets) { vendor in
      vendor.always("POST", "/api/apps.connections.open") { _ in .json(["ok": true, "url": .string(addresses.next())]) }
    }
    let server = try await SocketServer(test.vendor)
    addresses.set(scripts.map { server.address($0) }, server)
    // The double has the addresses, and the server the double.
    defer { addresses.set([], nil) }
    let subscription = try await test.slack.client.subscribe(to: ChangeFilter(resources: channels.map(Self.history)))
    var changes = subscription.makeAsyncIterator()
    let running = Task { await test.slack.connector.run() }
    let outcome: Result<Void, any Error>
    do { outcome = .success(try await body(test, server, &changes)) } catch { outcome = .failure(error) }
    running.cancel()
    await running.value
    try outcome.get()
    test.slack.expectNoSecret(in: test.slack.log.all)
  }

  @Test("An event is acknowledged, and becomes an update of the resource that it is about")
  func events() async throws {
    try await follow([[SocketServer.hello, SocketServer.event("Ev1", in: "C0GENERAL"), ["receive": 1]]]) { test, server, changes in
      #expect(await changes.next() == .resourceUpdated(uri: Self.history("C0GENERAL")))
      _ = try await server.wait(for: "received", 1)
      #expect(server.acknowledged(1) == ["envelope of Ev1"])
      let request = try #require(test.requests("apps.connections.open").first)
      #expect(request.method == "POST" && request.header("Authorization") == "Bearer " + Self.appToken)
      #expect(server.told("opened").first?["agent"] == "Sluice")
    }
  }

  @Test(
    "A connection that Slack refreshes is replaced before it is left, and nothing between the two is lost or told twice", arguments: ["refresh_requested", "warning"])
  func refresh(_ reason: String) async throws {
    // The old connection goes on to deliver until it is left; what it may not have got through comes again at the new one.
    let old: [SocketServer.Step] = [
      SocketServer.hello, SocketServer.disconnect(reason), SocketServer.event("Ev1", in: "C0GENERAL"), ["ping": "is it there?"], ["receive": 1],
    ]
    let new: [SocketServer.Step] = [
      // Greets when the event is sure to have come over the old one.
      ["after": "pong"], SocketServer.hello, SocketServer.event("Ev1", envelope: "again", in: "C0GENERAL"), SocketServer.event("Ev2", in: "C0OTHER12"), ["receive": 2],
    ]
    try await follow([old, new]) { _, server, changes in
      #expect(await changes.next() == .resourceUpdated(uri: Self.history("C0GENERAL")))
      #expect(await changes.next() == .resourceUpdated(uri: Self.history("C0OTHER12")))
      _ = try await server.wait(for: "received", 3)
      let closed = try await server.wait(for: "closed", 1)
      #expect(closed.first?["connection"] == 1 && closed.first?["code"] == 1000)
      #expect(server.acknowledged(2) == ["again", "envelope of Ev2"])
      // The second was open before the first was closed.
      #expect(server.told("opened").count == 2)
    }
  }

  @Test("A connection that is lost, closed, or never greets is opened again", arguments: ["abort", "close", "mute"])
  func lost(_ how: String) async throws {
    let first: [SocketServer.Step] =
      switch how {
      case "abort": [SocketServer.hello, ["abort": true]]
      case "close": [SocketServer.hello, ["close": 1001]]
      default: [["send": ["type": "something"]]]
      }
    try await follow([first, [SocketServer.hello, SocketServer.event("Ev1", in: "C0GENERAL"), ["receive": 1]]]) { test, server, changes in
      #expect(await changes.next() == .resourceUpdated(uri: Self.history("C0GENERAL")))
      _ = try await server.wait(for: "received", 1)
      #expect(test.slack.log.all.contains { $0.contains("changes cannot be followed") } && !test.slack.time.waits.isEmpty)
    }
  }

  @Test("An event that came over HTTP is not told again over the socket")
  func bothWays() async throws {
    try await follow([
      [
        SocketServer.hello, SocketServer.event("Ev1", in: "C0GENERAL"), SocketServer.event("Ev1", envelope: "retry", in: "C0GENERAL"),
        SocketServer.event("Ev2", in: "C0OTHER12"), ["receive": 3],
      ]
    ]) { _, server, changes in
      #expect(await changes.next() == .resourceUpdated(uri: Self.history("C0GENERAL")))
      #expect(await changes.next() == .resourceUpdated(uri: Self.history("C0OTHER12")))
      _ = try await server.wait(for: "received", 3)
      #expect(server.acknowledged(1) == ["envelope of Ev1", "retry", "envelope of Ev2"])
    }
  }

  @Test("What is no event is acknowledged all the same; what is no JSON is passed over; fragments are put together; pings are answered")
  func others() async throws {
    let event = SocketServer.event("Ev1", in: "C0GENERAL")["send"]?.text ?? ""
    try await follow([
      [
        SocketServer.hello, ["raw": "no JSON"], ["send": ["type": "slash_commands", "envelope_id": "slash", "payload": [:]]], ["ping": "are you there"],
        ["fragments": [.string(String(event.prefix(20))), .string(String(event.dropFirst(20)))]], ["receive": 2],
      ]
    ]) { _, server, changes in
      #expect(await changes.next() == .resourceUpdated(uri: Self.history("C0GENERAL")))
      _ = try await server.wait(for: "received", 2)
      #expect(server.acknowledged(1) == ["slash", "envelope of Ev1"] && server.told("pong").count == 1)
    }
  }

  @Test("Socket Mode that was switched off is said in the log, and tried again later")
  func switchedOff() async throws {
    try await follow([
      [SocketServer.hello, SocketServer.disconnect("link_disabled")], [SocketServer.hello, SocketServer.event("Ev1", in: "C0GENERAL"), ["receive": 1]],
    ]) { test, _, changes in
      #expect(await changes.next() == .resourceUpdated(uri: Self.history("C0GENERAL")))
      #expect(test.slack.log.all.contains { $0.contains("switched off") })
    }
  }

  static let addresses: [(String, String, Bool)] = [
    ("wss://wss-primary.slack.com/link/?ticket=1&app_id=2", "https://slack.com/api", true), ("wss://slack.com/link", "https://slack.com/api", true),
    ("wss://wss.slack-gov.com/link", "https://slack-gov.com/api", true), ("ws://127.0.0.1:80/link", "http://127.0.0.1:81/api", true),
    ("wss://slack.com.evil.example/link", "https://slack.com/api", false), ("wss://evilslack.com/", "https://slack.com/api", false),
    ("ws://wss-primary.slack.com/", "https://slack.com/api", false), ("https://slack.com/", "https://slack.com/api", false), ("", "https://slack.com/api", false),
    ("wss://user@slack.com/", "https://slack.com/api", false), ("wss://127.0.0.1/", "https://slack.com/api", false),
    ("wss://wss.slack.com/", "https://slack-gov.com/api", false),
  ]

  @Test("Nothing is connected to but what is in the domain of Slack's API, with TLS", arguments: addresses)
  func address(_ text: String, _ base: String, _ isTaken: Bool) throws {
    let base = try #require(HTTPURL(base))
    guard isTaken else {
      let error = #expect(throws: VendorError.self) { try SocketMode.address(text, base: base) }
      #expect(error?.description.contains("evil") == false)
      return
    }
    #expect(try SocketMode.address(text, base: base).isSecure == text.hasPrefix("wss"))
  }

  private static func connector(_ vendor: VendorDouble) async throws -> ConnectorUnderTest<SlackConnector> {
    let secrets = try TestSecrets()
    return try ConnectorUnderTest(
      SlackConnector.self,
      [
        "base_url": .string(vendor.url + "/api"), "token": .string(try secrets.reference("token", SlackTest.token)),
        "app_token": .string(try secrets.reference("app", appToken)),
      ], secrets: secrets)
  }

  @Test("The check says whether events can be followed, without taking them from who follows", arguments: [nil, "not_allowed_token_type", "invalid_auth"] as [String?])
  func check(_ code: String?) async throws {
    let vendor = try await VendorDouble()
    vendor.always(
      "POST", "/api/apps.connections.open",
      code.map { .json(["ok": false, "error": .string($0)]) } ?? .json(["ok": true, "url": .string(vendor.url.replacing("http", with: "ws") + "/link")]))
    let slack = try await Self.connector(vendor)
    let finding = try #require(await slack.connector.check().last)
    // Its secrets are there as long as it is.
    slack.expectNoSecret(in: [finding.message])
    #expect(finding.level == (code == nil ? .ok : .failure), "\(finding)")
    #expect(!vendor.requests.contains { $0.path == "/link" })
    if code == "not_allowed_token_type" { #expect(finding.message.contains("connections:write")) }
  }

  // MARK: The connection

  private func open(_ server: SocketServer, _ script: [SocketServer.Step], _ settings: WebSocketConnection.Settings = .init(), secure: Bool = false) async throws
    -> WebSocketConnection
  {
    let target = server.address(script).split(separator: "/", maxSplits: 3).last.map { "/" + $0 } ?? ""
    return try await WebSocketConnection.open(
      WebSocketAddress(host: secure ? "localhost" : "127.0.0.1", port: server.port, isSecure: secure, target: target), settings)
  }

  @Test("A peer that has gone silent is pinged, and then left")
  func silence() async throws {
    let server = try await SocketServer(try await VendorDouble())
    var settings = WebSocketConnection.Settings()
    settings.pingInterval = .milliseconds(200)
    var connection = try await open(server, [["raw": "one"]], settings)
    // On a busy machine the server may be as silent as one that is gone before it has said anything: then it is asked again.
    var first = await connection.next()
    for _ in 1..<20 where first == nil {
      connection.close()
      connection = try await open(server, [["raw": "one"]], settings)
      first = await connection.next()
    }
    #expect(first.map { String(buffer: $0) } == "one")
    server.freeze()
    #expect(await connection.next() == nil)
    connection.close()
  }

  @Test("A message beyond the bound ends the connection")
  func oversized() async throws {
    let server = try await SocketServer(try await VendorDouble())
    var settings = WebSocketConnection.Settings()
    settings.maximumMessageBytes = 1000
    let half = JSONValue.string(String(repeating: "a", count: 600))
    for script in [[["raw": .string(String(repeating: "a", count: 1001))]], [["fragments": .array([half, half])]]] as [[SocketServer.Step]] {
      let connection = try await open(server, script, settings)
      #expect(await connection.next() == nil)
      connection.close()
    }
  }

  @Test("A server that takes no upgrade, or is not there, is an error that does not tell the ticket")
  func refused() async throws {
    let vendor = try await VendorDouble()
    vendor.always("GET", "/link", .text("no", status: 403))
    var settings = WebSocketConnection.Settings()
    settings.openTimeout = .seconds(5)
    for port in [vendor.port, 1] {
      do {
        _ = try await WebSocketConnection.open(WebSocketAddress(host: "127.0.0.1", port: port, isSecure: false, target: "/link?ticket=secret-ticket"), settings)
        Issue.record("port \(port) was taken")
      } catch { #expect(!"\(error)".contains("secret-ticket")) }
    }
  }

  private static let openssl = ["/usr/bin/openssl", "/opt/homebrew/bin/openssl"].first { FileManager.default.isExecutableFile(atPath: $0) }

  @Test("Over TLS the certificate must be one that is trusted, and name the host", .enabled(if: Self.openssl != nil, "there is no openssl to make a certificate with"))
  func tls() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sluice-socket-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (certificate, key) = (folder.appending(path: "certificate.pem").path, folder.appending(path: "key.pem").path)
    let process = Process()
    process.executableURL = URL(filePath: try #require(Self.openssl))
    process.arguments = [
      "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
      "subjectAltName=DNS:localhost",
    ]
    process.standardError = FileHandle.nullDevice
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { _ in continuation.resume() }
      do { try process.run() } catch { continuation.resume(throwing: error) }
    }
    let server = try await SocketServer(try await VendorDouble(), tls: (certificate, key))
    var settings = WebSocketConnection.Settings()
    settings.openTimeout = .seconds(30)
    await #expect(throws: WebSocketError.self) { try await open(server, [SocketServer.hello], settings, secure: true) }
    settings.tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(certificate))
    let connection = try await open(server, [["raw": "hello"], ["receive": 1]], settings, secure: true)
    #expect(await connection.next().map { String(buffer: $0) } == "hello")
    await connection.send(["x": 1])
    #expect(try await server.wait(for: "received", 1).first?["text"] == "{\"x\":1}")
    connection.close()
  }
}
