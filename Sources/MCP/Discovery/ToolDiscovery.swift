public import JSON
internal import NIOCore

/// Progressive discovery: a large catalogue is shown to the model as two tools, one that finds tools and one that calls what was
/// found, so that the context holds what is used and not all that there is.
public struct ToolDiscovery: Sendable, Hashable {
  public static let findName = "find_tools"
  public static let callName = "call_tool"

  /// A list of tools longer than this, in bytes of its JSON, is shown as the pair; 0 always shows the pair.
  public var listBytes: Int

  public init(listBytes: Int = 64 << 10) { self.listBytes = listBytes }

  /// The most definitions in one answer of `find_tools`.
  public static let maximumResults = 20
  static let defaultResults = 5

  /// The definition of `find_tools`.
  ///
  /// - Parameters:
  ///   - count: how many tools there are to be found.
  ///   - origins: the names of the systems that they are of, so that a model knows what it may look for; none if there is just one.
  public static func find(count: Int, of origins: [String] = []) -> Tool {
    let whose = origins.isEmpty ? "that are available" : "of " + origins.joined(separator: ", ")
    return Tool(
      name: findName, title: "Find tools",
      description: "Finds tools among the \(count) \(whose), by words of what you want to do. Then call one by \(callName).",
      inputSchema: [
        "type": "object",
        "properties": [
          "query": ["type": "string", "minLength": 1, "maxLength": 500, "description": "Words, such as \"list open issues of a repository\"."],
          "limit": [
            "type": "integer", "minimum": 1, "maximum": .int(maximumResults), "description": .string("How many at most; \(defaultResults) if not given."),
          ],
        ],
        "required": ["query"], "additionalProperties": false,
      ],
      outputSchema: [
        "type": "object",
        "properties": [
          "tools": [
            "type": "array",
            "items": [
              "type": "object",
              "properties": ["name": ["type": "string"], "description": ["type": "string"], "inputSchema": ["type": "object"]],
              "required": ["name", "inputSchema"],
            ],
          ]
        ],
        "required": ["tools"],
      ],
      annotations: ToolAnnotations(readOnly: true, destructive: false, idempotent: true, openWorld: false)
    ) { _ in ToolResult([]) }
  }

  /// The definition of `call_tool`. What it does depends on the tool that it calls, so it promises nothing.
  public static var call: Tool {
    Tool(
      name: callName, title: "Call a tool", description: "Calls a tool that \(findName) found, with arguments that fit its inputSchema.",
      inputSchema: [
        "type": "object",
        "properties": [
          "name": ["type": "string", "description": .string("As \(findName) gave it.")],
          "arguments": ["type": "object", "description": "The arguments of that tool."],
        ],
        "required": ["name"], "additionalProperties": false,
      ]
    ) { _ in ToolResult([]) }
  }

  /// The arguments of `find_tools`.
  ///
  /// - Throws: ``RPCError`` `-32602` where there is no query.
  public static func query(_ arguments: RawJSON?) throws(RPCError) -> (text: String, limit: Int) {
    guard let query = arguments?["query"]?.string, !query.isEmpty, query.utf8.count <= 2000 else {
      throw RPCError(.invalidParams, "\(findName) needs \"query\": words of what you want to do")
    }
    return (query, min(max(arguments?["limit"]?.int ?? defaultResults, 1), maximumResults))
  }

  /// What `call_tool` is to call.
  ///
  /// - Throws: ``RPCError`` `-32602` where that is not said.
  public static func target(_ arguments: RawJSON?) throws(RPCError) -> (name: String, arguments: RawJSON?) {
    guard let name = arguments?["name"]?.string, name.utf8.count <= 256 else {
      throw RPCError(.invalidParams, "\(callName) needs \"name\": a tool that \(findName) found")
    }
    if let inner = arguments?["arguments"], inner.kind != .object, !inner.isNull {
      throw RPCError(.invalidParams, "\"arguments\" of \(callName) must be an object")
    }
    return (name, arguments?["arguments"].flatMap { $0.isNull ? nil : $0 })
  }

  /// The entry of a definition for ``ToolIndex``.
  public static func entry(_ definition: RawJSON, name: String) -> ToolIndex.Entry {
    var parameters: [String] = []
    for (parameter, schema) in definition["inputSchema"]?["properties"]?.members ?? RawJSON.null.members {
      parameters.append((parameter.string ?? "") + " " + (schema["description"]?.string ?? ""))
    }
    return ToolIndex.Entry(
      name: name, description: (definition["title"]?.string ?? "") + " " + (definition["description"]?.string ?? ""), parameters: parameters)
  }

  /// The result of `find_tools`.
  ///
  /// - Parameter definitions: as `tools/list` would show them; members that a model does not need are left out.
  public static func result(_ definitions: [RawJSON]) -> ToolResult {
    let tools = definitions.map { definition in
      var tool = JSONObject()
      for member in ["name", "description", "inputSchema"] { if let value = definition[member] { tool[member] = JSONValue(value) } }
      return JSONValue.object(tool)
    }
    return ToolResult(
      structured: ["tools": .array(tools)], text: tools.isEmpty ? "No tool matches. Try other words, or fewer." : tools.map(\.text).joined(separator: "\n"))
  }
}
