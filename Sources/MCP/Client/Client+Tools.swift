public import JSON
internal import NIOCore

extension Client {
  /// All tools, page by page as they are asked for.
  public func tools(options: RequestOptions = RequestOptions()) -> ListSequence<ToolDefinition> {
    ListSequence(client: self, method: .toolsList, member: "tools", options: options, read: ToolDefinition.init)
  }

  /// All tools. Tools whose `x-mcp-header` annotations are not valid are left out where headers matter, and logged.
  public func listTools(options: RequestOptions = RequestOptions()) async throws(ClientError) -> [ToolDefinition] {
    try await tools(options: options).all()
  }

  /// Calls a tool and waits for its result; also where the server runs it as a task.
  ///
  /// - Returns: the result; ``CallResult/isError`` tells whether the tool failed.
  /// - Throws: ``ClientError``: `.server` where the server refused the call; `.wire` with ``WireError/Code/invalidAnswer`` where the result
  ///   is not what the tool's listed output schema says.
  public func callTool(
    _ name: String, _ arguments: JSONValue = .object(JSONObject()), options: RequestOptions = RequestOptions()
  ) async throws(ClientError) -> CallResult {
    switch try await startTool(name, arguments, options: options) {
    case .result(let result): return result
    case .task(let task):
      let result = try await task.result()
      try check(result.raw, of: name)
      return result
    }
  }

  /// Calls a tool with the members of `arguments`.
  @_disfavoredOverload
  public func callTool(_ name: String, _ arguments: some Encodable & Sendable, options: RequestOptions = RequestOptions()) async throws -> CallResult {
    try await callTool(name, JSONValue(encoding: arguments), options: options)
  }

  /// Calls a tool and decodes its structured content.
  ///
  /// - Throws: ``ToolFailure`` where the tool failed, ``ClientError``, or `DecodingError`.
  public func callTool<Output: Decodable>(
    _ name: String, _ arguments: JSONValue = .object(JSONObject()), returning type: Output.Type, options: RequestOptions = RequestOptions()
  ) async throws -> Output {
    try await callTool(name, arguments, options: options).decode(type)
  }

  /// Calls a tool with the members of `arguments` and decodes its structured content.
  @_disfavoredOverload
  public func callTool<Output: Decodable>(
    _ name: String, _ arguments: some Encodable & Sendable, returning type: Output.Type, options: RequestOptions = RequestOptions()
  ) async throws -> Output {
    try await callTool(name, JSONValue(encoding: arguments), options: options).decode(type)
  }

  /// Calls a tool; where the server makes a task of it, returns without waiting for its end.
  public func startTool(
    _ name: String, _ arguments: JSONValue = .object(JSONObject()), options: RequestOptions = RequestOptions()
  ) async throws(ClientError) -> ToolOutcome {
    var members = ByteBuffer()
    members.reserveCapacity(256)
    members.writeStaticString("\"name\":")
    JSONText.write(name, to: &members)
    members.writeStaticString(",\"arguments\":")
    members.write(arguments)
    var body = ClientConnection.RequestBody(members: members, name: name)
    let result: RawJSON
    if wire.carriesHeaders {
      result = try await callWithHeaders(name, arguments, &body, options)
    } else {
      result = try await perform(.toolsCall, body, options)
    }
    guard result["resultType"]?.equals("task") == true else {
      try check(result, of: name)
      return .result(CallResult(result))
    }
    guard let task = TaskSnapshot(result) else { throw invalid("the server made a task without an id or a known status") }
    return .task(ServerTask(client: self, id: task.id, pollInterval: task.pollInterval))
  }

  /// Holds a result against the output schema that the tool was listed with (2026-07-28, server/tools, "Output Schema").
  func check(_ result: RawJSON, of tool: String) throws(ClientError) {
    // Older revisions have no structured content, whatever a server lists.
    guard settings.checksResults, let version = connection.version, version >= .v2025_06_18, let problem = outputs.problem(with: result, of: tool) else {
      return
    }
    throw invalid("the result of the tool \(tool) is not what it promised: \(problem)")
  }

  private func callWithHeaders(
    _ name: String, _ arguments: JSONValue, _ body: inout ClientConnection.RequestBody, _ options: RequestOptions
  ) async throws(ClientError) -> RawJSON {
    if headers.applies(to: name) {
      let raw = arguments.raw
      if let problem = headers.problem(with: raw, of: name) { throw ClientError.input("The tool \(name) cannot be called so: \(problem).") }
      body.parameterHeaders = headers.headers(for: name, arguments: raw)
    }
    do throws(ClientError) { return try await perform(.toolsCall, body, options) } catch {
      // The tool may have changed, or was never listed: look, and try once more ("Client Behavior").
      guard case .server(let refusal) = error, refusal.code == .headerMismatch else { throw error }
      cache.forget(.toolsList)
      _ = try await listTools(options: RequestOptions(timeout: options.timeout, usesCache: false))
      let fresh = headers.headers(for: name, arguments: arguments.raw)
      guard fresh != body.parameterHeaders else { throw error }
      body.parameterHeaders = fresh
      return try await perform(.toolsCall, body, options)
    }
  }
}

/// What a call of a tool came to at once.
public enum ToolOutcome: Sendable {
  case result(CallResult)
  /// The server goes on working; ask the task.
  case task(ServerTask)
}
