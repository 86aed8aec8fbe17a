internal import Cedar
internal import JSON
internal import MCP
internal import NIOCore

/// Turns a call into a permit, or refuses it.
struct PolicyStage: Sendable {
  let engine: PolicyEngine

  func authorize(_ call: Call) throws(Refusal) -> Permit {
    switch call.target {
    case .tool(let tool): return try authorize(tool, call)
    case .prompt(let entry), .promptCompletion(let entry):
      return try authorize(PolicyTarget(entry, in: call.snapshot), call, unknown: .unknown("prompt", entry.name))
    case .resource(let entry, let uri), .subscription(let entry, let uri):
      return try authorize(PolicyTarget(entry, uri: uri, in: call.snapshot), call, unknown: .unknownResource(uri))
    case .resourceCompletion(let entry):
      return try authorize(PolicyTarget(entry, uri: entry.uri, in: call.snapshot), call, unknown: .unknownResource(entry.uri))
    case .list, .search, .acknowledged:
      return Permit(call: call, reasons: [], purpose: nil, isStrict: false, plan: ScreeningPlan.unscreened, meta: ByteBuffer(), arguments: nil)
    }
  }

  private func authorize(_ tool: ToolEntry, _ call: Call) throws(Refusal) -> Permit {
    let exchange = call.exchange
    var decision = engine.decision(exchange.principal, tool, generation: call.snapshot.generation)
    guard decision.isVisible else { throw .unknown("tool", tool.name) }
    try tool.checkHeaders(call)

    var purpose: String?
    var arguments: ByteBuffer?
    if decision.purpose != nil { (purpose, arguments) = Self.takePurpose(tool.purposeArgument, from: call.arguments) }
    try checkPurpose(purpose, decision, tool)
    if decision.dependsOnContext {
      decision = engine.decision(exchange.principal, tool, context: context(call, purpose: purpose))
      guard decision.isVisible else {
        throw Refusal(.forbidden, .policy, "Policy does not allow \(tool.name) with these arguments, at this time or from this place.")
      }
      try checkPurpose(purpose, decision, tool)
    }
    if let obstacle = decision.obstacle { throw obstacle }
    let obligations = decision.obligations
    return Permit(
      call: call, reasons: obligations.reasons, purpose: purpose, isStrict: obligations.isStrict, plan: decision.plan, meta: decision.meta,
      arguments: arguments)
  }

  private func checkPurpose(_ purpose: String?, _ decision: ToolDecision, _ tool: ToolEntry) throws(Refusal) {
    guard decision.purpose == .required, purpose == nil else { return }
    throw Refusal(
      .purposeRequired, .policy,
      "\(tool.name) may be called for a stated purpose only. Call it again with the argument \"\(tool.purposeArgument)\" saying why, in a sentence.")
  }

  private func authorize(_ target: PolicyTarget, _ call: Call, unknown: Refusal) throws(Refusal) -> Permit {
    let principal = call.exchange.principal
    let context = context(call, purpose: nil)
    let verdict = engine.verdict(principal, target, context: context)
    guard verdict.outcome == .allow else {
      // What is listed is not denied to exist.
      guard maySee(target, principal) else { throw unknown }
      throw Refusal(.forbidden, .policy, "Policy does not allow this \(target.type.lowercased()) with these arguments, at this time or from this place.")
    }
    let obligations = Obligations(verdict.contributing)
    if obligations.purpose == .required {
      throw Refusal(
        .purposeRequired, .policy,
        "Policy allows this \(target.type.lowercased()) for a stated purpose only, and there is no argument to state one by. Use a tool instead, or ask the operator.")
    }
    let plan = engine.plan(principal, target, context: context)
    let rules = engine.rules(principal, target, context: context)
    if obstructs(rules, target, obligations) {
      throw Refusal(
        .forbidden, .policy,
        "Policy limits which records of \(target.upstream) may be read, and its server does not keep such rules: what it answers here cannot be checked. Use its tools, or ask the operator."
      )
    }
    // Nobody can filter these answers row by row afterwards: a rule that has no exact form shows no record of its type.
    let meta = target.enforcesRows ? RowRule.meta(rules, plan.clearance, isLast: true) : ByteBuffer()
    return Permit(call: call, reasons: obligations.reasons, purpose: nil, isStrict: obligations.isStrict, plan: plan, meta: meta, arguments: nil)
  }

  /// Whether records that a rule hides may stand in what is asked for, and nobody could take them out.
  private func obstructs(_ rules: [RowRule], _ target: PolicyTarget, _ obligations: Obligations) -> Bool {
    !target.enforcesRows && !obligations.holdsNoRecords && rules.contains(where: \.limits)
  }

  // MARK: Visibility

  /// Listed is what some call could be permitted.
  func maySee(_ tool: ToolEntry, _ principal: Principal, generation: UInt64) -> ToolDecision? {
    let decision = engine.decision(principal, tool, generation: generation)
    return decision.isListed ? decision : nil
  }

  func maySee(_ prompt: PromptEntry, _ principal: Principal, in snapshot: Catalog.Snapshot) -> Bool {
    maySee(PolicyTarget(prompt, in: snapshot), principal)
  }

  func maySee(_ resource: ResourceEntry, uri: String, _ principal: Principal, in snapshot: Catalog.Snapshot) -> Bool {
    maySee(PolicyTarget(resource, uri: uri, in: snapshot), principal)
  }

  private func maySee(_ target: PolicyTarget, _ principal: Principal) -> Bool {
    let verdict = engine.verdict(principal, target, context: nil)
    let obligations = Obligations(verdict.contributing)
    guard verdict.outcome != .deny, verdict.mentionsContext || obligations.purpose != .required else { return false }
    let rules = target.enforcesRows ? [] : engine.rules(principal, target, context: nil)
    return !obstructs(rules, target, obligations) || verdict.mentionsContext || rules.contains(where: \.mentionsContext)
  }

  // MARK: Context

  /// Over stdio there is no `ip`.
  private func context(_ call: Call, purpose: String?) -> Record {
    let exchange = call.exchange
    var fields: [Record.Field] = [Record.Field("now", .datetime(Cedar.Value.Datetime(milliseconds: exchange.time)))]
    if let arguments = call.arguments { fields.append(Record.Field("arguments", .record(Record(json: arguments)))) }
    if let purpose { fields.append(Record.Field("purpose", .string(purpose))) }
    if let address = exchange.context.remoteAddress, let ip = Cedar.Value.IPAddress(peer: address) { fields.append(Record.Field("ip", .ip(ip))) }
    return Record(fields)
  }

  /// The purpose, and the arguments without it.
  static func takePurpose(_ name: String, from arguments: RawJSON?) -> (purpose: String?, rest: ByteBuffer?) {
    guard let arguments, let given = arguments[name] else { return (nil, nil) }
    var rest = ByteBuffer()
    rest.writeStaticString("{")
    for (member, value) in arguments.members where member.string != name {
      if rest.readableBytes > 1 { rest.writeStaticString(",") }
      rest.write(member)
      rest.writeStaticString(":")
      rest.write(value)
    }
    rest.writeStaticString("}")
    let text = given.string ?? ""
    return (text.allSatisfy(\.isWhitespace) ? nil : text, rest)
  }
}

extension ToolEntry {
  /// Compares the `Mcp-Param-*` headers of a modern HTTP request with its arguments (2026-07-28, streamable-http,
  /// "Server Behavior for Custom Headers").
  func checkHeaders(_ call: Call) throws(Refusal) {
    // The headers of `call_tool` speak of that, and not of what it calls.
    guard !headerParameters.isEmpty, !call.isByName, call.exchange.era == .modern, let header = call.exchange.context.header else { return }
    do throws(RPCError) { try HeaderParameter.check(headerParameters, call.arguments, header: header) } catch {
      throw Refusal(.headerMismatch, .client, error.message)
    }
  }
}
