public import JSON

/// The reserved keys of `_meta` (2026-07-28, basic, "_meta").
public enum MetaKey {
  public static let protocolVersion = "io.modelcontextprotocol/protocolVersion"
  public static let clientInfo = "io.modelcontextprotocol/clientInfo"
  public static let clientCapabilities = "io.modelcontextprotocol/clientCapabilities"
  public static let logLevel = "io.modelcontextprotocol/logLevel"
  public static let serverInfo = "io.modelcontextprotocol/serverInfo"
  public static let subscriptionID = "io.modelcontextprotocol/subscriptionId"
  public static let progressToken = "progressToken"
  /// W3C Trace Context (2026-07-28, basic, "_meta").
  public static let traceParent = "traceparent"
  public static let traceState = "tracestate"
  public static let baggage = "baggage"

  /// What the gateway tells a connector that enforces row-level rules at the source: record type -> ``RowFilter``.
  public static let rows = "dev.sluice/rows"
  /// What the gateway tells a connector about the data categories that the caller may see: an array of names.
  public static let clearance = "dev.sluice/clearance"
  /// What the gateway tells a connector in its own process: the id of the person or agent whose request this is.
  public static let caller = "dev.sluice/caller"
  /// How a tool declares the records in its result: see ``RecordDeclaration``.
  public static let records = "dev.sluice/records"
  /// How a tool declares data categories of fields in its result: path pattern -> category.
  public static let categories = "dev.sluice/categories"
}

/// What a modern request says of itself in `_meta`, and what a legacy session said once in `initialize`.
public struct ClientDescription: Sendable {
  /// The revision that the client speaks.
  public var version: ProtocolVersion
  /// `Implementation`: name and version, self-reported, for display only.
  public var info: RawJSON?
  /// `ClientCapabilities`, as the client declared them.
  public var capabilities: RawJSON

  public init(version: ProtocolVersion, info: RawJSON? = nil, capabilities: RawJSON? = nil) {
    self.version = version
    self.info = info
    self.capabilities = capabilities ?? ClientDescription.none
  }

  private static let none: RawJSON = JSONValue.object(JSONObject()).raw

  /// Reads the per-request fields of a modern request.
  ///
  /// - Throws: ``RPCError`` `-32602` when a required field is missing or of the wrong type, `-32022` when the version is not spoken.
  public init(modern request: Envelope, supported: [ProtocolVersion] = ProtocolVersion.newestFirst) throws(RPCError) {
    guard let meta = request.meta else {
      throw RPCError(
        .invalidParams, "Missing params._meta: a \(ProtocolVersion.latest.rawValue) request carries \(MetaKey.protocolVersion) and \(MetaKey.clientCapabilities) there")
    }
    var (version, info, capabilities): (RawJSON?, RawJSON?, RawJSON?)
    for (name, value) in meta.members {
      if name.equals("io.modelcontextprotocol/protocolVersion") {
        version = value
      } else if name.equals("io.modelcontextprotocol/clientInfo") {
        info = value
      } else if name.equals("io.modelcontextprotocol/clientCapabilities") {
        capabilities = value
      }
    }
    guard let version, version.kind == .string else {
      throw RPCError(.invalidParams, "Missing or invalid \(MetaKey.protocolVersion) in params._meta: it is a string")
    }
    guard version.equals("2026-07-28") else {
      throw .unsupported(version: version.string ?? "", supported: supported)
    }
    guard let capabilities, capabilities.kind == .object else {
      throw RPCError(.invalidParams, "Missing or invalid \(MetaKey.clientCapabilities) in params._meta: it is an object")
    }
    if let info, info.kind != .object { throw RPCError(.invalidParams, "Invalid \(MetaKey.clientInfo) in params._meta: it is an object") }
    self.init(version: .v2026_07_28, info: info, capabilities: capabilities)
  }
}
