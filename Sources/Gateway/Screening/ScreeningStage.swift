internal import JSON
internal import MCP
internal import NIOCore

/// What the client gets: screened, and complete for its era.
struct ScreenedAnswer: Sendable {
  var result: ByteBuffer
  var failure: RPCError?
  /// Whether the tool itself reported an error.
  var isError = false
  /// Whether it asks the caller in place of a result.
  var isQuestion = false
  /// What screening saw and did, for the audit log.
  var screening: JSONValue?
}

/// The last stage: what of an upstream's answer may reach the caller.
struct ScreeningStage: Sendable {
  let screening: Screening

  func screen(_ answer: UpstreamAnswer, for entry: borrowing RecordedIntent) throws(Refusal) -> ScreenedAnswer {
    let call = entry.call
    switch answer {
    case .own(let text): return ScreenedAnswer(result: text)
    case .asked(let text): return ScreenedAnswer(result: text, isQuestion: true)
    case .error(let error): return ScreenedAnswer(result: ByteBuffer(), failure: try screen(error, call, entry.admitted.permit.plan), isError: true)
    case .result(let result):
      let screened = try screened(result, call, entry.admitted.permit.plan)
      let isError = result["isError"]?.bool ?? false
      let body: ByteBuffer
      switch screened.body {
      case .untouched(let raw): body = ResultForm.adapt(raw, to: call.exchange.era, call.exchange.request.method)
      case .rewritten(let text):
        guard let raw = try? RawJSON(scanning: text) else {
          throw Refusal(.internalError, .gateway, "The result could not be screened and was dropped", detail: "the rewritten result is no JSON")
        }
        body = ResultForm.adapt(raw, to: call.exchange.era, call.exchange.request.method)
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
    // Data that came with an error has no declared structure by which rows and fields could be taken from it.
    if plan.rows.isEmpty, plan.fields.isEmpty, let data = error.data { value["structuredContent"] = data }
    let screened = JSONValue(try screenedText(value, call, plan))
    var result = RPCError(error.code, screened["content"]?.array?.first?["text"]?.string ?? "", data: screened["structuredContent"])
    if call.exchange.era == .modern, result.code == .resourceNotFound { result.code = .invalidParams }
    if call.exchange.era == .modern, result.code == .urlElicitationRequired { result.code = .internalError }
    if result.code.isModern { result.code = .internalError }
    return result
  }

  private func screenedText(_ value: JSONValue, _ call: Call, _ plan: ScreeningPlan) throws(Refusal) -> RawJSON {
    let text = try screened(value.raw, call, ScreeningPlan(clearance: plan.clearance)).bytes
    return (try? RawJSON(scanning: text)) ?? RawJSON.null
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
