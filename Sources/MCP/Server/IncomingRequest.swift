public import JSON
internal import NIOCore

/// A request as the code that serves it sees it: a call of a tool, a read of a resource, a request for a prompt.
public protocol IncomingRequest: Sendable {
  /// The request as it came.
  var envelope: Envelope { get }
  /// Who asks, how, and by which client.
  var context: RequestContext { get }
  /// What this request asks of its client; see ``IncomingRequest/elicit(_:_:key:)``.
  var interaction: Interaction { get }
}

extension IncomingRequest {
  /// `params._meta`.
  public var meta: RawJSON? { envelope.meta }

  /// Where the request belongs in a distributed trace; nil where `_meta` does not say, or not in the form of W3C Trace Context.
  public var trace: TraceContext? {
    guard let parent = meta?[MetaKey.traceParent]?.string else { return nil }
    return TraceContext(traceparent: parent, tracestate: meta?[MetaKey.traceState]?.string, baggage: meta?[MetaKey.baggage]?.string)
  }

  // MARK: Notifications

  /// Tells the client how far the work is, if it asked to know.
  ///
  /// - Parameters:
  ///   - progress: grows from call to call; what does not is not told, and of more than a client can use in a second some is left out.
  ///   - total: what `progress` will be in the end, if known.
  public func progress(_ progress: Double, total: Double? = nil, message: String? = nil) async {
    let isLast = total.map { progress >= $0 } ?? false
    guard let token = meta?[MetaKey.progressToken], token.kind == .string || token.kind == .number,
      interaction.advances(to: progress, isLast: isLast), let progress = JSONNumber(progress)
    else { return }
    var params = ByteBuffer()
    params.writeStaticString("{\"progressToken\":")
    params.write(token)
    params.writeStaticString(",\"progress\":")
    params.write(.number(progress))
    if let total = total.flatMap({ JSONNumber($0) }) {
      params.writeStaticString(",\"total\":")
      params.write(.number(total))
    }
    if let message {
      params.writeStaticString(",\"message\":")
      params.write(.string(message))
    }
    params.writeStaticString("}")
    await context.notify(Message.notification(.progress, params: params))
  }

  /// Sends a log message to the client, if it asked for messages of this level. Must hold no secrets and no personal data. Of floods
  /// some are left out, and counted.
  public func log(_ level: LogLevel, _ data: JSONValue, logger: String? = nil) async {
    // Modern clients get what they asked for, legacy clients also what the server thinks useful (2025-11-25, logging).
    guard let least = context.era == .modern ? requestedLevel : context.logLevel ?? .info, level >= least else { return }
    guard let leftOut = interaction.admitsLogMessage() else { return }
    if leftOut > 0 { await send(.warning, .string("\(leftOut) log messages were left out: there were too many at once"), logger) }
    await send(level, data, logger)
  }

  private func send(_ level: LogLevel, _ data: JSONValue, _ logger: String?) async {
    var params: JSONValue = ["level": .string(level.rawValue), "data": data]
    if let logger { params["logger"] = .string(logger) }
    await context.notify(Message.notification(.message, params: ByteBuffer(params)))
  }

  private var requestedLevel: LogLevel? { meta?[MetaKey.logLevel]?.string.flatMap { LogLevel(rawValue: $0) } }

  // MARK: The client

  /// Refuses the request unless the client declared the capability.
  ///
  /// - Throws: ``RPCError`` `-32021` with `data.requiredCapabilities`.
  public func requireClient(_ capability: String) throws(RPCError) {
    guard context.client.capabilities[capability] == nil else { return }
    throw RPCError.missingCapability([capability: [:]])
  }

  // MARK: Governance

  /// The rule that every record of `type` must fulfil to be served, as the gateway derived it from policy (``MetaKey/rows``).
  ///
  /// - Returns: nil when no gateway governs this request. A map that does not name the type, or holds a rule that cannot be
  ///   read, gives a filter that lets nothing through.
  public func rowFilter(_ type: String) -> RowFilter? {
    guard let rows = meta?[MetaKey.rows] else { return nil }
    guard let filter = rows[type] else { return .constant(false) }
    return RowFilter(JSONValue(filter)) ?? .constant(false)
  }

  /// The data categories that the caller may see (``MetaKey/clearance``).
  ///
  /// - Returns: nil when no gateway governs this request; empty when what the gateway sent cannot be read.
  public var clearance: Set<String>? {
    guard let clearance = meta?[MetaKey.clearance] else { return nil }
    return Set(clearance.elements.compactMap(\.string))
  }
}
