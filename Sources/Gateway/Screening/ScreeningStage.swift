internal import JSON
internal import MCP
internal import NIOCore

/// What the client gets: screened, and complete for its era.
struct ScreenedAnswer: Sendable {
  var result: ByteBuffer
  var failure: RPCError?
  /// Whether the tool itself reported an error.
  var isError = false
  /// What screening saw and did, for the audit log.
  var screening: JSONValue?
}

/// Stage 8, second half: what of an upstream's answer may reach the caller.
struct ScreeningStage: Sendable {
  let screening: Screening

  func screen(_ answer: UpstreamAnswer, for entry: borrowing RecordedIntent) throws(Refusal) -> ScreenedAnswer {
    let call = entry.call
    switch answer {
    case .own(let text): return ScreenedAnswer(result: text)
    case .error(let error): return ScreenedAnswer(result: ByteBuffer(), failure: try screen(error, call, entry.admitted.plan), isError: true)
    case .result(let result):
      let screened = try screened(result, call, entry.admitted.plan)
      let isError = result["isError"]?.bool ?? false
      let body: ByteBuffer
      switch screened.body {
      case .untouched(let raw): body = ResultForm.adapt(raw, call)
      case .rewritten(let text):
        guard let raw = try? RawJSON(scanning: text) else {
          throw Refusal(.internalError, .gateway, "The result could not be screened and was dropped", detail: "the rewritten result is no JSON")
        }
        body = ResultForm.adapt(raw, call)
      }
      return ScreenedAnswer(result: body, isError: isError, screening: screened.outcome.summary)
    }
  }

  private func screened(_ result: RawJSON, _ call: Call, _ plan: ScreeningPlan) throws(Refusal) -> ScreenedResult {
    do throws(ScreeningRefusal) { return try screening.screen(result, plan: plan) } catch {
      switch error.code {
      case .uncleared: throw Refusal(.uncleared, .policy, error.message)
      case .tooLarge, .tooDeep: throw Refusal(.resultTooLarge, .gateway, error.message)
      case .unstructured: throw Refusal(.upstreamInvalidAnswer, .upstream, error.message)
      case .notFound: throw Refusal(.forbidden, .policy, "\(call.name ?? "The record") was not found, or is not available to you.")
      }
    }
  }

  /// An upstream's error text is as untrusted as its results. Codes that only we may send, or only the other era knows, are translated.
  private func screen(_ error: RPCError, _ call: Call, _ plan: ScreeningPlan) throws(Refusal) -> RPCError {
    var value: JSONValue = ["content": [["type": "text", "text": .string(String(error.message.prefix(2000)))]]]
    if let data = error.data { value["structuredContent"] = data }
    let screened = JSONValue(try screenedText(value, call, plan))
    var result = RPCError(error.code, screened["content"]?.array?.first?["text"]?.string ?? "", data: screened["structuredContent"])
    if call.exchange.era == .modern, result.code == .resourceNotFound { result.code = .invalidParams }
    if result.code.isModern { result.code = .internalError }
    return result
  }

  private func screenedText(_ value: JSONValue, _ call: Call, _ plan: ScreeningPlan) throws(Refusal) -> RawJSON {
    let text = try screened(value.raw, call, ScreeningPlan(clearance: plan.clearance)).bytes
    return (try? RawJSON(scanning: text)) ?? RawJSON.null
  }
}

/// What a result must carry, and must not, in the client's era.
enum ResultForm {
  /// Members that only modern results have.
  private static func isModernOnly(_ name: RawJSON) -> Bool {
    name.equals("resultType") || name.equals("ttlMs") || name.equals("cacheScope")
  }

  static func adapt(_ result: RawJSON, _ call: Call) -> ByteBuffer {
    var hasType = false
    var hasModernOnly = false
    for (name, _) in result.members where isModernOnly(name) {
      hasModernOnly = true
      if name.equals("resultType") { hasType = true }
    }
    switch call.exchange.era {
    case .legacy: return hasModernOnly ? without(result) : result.bytes
    case .modern:
      let isRead = call.exchange.request.method == .resourcesRead
      // What one caller was shown must not be kept for another: the upstream's own hint does not know of our policy.
      if isRead { return hasType && result["resultType"]?.equals("complete") != true ? result.bytes : read(result) }
      guard !hasType else { return result.bytes }
      var text = ByteBuffer()
      text.reserveCapacity(result.range.count + 32)
      text.writeStaticString("{\"resultType\":\"complete\"")
      let isEmpty = !result.members.contains { _ in true }
      result.withBytes { bytes in
        text.writeStaticString(isEmpty ? "" : ",")
        text.writeBytes(UnsafeBufferPointer(rebasing: bytes.dropFirst()))
      }
      return text
    }
  }

  private static func without(_ result: RawJSON, adding prefix: StaticString = "") -> ByteBuffer {
    var text = ByteBuffer()
    text.reserveCapacity(result.range.count + 64)
    text.writeStaticString("{")
    text.writeStaticString(prefix)
    for (name, value) in result.members where !isModernOnly(name) {
      if text.readableBytes > 1 { text.writeStaticString(",") }
      text.write(name)
      text.writeStaticString(":")
      text.write(value)
    }
    text.writeStaticString("}")
    return text
  }

  private static func read(_ result: RawJSON) -> ByteBuffer {
    without(result, adding: "\"resultType\":\"complete\",\"ttlMs\":0,\"cacheScope\":\"private\"")
  }
}

extension ScreeningOutcome {
  /// The counts for the audit log; nil where there is nothing to tell.
  var summary: JSONValue? {
    guard self != ScreeningOutcome() else { return nil }
    var summary: JSONValue = .object(JSONObject())
    if !categories.isEmpty { summary["categories"] = .array(categories.elements.map { .string($0.rawValue) }) }
    if !findings.isEmpty {
      var counts: JSONValue = .object(JSONObject())
      for (kind, count) in findings.sorted(by: { $0.key.rawValue < $1.key.rawValue }) { counts[kind.rawValue] = .int(count) }
      summary["findings"] = counts
    }
    for (name, count) in [("masked", findingsMasked + fieldsMasked), ("rowsRemoved", rowsRemoved), ("rowsTruncated", rowsTruncated)] where count > 0 {
      summary[name] = .int(count)
    }
    return summary
  }
}

extension ScreeningPlan {
  /// For what the gateway makes itself.
  static let unscreened = ScreeningPlan(clearance: Clearance(), detectors: .none)
}
