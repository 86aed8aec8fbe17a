public import NIOCore
internal import JSON

extension ServerDescription {
  /// The result of `initialize` (2025-11-25, basic/lifecycle).
  public func initializeResult(version: ProtocolVersion) -> ByteBuffer {
    var result = ResultText(.legacy)
    result.string(version.rawValue, for: "protocolVersion")
    result.value(capabilities, for: "capabilities")
    result.value(implementation, for: "serverInfo")
    if let instructions { result.string(instructions, for: "instructions") }
    return result.finish(server: nil)
  }
}

extension ProtocolVersion {
  /// The version that `initialize` agrees on: the requested one where a legacy revision has that name, else the latest legacy one.
  ///
  /// - Returns: nil when `supported` holds no legacy revision at all.
  public static func negotiate(_ requested: String, among supported: [ProtocolVersion]) -> ProtocolVersion? {
    let legacy = supported.filter { $0.era == .legacy }
    if let version = ProtocolVersion(rawValue: requested), legacy.contains(version) { return version }
    return legacy.max()
  }
}

extension ClientDescription {
  /// What an `initialize` request says of its client, without what is too long to remember.
  ///
  /// - Parameter capabilityBytes: of longer capabilities the names alone are kept.
  /// - Throws: ``RPCError`` `-32602` when a required field is missing or of the wrong type.
  public init(initializing request: Envelope, version: ProtocolVersion, capabilityBytes: Int = 65_536) throws(RPCError) {
    guard let capabilities = request["capabilities"], capabilities.kind == .object else {
      throw RPCError(.invalidParams, "initialize needs \"capabilities\", an object")
    }
    guard let info = request["clientInfo"], info.kind == .object else {
      throw RPCError(.invalidParams, "initialize needs \"clientInfo\", an object")
    }
    var kept = JSONObject()
    for field in ["name", "title", "version"] {
      if let text = info[field]?.string { kept[field] = .string(String(text.prefix(128))) }
    }
    self.init(
      version: version, info: JSONValue.object(kept).raw,
      capabilities: ClientDescription.bounded(capabilities, to: capabilityBytes).raw)
  }

  private static func bounded(_ capabilities: RawJSON, to bytes: Int) -> JSONValue {
    guard capabilities.range.count > bytes else { return JSONValue(capabilities) }
    var names = JSONObject()
    for name in ["roots", "sampling", "elicitation", "tasks"] where capabilities[name] != nil { names[name] = [:] }
    return .object(names)
  }
}
