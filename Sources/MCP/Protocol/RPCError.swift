public import JSON

/// A JSON-RPC error: what a peer is told when a request cannot be served.
public struct RPCError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Codes of JSON-RPC 2.0 and of the MCP specification (2026-07-28, basic, "Error Codes").
  public struct Code: RawRepresentable, Sendable, Hashable {
    /// The number on the wire.
    public let rawValue: Int
    /// The code with this number, known or not.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// What came is no JSON.
    public static let parseError = Code(rawValue: -32700)
    /// What came is no JSON-RPC request, or none that may come here.
    public static let invalidRequest = Code(rawValue: -32600)
    /// There is no such method here.
    public static let methodNotFound = Code(rawValue: -32601)
    /// The params are missing, of the wrong type, or name what is not there.
    public static let invalidParams = Code(rawValue: -32602)
    /// The request is fine and cannot be answered all the same.
    public static let internalError = Code(rawValue: -32603)
    /// Legacy revisions only; 2026-07-28 answers `invalidParams`.
    public static let resourceNotFound = Code(rawValue: -32002)
    /// Headers of an HTTP request are missing, or say something else than its body.
    public static let headerMismatch = Code(rawValue: -32020)
    /// The request needs a capability that the client did not declare.
    public static let missingClientCapability = Code(rawValue: -32021)
    /// The revision is not spoken here.
    public static let unsupportedProtocolVersion = Code(rawValue: -32022)
    /// Revision 2025-11-25 only; 2026-07-28 asks by `input_required` results.
    public static let urlElicitationRequired = Code(rawValue: -32042)

    /// Codes by which a server shows that it speaks a modern revision.
    public var isModern: Bool { (-32022 ... -32020).contains(rawValue) }
  }

  /// The code of JSON-RPC.
  public var code: Code
  /// Says what is wrong and what to do; safe to show to anyone.
  public var message: String
  /// What programs can read of the error.
  public var data: JSONValue?

  public init(_ code: Code, _ message: String, data: JSONValue? = nil) {
    self.code = code
    self.message = message
    self.data = data
  }

  /// Reads the `error` of a response.
  public init(_ raw: RawJSON) {
    code = Code(rawValue: raw["code"]?.int ?? Code.internalError.rawValue)
    message = raw["message"]?.string ?? ""
    data = raw["data"].map { JSONValue($0) }
  }

  public var description: String { "\(message) (\(code.rawValue))" }

  /// The status of an HTTP answer that carries this error to a modern client.
  public var httpStatus: Int {
    switch code {
    case .parseError, .invalidRequest, .invalidParams, .headerMismatch, .missingClientCapability, .unsupportedProtocolVersion: 400
    case .methodNotFound: 404
    default: 200
    }
  }

  /// `-32022`: the revision is not spoken here; names those that are.
  public static func unsupported(version: String, supported: [ProtocolVersion]) -> RPCError {
    RPCError(
      .unsupportedProtocolVersion, "Unsupported protocol version",
      data: ["supported": .array(supported.map { .string($0.rawValue) }), "requested": .string(version)])
  }

  /// `-32601`: there is no such method here.
  public static func methodNotFound(_ method: String) -> RPCError {
    RPCError(.methodNotFound, "Method not found: \(method)")
  }
}
