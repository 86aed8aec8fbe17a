internal import ConnectorKit
internal import JSON
internal import Logging
internal import MCP
internal import MCPHTTP

/// Socket Mode: events over a WebSocket that we open, for who has no address that Slack can reach
/// (<https://docs.slack.dev/apis/events-api/using-socket-mode>).
///
/// Slack replaces connections every few hours. It says so beforehand: the next one is opened first, and the old one is read to its end, so
/// that nothing falls between them. What comes twice is told once (``SlackEvents``).
actor SocketMode {
  private let api: SlackAPI
  private let events: SlackEvents
  /// The domain in which Slack's sockets are: that of its API.
  private let base: HTTPURL
  private let settings: WebSocketConnection.Settings
  private let logger: Logger
  /// Read one after the other. The last one is in use, those before it have been replaced.
  private var connections: [WebSocketConnection] = []

  /// - Parameter api: with the app-level token.
  init(_ api: SlackAPI, base: HTTPURL, events: SlackEvents, settings: WebSocketConnection.Settings = WebSocketConnection.Settings(), logger: Logger) {
    self.api = api
    self.base = base
    self.events = events
    self.settings = settings
    self.logger = logger
  }

  /// Changes, as they come. It waits at Slack and not between two questions; a connection that is lost is opened again, later each time.
  nonisolated var feed: ChangeFeed { ChangeFeed("socket", every: 0) { _ async throws(VendorError) in try await self.next() } }

  /// Waits for the next event that changes something.
  private func next() async throws(VendorError) -> ChangeFeed.Batch {
    while true {
      if connections.isEmpty { connections = [try await open()] }
      let connection = connections[0]
      guard let message = await connection.next() else {
        connections.removeFirst().close()
        // One that was replaced ends so; the last one must not.
        guard connections.isEmpty else { continue }
        throw Task.isCancelled
          ? VendorError(.cancelled, "Socket Mode was ended.") : VendorError(.unavailable, "The connection to Slack's Socket Mode was lost.")
      }
      guard let json = try? RawJSON(scanning: message) else { continue }
      if json["type"]?.string == "disconnect" {
        try await replace(connection, json["reason"]?.string ?? "")
      } else if let envelope = json["envelope_id"]?.string {
        let batch = json["type"]?.string == "events_api" ? json["payload"].flatMap { events.batch($0) } : nil
        // Acknowledged whatever it is: what is left lying, Slack sends again. Where this fails the connection has ended, which is met above.
        await connection.send(["envelope_id": .string(envelope)] as JSONValue)
        if let batch { return batch }
      }
    }
  }

  /// Opens the next connection while the old one is still there, and lets what it has received be read.
  private func replace(_ connection: WebSocketConnection, _ reason: String) async throws(VendorError) {
    logger.debug("Slack ends a connection of Socket Mode", metadata: ["reason": "\(reason.prefix(40))"])
    guard reason != "link_disabled" else {
      close()
      throw VendorError(.forbidden, "Socket Mode is switched off for the Slack app. Switch it on under Socket Mode in the app's settings.", vendorCode: "link_disabled")
    }
    // Only the newest is replaced: that an old one will end is known.
    guard connection === connections.last else { return }
    connections.append(try await open())
    connection.finishReading()
  }

  /// Closes what is open.
  func close() {
    for connection in connections { connection.close() }
    connections = []
  }

  // MARK: Opening

  /// Opens a connection and waits for Slack's greeting.
  private func open() async throws(VendorError) -> WebSocketConnection {
    let address = try await address()
    let connection: WebSocketConnection
    do throws(WebSocketError) { connection = try await WebSocketConnection.open(address, settings) } catch {
      throw VendorError(.unavailable, "Slack's Socket Mode cannot be reached: \(error.reason)")
    }
    guard let greeting = await connection.next(), let json = try? RawJSON(scanning: greeting), json["type"]?.string == "hello" else {
      connection.close()
      throw VendorError(.invalidAnswer, "Slack's Socket Mode did not say hello.")
    }
    logger.debug("a connection of Socket Mode is open", metadata: ["connections": "\(json["num_connections"]?.int ?? 1)"])
    return connection
  }

  /// Asks Slack for an address, which holds a ticket: it is as secret as a token.
  func address() async throws(VendorError) -> WebSocketAddress { try Self.address(try await ticket(), base: base) }

  /// - Throws: where Slack would have us talk to somebody else, or without TLS.
  static func address(_ text: String, base: HTTPURL) throws(VendorError) -> WebSocketAddress {
    let isSecure = text.hasPrefix("wss://")
    guard isSecure || text.hasPrefix("ws://"), let url = HTTPURL((isSecure ? "https" : "http") + text.drop { $0 != ":" }) else {
      throw VendorError(.invalidAnswer, "Slack gave no usable address for Socket Mode.")
    }
    let (host, domain) = (url.origin.host.lowercased(), base.origin.host.lowercased())
    guard isSecure ? host == domain || host.hasSuffix("." + domain) || url.isLoopback && base.isLoopback : url.isLoopback && base.isLoopback else {
      throw VendorError(.refused, "Slack gave an address for Socket Mode that is not in \(domain).")
    }
    return WebSocketAddress(host: url.origin.host, port: url.origin.port, isSecure: isSecure, target: url.path)
  }

  private func ticket() async throws(VendorError) -> String {
    do throws(VendorError) { return try await api.post("apps.connections.open", as: .service, isRead: true)["url"]?.string ?? "" } catch {
      guard ["not_allowed_token_type", "missing_scope", "forbidden_team", "access_denied"].contains(error.vendorCode) else { throw error }
      throw VendorError(
        .forbidden, "Socket Mode needs the app-level token of the app (xapp-) with the scope connections:write, and must be switched on for the app.",
        vendorCode: error.vendorCode)
    }
  }
}
