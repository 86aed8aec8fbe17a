public import JSON
internal import Logging
public import NIOCore
internal import Synchronization

extension Server {
  func callTool(_ request: Envelope, _ context: RequestContext) async throws -> ByteBuffer {
    let name = try string("name", of: request)
    let arguments = request["arguments"] ?? Server.noArguments
    if settings.discovery != nil, let result = try await callDiscovery(name, arguments, request, context) { return result }
    return try await call(name, arguments, request, context)
  }

  /// What `find_tools` and `call_tool` answer; nil for the name of any other tool.
  @inline(never)
  private func callDiscovery(_ name: String, _ arguments: RawJSON, _ request: Envelope, _ context: RequestContext) async throws -> ByteBuffer? {
    guard let found = discovered() else { return nil }
    if name == ToolDiscovery.findName { return text(of: try found.find(arguments), context.client.version) }
    guard name == ToolDiscovery.callName else { return nil }
    let target = try ToolDiscovery.target(arguments)
    return try await call(target.name, target.arguments ?? Server.noArguments, request, context, isFound: true)
  }

  /// - Parameter isFound: whether the call came by `call_tool`: its headers speak of that tool, not of this one.
  private func call(
    _ name: String, _ arguments: RawJSON, _ request: Envelope, _ context: RequestContext, isFound: Bool = false
  ) async throws -> ByteBuffer {
    let registered: RegisteredTool
    switch try admit(name, arguments, context, isFound: isFound) {
    case .refused(let result): return text(of: result, context.client.version)
    case .admitted(let tool): registered = tool
    }
    if registered.tool.task != nil, context.client.knowsTasks { return try await callAsTask(registered, arguments, request, context) }
    return try await interact(request, context) { interaction in
      let call = ToolCall(name: name, arguments: arguments, envelope: request, context: context, interaction: interaction)
      return try await answer(to: call, by: registered)
    }
  }

  private enum Admission {
    case admitted(RegisteredTool)
    /// With what a model may read and mend.
    case refused(ToolResult)
  }

  /// What is checked before a tool runs. By itself, since what a function needs before it first waits is kept while it waits.
  @inline(never)
  private func admit(_ name: String, _ arguments: RawJSON, _ context: RequestContext, isFound: Bool) throws -> Admission {
    guard let registered = state.withLock({ $0.tools[name] }) else {
      throw RPCError(.invalidParams, "Unknown tool: \(name.prefix(128))")
    }
    let tool = registered.tool
    if tool.task?.isRequired == true, !context.client.knowsTasks {
      guard context.era == .modern else { return .refused(.error(RPCError.tasksNeeded.message)) }
      throw RPCError.tasksNeeded
    }
    guard arguments.kind == .object else { throw RPCError(.invalidParams, "\"arguments\" must be an object") }
    if context.era == .modern, !isFound, let header = context.header { try HeaderParameter.check(registered.headers, arguments, header: header) }
    if let fault = registered.schemas.fault { return .refused(.error("The tool \(name) cannot be called, whatever the arguments: \(fault).")) }
    if let problem = registered.schemas.problem(with: arguments) { return .refused(.error(problem)) }
    return .admitted(registered)
  }

  /// The text of what a tool answers; failures of its own are results that a model may read.
  ///
  /// Structured content that does not fit the output schema is the server's fault, which is for its log: the client learns no
  /// more than that.
  func answer(to call: ToolCall, by registered: RegisteredTool) async throws -> ByteBuffer {
    written(try await result(of: registered, call), call, registered)
  }

  @inline(never)
  private func written(_ answered: ToolResult, _ call: ToolCall, _ registered: RegisteredTool) -> ByteBuffer {
    let version = call.context.client.version
    var result = answered
    if result.content.isEmpty, !result.isError, registered.hasUI {
      // A view shows it to some; to models and other hosts the text is all there is (MCP Apps, "Graceful Degradation").
      result.content = [.text(result.structured?.text ?? "Done.")]
    }
    guard registered.schemas.checksResults, !result.isError else { return text(of: result, version) }
    let structured = result.structured?.raw
    if let problem = registered.schemas.problem(withResult: structured) {
      logger.error("A result does not fit the output schema of its tool", metadata: ["tool": "\(call.name)", "reason": "\(problem)"])
      return text(of: .error(Self.internalFailure(of: call.name)), version)
    }
    return text(of: result, checked: structured, version)
  }

  private func result(of registered: RegisteredTool, _ call: ToolCall) async throws -> ToolResult {
    do { return try await registered.tool.run(call) } catch { return try await failure(error, call) }
  }

  /// What a failure of a tool is to its client.
  @inline(never)
  private func failure(_ error: any Error, _ call: ToolCall) async throws -> ToolResult {
    switch error {
    case let error as RPCError where error.code == .urlElicitationRequired:
      return try await unvisited(error, call)
    case let error as RPCError:
      // Legacy revisions have no code for this, and a model can tell its user.
      guard error.code == .missingClientCapability, call.context.era == .legacy else { throw error }
      return .error(error.message)
    case let failure as ClientFailure where failure != .cancelled:
      return .error(failure.description)
    case is CancellationError, is Interaction.Suspension, is ClientFailure:
      throw error
    default:
      logger.error("A tool failed", metadata: ["tool": "\(call.name)", "error": "\(error)"])
      return .error(Self.internalFailure(of: call.name))
    }
  }

  /// What becomes of a call that waits for pages to be visited: the error is for the revision that has it, later ones ask.
  private func unvisited(_ error: RPCError, _ call: ToolCall) async throws -> ToolResult {
    let pages = error.requiredElicitations
    let questions = pages.map { Elicitation($0.message, url: $0.url, id: $0.elicitationID) }
    guard !questions.isEmpty else {
      logger.error("A tool wants pages visited and names none", metadata: ["tool": "\(call.name)"])
      return .error(Self.internalFailure(of: call.name))
    }
    guard call.context.era == .legacy else {
      // Leaves the call until the user has answered; who was asked before is not asked again.
      _ = try await call.ask(questions)
      return .error(error.message)
    }
    guard call.context.client.version == .v2025_11_25, questions.allSatisfy({ call.canAsk($0) }) else {
      return .error(RPCError.missingCapability(["elicitation": ["url": [:]]]).message)
    }
    throw RPCError.urlElicitationRequired(pages, message: error.message)
  }

  private static func internalFailure(of tool: String) -> String { "The tool \(tool) failed for an internal reason; it was logged." }

  static let noArguments: RawJSON = JSONValue.object(JSONObject()).raw

  /// - Parameter text: the structured content as it was checked, if it was: then it is not written again.
  private func text(of tool: ToolResult, checked text: RawJSON? = nil, _ version: ProtocolVersion) -> ByteBuffer {
    tool.text(for: version, checked: text, server: implementation)
  }
}

extension ToolResult {
  /// The text of the result object as a peer of that revision reads it: structured content from 2025-06-18 on, in legacy revisions if it is an object.
  ///
  /// - Parameters:
  ///   - checked: the structured content's text, where there is one: then it is not written again.
  ///   - server: the text of the server's `Implementation`, for modern peers.
  public func text(for version: ProtocolVersion, checked: RawJSON? = nil, server: ByteBuffer? = nil) -> ByteBuffer {
    var result = ResultText(version.era, capacity: 512)
    result.content(content, for: version)
    if let structured, version >= .v2025_06_18, version.era == .modern || structured.object != nil {
      if let checked { result.text(checked.bytes, for: "structuredContent") } else { result.value(structured, for: "structuredContent") }
    }
    if isError { result.value(true, for: "isError") }
    return result.finish(server: server, meta: meta)
  }
}

/// A tool with what is made of its definition once.
final class RegisteredTool: Sendable {
  let tool: Tool
  let schemas: ToolSchemas
  /// Arguments that modern HTTP clients repeat in headers.
  let headers: [HeaderParameter]
  /// Whether a view shows the results.
  let hasUI: Bool

  init(tool: Tool, schemas: ToolSchemas, headers: [HeaderParameter], hasUI: Bool) {
    self.tool = tool
    self.schemas = schemas
    self.headers = headers
    self.hasUI = hasUI
  }
}
