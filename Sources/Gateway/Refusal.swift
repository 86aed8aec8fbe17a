public import JSON
internal import MCP

/// Why the gateway does not answer a request with what was asked for. The one error of all its stages.
public struct Refusal: Error, Sendable {
  /// Stable: documented in docs/errors.md, written to the audit log, sent as `data.code`.
  public enum Code: String, Sendable, CaseIterable {
    case unauthenticated
    case methodNotFound = "method_not_found"
    case invalidParams = "invalid_params"
    case notFound = "not_found"
    case forbidden
    case purposeRequired = "purpose_required"
    case headerMismatch = "header_mismatch"
    case limited
    case uncleared
    case resultTooLarge = "result_too_large"
    case invalidState = "invalid_state"
    case upstreamUnavailable = "upstream_unavailable"
    case upstreamTimeout = "upstream_timeout"
    case upstreamInvalidAnswer = "upstream_invalid_answer"
    case inputNotSupported = "input_not_supported"
    case inputNotGiven = "input_not_given"
    case callLost = "call_lost"
    case auditUnavailable = "audit_unavailable"
    case cancelled
    case internalError = "internal_error"
  }

  public enum Source: String, Sendable { case client, policy, upstream, gateway }

  public var code: Code
  public var source: Source
  /// Says what is wrong and what to do next; safe to show to the caller.
  public var message: String
  /// For operators and their log only.
  public var detail: String?
  /// Which limit, for ``Code/limited``.
  public var limit: String?
  /// Seconds until it makes sense to try again.
  public var retryAfter: Int?
  /// What the answer's error carries besides the code.
  public var data: JSONValue?
  /// Whether the audit log has it already, as the outcome of an intent.
  var isRecorded = false

  public init(
    _ code: Code, _ source: Source, _ message: String, detail: String? = nil, limit: String? = nil, retryAfter: Int? = nil,
    data: JSONValue? = nil
  ) {
    self.code = code
    self.source = source
    self.message = message
    self.detail = detail
    self.limit = limit
    self.retryAfter = retryAfter
    self.data = data
  }
}

extension Refusal {
  var recorded: Refusal {
    var copy = self
    copy.isRecorded = true
    return copy
  }

  /// How the audit log tells of it.
  var auditDescription: JSONValue {
    var description: JSONValue = ["refused": .string(code.rawValue), "by": .string(source.rawValue)]
    if let limit { description["limit"] = .string(limit) }
    return description
  }

  /// The only mapping from refusals to the wire.
  ///
  /// What a model can act on (a rule, a missing purpose, an upstream that is down) is a tool result with `isError`, so that it
  /// reaches the model; what the client must handle is a JSON-RPC error.
  func answer(to method: MCP.Method?, era: Era) -> Answer {
    var data: JSONValue = self.data ?? .object(JSONObject())
    data["code"] = .string(code.rawValue)
    if let limit { data["limit"] = .string(limit) }
    if let retryAfter { data["retryAfter"] = .int(retryAfter) }

    if method == .toolsCall, isForTheModel {
      var result: JSONValue = .object(JSONObject())
      if era == .modern { result["resultType"] = "complete" }
      result["content"] = [["type": "text", "text": .string(message)]]
      result["isError"] = true
      result["_meta"] = ["dev.sluice/refusal": data]
      return .result(.init(result))
    }
    let error = RPCError(rpcCode(era: era, method: method), message, data: data)
    switch code {
    case .limited:
      return .failure(error, HTTPHint(status: 429, headers: retryAfter.map { [.init("Retry-After", String($0))] } ?? []))
    case .auditUnavailable:
      return .failure(error, HTTPHint(status: 503, headers: [.init("Retry-After", String(retryAfter ?? 5))]))
    case .unauthenticated: return .failure(error, HTTPHint(status: 401))
    case .headerMismatch: return .failure(error, HTTPHint(status: 400))
    default: return .failure(error)
    }
  }

  private var isForTheModel: Bool {
    switch code {
    case .forbidden, .purposeRequired, .uncleared, .resultTooLarge, .upstreamUnavailable, .upstreamTimeout, .upstreamInvalidAnswer,
      .inputNotSupported, .inputNotGiven, .callLost:
      true
    default: false
    }
  }

  private func rpcCode(era: Era, method: MCP.Method?) -> RPCError.Code {
    switch code {
    case .methodNotFound: .methodNotFound
    case .notFound: method == .resourcesRead && era == .legacy ? .resourceNotFound : .invalidParams
    case .invalidParams, .invalidState, .purposeRequired, .callLost: .invalidParams
    case .headerMismatch: .headerMismatch
    case .upstreamUnavailable, .upstreamTimeout, .upstreamInvalidAnswer, .auditUnavailable, .internalError, .cancelled: .internalError
    // Outside the range that JSON-RPC reserves, as the specification asks of codes of our own.
    case .forbidden, .uncleared, .inputNotSupported, .inputNotGiven: RPCError.Code(rawValue: 1403)
    case .limited: RPCError.Code(rawValue: 1429)
    case .unauthenticated: RPCError.Code(rawValue: 1401)
    case .resultTooLarge: RPCError.Code(rawValue: 1413)
    }
  }
}
