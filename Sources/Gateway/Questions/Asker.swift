internal import JSON
internal import Logging
internal import MCP
internal import NIOCore
internal import Synchronization

/// What may be asked of one caller during one exchange, and in which words.
struct Asker: Sendable {
  let exchange: Exchange
  private let upstream: Upstream
  private let plan: ScreeningPlan
  private let screening: Screening

  /// The longest question. Sampling brings a conversation, and has the bound of results.
  private static let maximumBytes = 64 << 10

  /// - Returns: nil where the caller cannot be asked anything: the client declared nothing, its request has no way back, or the
  ///   operator does not want this upstream to ask.
  init?(_ call: Call, _ upstream: Upstream, _ plan: ScreeningPlan, _ screening: Screening) {
    let context = call.exchange.context
    guard context.era == .modern || context.channel != nil else { return nil }
    let capabilities = context.client.capabilities
    // Most clients of programs declare none: `{}`.
    guard capabilities.range.count > 2 else { return nil }
    guard upstream.configuration.mayAsk.contains(where: { capabilities[$0.rawValue] != nil }) else { return nil }
    self.exchange = call.exchange
    self.upstream = upstream
    self.plan = plan
    self.screening = screening
  }

  var client: ClientDescription { exchange.context.client }
  /// Where a legacy client is asked.
  var channel: (any ClientChannel)? { exchange.context.channel }

  /// The `ClientCapabilities` that an upstream may build on: what comes back through us. Extensions do not, but for views, which ask
  /// nothing of us.
  var capabilities: RawJSON {
    var passed: JSONValue = .object(JSONObject())
    for kind in QuestionKind.allCases where upstream.configuration.mayAsk.contains(kind) {
      guard let declared = client.capabilities[kind.rawValue] else { continue }
      // A legacy client may announce changes of its roots, which go nowhere from here.
      passed[kind.rawValue] = kind == .roots ? .object(JSONObject()) : JSONValue(declared)
    }
    if let ui = client.capabilities["extensions"]?[UIExtension.identifier] { passed["extensions"] = .object([UIExtension.identifier: JSONValue(ui)]) }
    return passed.raw
  }

  /// The question as the caller may be asked it: within their capabilities, its texts screened like a result for them.
  ///
  /// - Throws: ``RPCError`` that tells the upstream why it is not asked.
  func prepare(_ question: RelayedQuestion) throws(RPCError) -> RelayedQuestion {
    guard upstream.configuration.mayAsk.contains(question.kind), question.canBeAsked(of: client) else {
      throw RPCError(.methodNotFound, "\(question.method.rawValue) is not supported by the client of this call")
    }
    let params = question.params(for: .latest).raw
    let bytes = question.kind == .sampling ? plan.bounds.bytes : min(plan.bounds.bytes, Self.maximumBytes)
    guard params.range.count <= bytes else { throw RPCError(.invalidParams, "The question has \(params.range.count) bytes, the limit is \(bytes)") }
    let bounds = ResultBounds(bytes: bytes, items: nil, depth: plan.bounds.depth)
    let screened: ScreenedResult
    do throws(ScreeningRefusal) {
      screened = try screening.screen(params, plan: ScreeningPlan(clearance: plan.clearance, bounds: bounds))
    } catch {
      throw RPCError(.invalidParams, "The question may not be asked of this caller: \(error.message)")
    }
    guard case .rewritten(let text) = screened.body else { return question }
    guard let raw = try? RawJSON(scanning: text) else { throw RPCError(.internalError, "The question could not be screened") }
    let asked = try RelayedQuestion(question.method, JSONValue(raw))
    guard asked.address == question.address else { throw RPCError(.invalidParams, "The address of a page must hold no secret and no personal data") }
    return asked
  }

  /// Notes a question and what became of it for the audit log.
  func note(_ question: RelayedQuestion, _ answer: String) { exchange.asked.withLock { $0.add(question.method, answer) } }
}
