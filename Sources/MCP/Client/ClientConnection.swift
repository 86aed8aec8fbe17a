public import JSON
public import NIOCore
internal import Synchronization

/// A client's view of one server: which revision it speaks, found out once, and requests in that revision.
///
/// Detection follows 2026-07-28 (stdio and streamable-http, "Backward Compatibility"): `server/discover` first; a
/// recognised modern answer settles it, anything else falls back to `initialize`. Over HTTP a server that is down or slow settles nothing.
public final class ClientConnection: Sendable {
  /// What is known of the server once connected.
  public struct Peer: Sendable {
    /// The revision that both speak from here on.
    public var version: ProtocolVersion
    /// `ServerCapabilities`, as the server gave them.
    public var capabilities: RawJSON
    /// `Implementation`: name and version, self-reported, for display only.
    public var serverInfo: RawJSON?
    /// How the server wants to be used, for the model.
    public var instructions: String?
    /// Counts the connections to the server.
    public fileprivate(set) var connectionNumber = 0
  }

  private struct State {
    var peer: Peer?
    var connections = 0
    /// The legacy revision of the last connection, so that the next one need not ask for the era again.
    var known: ProtocolVersion?
    /// The session that is being opened in place of a lost one.
    var reconnecting: Task<Result<Peer, ClientError>, Never>?
    var nextID = 1
  }

  let wire: any ClientWire
  private let identity: ByteBuffer
  private let capabilities: ByteBuffer
  private let legacyCapabilities: ByteBuffer
  /// What `_meta` of every modern request begins with, up to the capabilities.
  private let modernMeta: ByteBuffer
  private let versions: [ProtocolVersion]
  /// Guards the peer and the request counter; held for a few instructions only.
  private let state = Mutex(State())

  /// - Parameters:
  ///   - identity: our `Implementation` object.
  ///   - capabilities: our `ClientCapabilities` object.
  ///   - legacyCapabilities: that for servers of the legacy era, where it differs.
  ///   - versions: the revisions to speak. With one era only, the other is neither looked for nor fallen back to.
  public init(
    wire: any ClientWire, identity: JSONValue, capabilities: JSONValue = .object(JSONObject()), legacyCapabilities: JSONValue? = nil,
    versions: [ProtocolVersion] = ProtocolVersion.allCases
  ) {
    self.wire = wire
    self.identity = ByteBuffer(identity)
    self.capabilities = ByteBuffer(capabilities)
    self.legacyCapabilities = ByteBuffer(legacyCapabilities ?? capabilities)
    self.versions = versions
    var meta = ByteBuffer(string: "\"_meta\":{\"\(MetaKey.protocolVersion)\":\"\(ProtocolVersion.latest.rawValue)\",\"\(MetaKey.clientInfo)\":")
    meta.writeImmutableBuffer(self.identity)
    meta.writeString(",\"\(MetaKey.clientCapabilities)\":")
    modernMeta = meta
  }

  /// What is known of the server; nil before the first connection.
  public var peer: Peer? { state.withLock { $0.peer } }
  /// The revision that the server speaks; nil before the first connection.
  public var version: ProtocolVersion? { state.withLock { $0.peer?.version } }

  // MARK: Connecting

  /// Finds out what the server speaks, and opens the session that a legacy server needs. Call again after a lost connection.
  @discardableResult
  public func connect(timeout: TimeAmount = .seconds(30)) async throws(ClientError) -> Peer {
    let deadline = NIODeadline.now() + timeout
    var found = try await find(deadline: deadline, timeout: timeout)
    found = state.withLock { state in
      state.connections += 1
      found.connectionNumber = state.connections
      state.peer = found
      state.known = found.version.era == .legacy ? found.version : nil
      return found
    }
    return found
  }

  private func find(deadline: NIODeadline, timeout: TimeAmount) async throws(ClientError) -> Peer {
    if let known = state.withLock(\.known) {
      // "Re-probing if the cached assumption later fails" (2026-07-28, basic/versioning).
      do throws(ClientError) { return try await initialize(known, deadline: deadline) } catch {
        state.withLock { $0.known = nil }
        if case .wire(let wire) = error, wire.code == .unreachable || wire.code == .cancelled { throw error }
      }
    }
    guard versions.contains(where: { $0.era == .modern }) else { return try await initialize(newestLegacy(), deadline: deadline) }
    // A process that stays silent at the probe is legacy: leave most of the time for its handshake.
    let probeDeadline = speaksLegacy && !wire.carriesHeaders ? min(deadline, NIODeadline.now() + min(.seconds(10), .nanoseconds(timeout.nanoseconds / 2))) : deadline
    switch try await probe(deadline: probeDeadline) {
    case .modern(let peer): return peer
    case .legacy(let version): return try await initialize(version, deadline: deadline)
    }
  }

  private enum Probe {
    case modern(Peer)
    case legacy(ProtocolVersion)
  }

  private func probe(deadline: NIODeadline) async throws(ClientError) -> Probe {
    var isRetry = false
    while true {
      let answer: Envelope
      do throws(WireError) {
        answer = try await roundTrip(.discover, version: .latest, RequestBody(), deadline: deadline)
      } catch {
        switch error.code {
        // Who is not let in is not let in by the handshake either.
        case .unreachable, .cancelled, .status(401), .status(403), .status(407): throw ClientError(error)
        // These say that the request came too late or too early, and to send it again (RFC 9110, 15.5.9; RFC 8470, 5.2): nothing of the era.
        case .status(408), .status(425):
          guard wire.carriesHeaders, !isRetry else { throw ClientError(error) }
          isRetry = true
          continue
        // A legacy server refuses the probe over HTTP by a 4xx; one that is down or slow for the moment may be of either era.
        case _ where wire.carriesHeaders && error.isPassing: throw ClientError(error)
        default:
          guard speaksLegacy else { throw ClientError(error) }
          return .legacy(newestLegacy())
        }
      }
      if let result = answer.result, let offered = result["supportedVersions"] {
        guard offered.elements.contains(where: { $0.equals("2026-07-28") }) else { return .legacy(try mutual(offered)) }
        return .modern(
          Peer(
            version: .latest, capabilities: result["capabilities"] ?? RawJSON.null,
            serverInfo: result["_meta"]?[MetaKey.serverInfo], instructions: result["instructions"]?.string))
      }
      guard let error = answer.error.map({ RPCError($0) }), error.code.isModern else {
        guard speaksLegacy else { throw answer.error.map { ClientError(RPCError($0)) } ?? incompatible("no modern revision") }
        return .legacy(newestLegacy())
      }
      // The server is modern: it is asked again in a version that it has, once, and not greeted as a legacy one.
      guard error.code == .unsupportedProtocolVersion, let offered = answer.error?["data"]?["supported"] else { throw ClientError(error) }
      guard offered.elements.contains(where: { $0.equals("2026-07-28") }) else { return .legacy(try mutual(offered)) }
      guard !isRetry else { throw ClientError(error) }
      isRetry = true
    }
  }

  private var speaksLegacy: Bool { versions.contains { $0.era == .legacy } }

  private func newestLegacy() -> ProtocolVersion { versions.filter { $0.era == .legacy }.max() ?? .latestLegacy }

  /// The newest legacy revision that both sides speak.
  private func mutual(_ offered: RawJSON) throws(ClientError) -> ProtocolVersion {
    let names = offered.elements.compactMap(\.string)
    guard let version = names.compactMap({ ProtocolVersion(rawValue: $0) }).filter({ $0.era == .legacy && versions.contains($0) }).max() else {
      throw incompatible(names.prefix(8).map { String($0.prefix(32)) }.joined(separator: ", "))
    }
    return version
  }

  private func incompatible(_ theirs: String) -> ClientError {
    let ours = versions.map(\.rawValue).joined(separator: ", ")
    return ClientError(
      WireError(.invalidAnswer, "no common protocol version: the server speaks \(theirs), this client \(ours)", mayHaveHadEffect: false))
  }

  private func initialize(_ version: ProtocolVersion, deadline: NIODeadline) async throws(ClientError) -> Peer {
    var params = ByteBuffer()
    params.writeString("\"protocolVersion\":\"\(version.rawValue)\",\"capabilities\":")
    params.writeImmutableBuffer(legacyCapabilities)
    params.writeStaticString(",\"clientInfo\":")
    params.writeImmutableBuffer(identity)
    let answer: Envelope
    do throws(WireError) {
      answer = try await roundTrip(.initialize, version: version, RequestBody(members: params), deadline: deadline)
    } catch { throw ClientError(error) }
    if let error = answer.error { throw ClientError(RPCError(error)) }
    guard let result = answer.result, let text = result["protocolVersion"]?.string else {
      throw ClientError(WireError(.invalidAnswer, "the server answered initialize without a protocol version", mayHaveHadEffect: false))
    }
    guard let agreed = ProtocolVersion(rawValue: text), agreed.era == .legacy, versions.contains(agreed) else {
      throw incompatible(String(text.prefix(32)))
    }
    do throws(WireError) { try await wire.send(Message.notification(.initialized), version: agreed) } catch { throw ClientError(error) }
    return Peer(
      version: agreed, capabilities: result["capabilities"] ?? RawJSON.null, serverInfo: result["serverInfo"],
      instructions: result["instructions"]?.string)
  }

  // MARK: Requests

  /// What a request says besides its method.
  public struct RequestBody: Sendable {
    /// The members of `params` as text, without braces and without `_meta`: `"name":"add","arguments":{}`.
    public var members: ByteBuffer
    /// Members of `_meta` beyond those of the protocol, as text.
    public var meta: ByteBuffer
    /// What the `Mcp-Name` header says.
    public var name: String?
    /// The arguments that also go into headers (`x-mcp-header`).
    public var parameterHeaders: [HTTPHint.Header]
    /// Whether to ask for progress notifications. The token is the request's id, which is unique on the wire.
    public var wantsProgress: Bool
    /// `ClientCapabilities` to declare in place of the connection's own: those of the client on whose behalf this goes.
    public var capabilities: RawJSON?

    public init(
      members: ByteBuffer = ByteBuffer(), meta: ByteBuffer = ByteBuffer(), name: String? = nil,
      parameterHeaders: [HTTPHint.Header] = [], wantsProgress: Bool = false, capabilities: RawJSON? = nil
    ) {
      self.members = members
      self.meta = meta
      self.name = name
      self.parameterHeaders = parameterHeaders
      self.wantsProgress = wantsProgress
      self.capabilities = capabilities
    }
  }

  /// Sends a request in the server's revision. The answer is a response with a result or an error.
  ///
  /// A legacy session that the server has forgotten is opened anew, once, before the request is sent again.
  ///
  /// - Parameter onRequest: answers what a legacy server asks about this request; see ``WireRequest/onRequest``.
  public func request(
    _ method: Method, _ body: RequestBody, eventLoop: (any EventLoop)? = nil, deadline: NIODeadline, isStream: Bool = false,
    onNotification: (@Sendable (Envelope) async -> Void)? = nil, onRequest: RequestsFromServer.Answering? = nil
  ) async throws(ClientError) -> Envelope {
    // Two numbers of the peer, not a copy of all that is known of it.
    guard let (version, connection) = state.withLock({ $0.peer.map { ($0.version, $0.connectionNumber) } }) else {
      throw ClientError(WireError(.unreachable, "the server is not connected", mayHaveHadEffect: false))
    }
    do throws(WireError) {
      return try await roundTrip(
        method, version: version, body, eventLoop: eventLoop, deadline: deadline, isStream: isStream, onNotification: onNotification, onRequest: onRequest)
    } catch {
      guard error.code == .sessionEnded else { throw ClientError(error) }
    }
    let fresh = try await reconnect(from: connection, timeout: deadline - .now())
    do throws(WireError) {
      return try await roundTrip(
        method, version: fresh.version, body, eventLoop: eventLoop, deadline: deadline, isStream: isStream, onNotification: onNotification, onRequest: onRequest)
    } catch { throw ClientError(error) }
  }

  /// Opens a new session once for all requests that found the old one ended.
  @discardableResult
  func reconnect(from lost: Int, timeout: TimeAmount) async throws(ClientError) -> Peer {
    let attempt = state.withLock { state in
      if let running = state.reconnecting { return running }
      if let peer = state.peer, peer.connectionNumber != lost { return Task { .success(peer) } }
      let task = Task<Result<Peer, ClientError>, Never> {
        do throws(ClientError) { return .success(try await self.connect(timeout: timeout)) } catch { return .failure(error) }
      }
      state.reconnecting = task
      return task
    }
    let result = await attempt.value
    state.withLock { if $0.reconnecting == attempt { $0.reconnecting = nil } }
    return try result.get()
  }

  /// Sends a notification. Modern revisions have none from clients over HTTP; there it goes nowhere.
  public func notify(_ method: Method, params: ByteBuffer? = nil) async throws(ClientError) {
    guard let version = state.withLock({ $0.peer?.version }) else {
      throw ClientError(WireError(.unreachable, "the server is not connected", mayHaveHadEffect: false))
    }
    do throws(WireError) { try await wire.send(Message.notification(method, params: params), version: version) } catch { throw ClientError(error) }
  }

  /// Receives what the server sends of itself (list changes, resource updates) until cancelled or closed by the server.
  ///
  /// - Parameters:
  ///   - filter: the `notifications` object of `subscriptions/listen` for a modern server.
  ///   - opened: told when the server listens: what changes from then on is received.
  public func listen(
    filter: JSONValue, opened: @escaping @Sendable () -> Void = {}, _ receive: @escaping @Sendable (Envelope) async -> Void
  ) async throws(ClientError) {
    guard let peer else { throw ClientError(WireError(.unreachable, "the server is not connected", mayHaveHadEffect: false)) }
    if peer.version.era == .modern {
      var members = ByteBuffer()
      members.writeStaticString("\"notifications\":")
      members.write(filter)
      let answer = try await request(
        .subscriptionsListen, RequestBody(members: members), deadline: .distantFuture, isStream: true,
        onNotification: { notification in
          if notification.method == .subscriptionsAcknowledged { opened() }
          await receive(notification)
        })
      if let error = answer.error { throw ClientError(RPCError(error)) }
    } else {
      do throws(WireError) { try await wire.receiveUnsolicited(version: peer.version, opened: opened, receive) } catch { throw ClientError(error) }
    }
  }

  private func roundTrip(
    _ method: Method, version: ProtocolVersion, _ body: RequestBody, eventLoop: (any EventLoop)? = nil, deadline: NIODeadline,
    isStream: Bool = false, onNotification: (@Sendable (Envelope) async -> Void)? = nil, onRequest: RequestsFromServer.Answering? = nil
  ) async throws(WireError) -> Envelope {
    let id = state.withLock { state in
      defer { state.nextID &+= 1 }
      return state.nextID
    }
    let request = WireRequest(
      id: id, method: method, name: body.name, version: version, message: message(id: id, method, version, body),
      parameterHeaders: body.parameterHeaders, eventLoop: eventLoop, deadline: deadline, isStream: isStream, onNotification: onNotification,
      onRequest: onRequest)
    return try await wire.roundTrip(request)
  }

  private func message(id: Int, _ method: Method, _ version: ProtocolVersion, _ body: RequestBody) -> ByteBuffer {
    let isModern = version.era == .modern
    let capabilities = body.capabilities?.bytes ?? capabilities
    let name = method.rawValue
    let length = 128 + name.utf8.count + body.members.readableBytes + body.meta.readableBytes
    let whole = length + (isModern ? modernMeta.readableBytes + capabilities.readableBytes : 0)
    var buffer = ByteBuffer()
    buffer.append(atMost: whole) { text in
      text.put("{\"jsonrpc\":\"2.0\",\"id\":")
      text.put(UInt(bitPattern: id))
      text.put(",\"method\":\"")
      text.put(name)
      text.put("\",\"params\":{")
      text.put(body.members)
      if isModern || body.meta.readableBytes > 0 || body.wantsProgress {
        if body.members.readableBytes > 0 { text.put(",") }
        if isModern {
          text.put(modernMeta)
          text.put(capabilities)
          if body.meta.readableBytes > 0 || body.wantsProgress { text.put(",") }
        } else {
          text.put("\"_meta\":{")
        }
        if body.wantsProgress {
          text.put("\"progressToken\":")
          text.put(UInt(bitPattern: id))
          if body.meta.readableBytes > 0 { text.put(",") }
        }
        text.put(body.meta)
        text.put("}")
      }
      text.put("}}")
    }
    return buffer
  }
}

/// Why a request to a server failed: it said so, or nothing valid came back.
public enum ClientError: Error, Sendable, CustomStringConvertible {
  case server(RPCError)
  case wire(WireError)
  /// The server asked for input that could not be given; says what and why.
  case input(String)

  init(_ error: RPCError) { self = .server(error) }
  init(_ error: WireError) { self = .wire(error) }

  public var description: String {
    switch self {
    case .server(let error): error.description
    case .wire(let error): error.description
    case .input(let reason): reason
    }
  }
}
