public import JSON
internal import NIOCore

/// A function that models may call (2026-07-28, server/tools).
public struct Tool: Sendable {
  /// 1 to 128 of `A-Z a-z 0-9 _ - .`, unique in its server.
  public var name: String
  /// What it is called, for people.
  public var title: String?
  public var description: String?
  /// JSON Schema of the arguments, an object schema.
  public var inputSchema: JSONValue
  /// JSON Schema of ``ToolResult/structured``.
  public var outputSchema: JSONValue?
  /// Hints on what it does.
  public var annotations: ToolAnnotations?
  /// Pictures of it, for people to see.
  public var icons: [Icon]
  /// `_meta` of the definition, for example ``MetaKey/records``.
  public var meta: JSONObject?
  /// Whether calls become tasks; nil for tools that answer at once.
  public var task: TaskSupport?
  /// Whether arguments are held to the `format` keywords of ``inputSchema``, as those of typed tools are. If not, formats only tell
  /// clients what is meant, unless ``Server/Settings/schemaOptions`` checks them everywhere.
  public var checksFormats: Bool
  /// Answers a call.
  public let run: @Sendable (ToolCall) async throws -> ToolResult

  public init(
    name: String, title: String? = nil, description: String? = nil,
    inputSchema: JSONValue = ["type": "object", "additionalProperties": false], outputSchema: JSONValue? = nil,
    annotations: ToolAnnotations? = nil, icons: [Icon] = [], meta: JSONObject? = nil,
    task: TaskSupport? = nil, checksFormats: Bool = false, run: @escaping @Sendable (ToolCall) async throws -> ToolResult
  ) {
    self.name = name
    self.title = title
    self.description = description
    self.inputSchema = inputSchema
    self.outputSchema = outputSchema
    self.annotations = annotations
    self.icons = icons
    self.meta = meta
    self.task = task
    self.checksFormats = checksFormats
    self.run = run
  }

  /// What is wrong with ``name``, in words for whoever chose it; nil when clients and gateways can be expected to take it
  /// (2026-07-28, server/tools, "Tool Names").
  var nameProblem: String? {
    let length = name.unicodeScalars.count
    guard (1...128).contains(length) else { return "a name has 1 to 128 characters, this one has \(length)" }
    func isAllowed(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
      default: "_-.".utf8.contains(byte)
      }
    }
    return name.utf8.allSatisfy(isAllowed) ? nil : "a name is made of A-Z, a-z, 0-9, \"_\", \"-\" and \".\" alone"
  }

  /// The definition as `tools/list` shows it. Before 2026-07-28 an output schema is an object schema or not there.
  public func definition(_ era: Era) -> JSONValue {
    var object: JSONObject = ["name": .string(name)]
    if let title { object["title"] = .string(title) }
    if let description { object["description"] = .string(description) }
    object["inputSchema"] = inputSchema
    if let outputSchema, era == .modern || outputSchema["type"] == "object" { object["outputSchema"] = outputSchema }
    if let annotations { object["annotations"] = annotations.json }
    if !icons.isEmpty { object["icons"] = .array(icons.map(\.json)) }
    if let meta { object["_meta"] = .object(meta) }
    return .object(object)
  }
}

/// Hints on what a tool does (`ToolAnnotations`). Nil leaves the specification's default: writes, destroys, not idempotent, open world.
public struct ToolAnnotations: Sendable, Hashable {
  /// What the tool is called, for people; ``Tool/title`` goes before it.
  public var title: String?
  /// Changes nothing.
  public var readOnly: Bool?
  /// May remove or overwrite; meaningful where the tool is not read-only.
  public var destructive: Bool?
  /// A second call with the same arguments changes nothing more.
  public var idempotent: Bool?
  /// Deals with things outside the system that offers it.
  public var openWorld: Bool?

  public init(title: String? = nil, readOnly: Bool? = nil, destructive: Bool? = nil, idempotent: Bool? = nil, openWorld: Bool? = nil) {
    self.title = title
    self.readOnly = readOnly
    self.destructive = destructive
    self.idempotent = idempotent
    self.openWorld = openWorld
  }

  var json: JSONValue {
    var object = JSONObject()
    if let title { object["title"] = .string(title) }
    if let readOnly { object["readOnlyHint"] = .bool(readOnly) }
    if let destructive { object["destructiveHint"] = .bool(destructive) }
    if let idempotent { object["idempotentHint"] = .bool(idempotent) }
    if let openWorld { object["openWorldHint"] = .bool(openWorld) }
    return .object(object)
  }
}

/// One `tools/call`, its arguments checked against the schema of the tool.
public struct ToolCall: IncomingRequest {
  /// The name of the tool.
  public let name: String
  /// An object; empty when the call has none.
  public let arguments: RawJSON
  /// The request as it came.
  public let envelope: Envelope
  /// Who asks, how, and by which client.
  public let context: RequestContext
  /// What this request asks of its client; see ``IncomingRequest/elicit(_:_:key:)``.
  public let interaction: Interaction

  /// An argument; nil when it is absent.
  public subscript(_ argument: String) -> RawJSON? { arguments[argument] }

  /// An argument that is a string; nil for anything else.
  public func string(_ argument: String) -> String? { arguments[argument]?.string }
  /// An argument that is a whole number; nil for anything else.
  public func int(_ argument: String) -> Int? { arguments[argument]?.int }
  /// An argument that is a number; nil for anything else.
  public func double(_ argument: String) -> Double? { arguments[argument]?.double }
  /// An argument that is a boolean; nil for anything else.
  public func bool(_ argument: String) -> Bool? { arguments[argument]?.bool }

  // MARK: Tasks

  /// Goes on as a task: the client gets its handle now. Does nothing for clients and tools without tasks, and the second time.
  ///
  /// - Parameter message: says in words how far the work is.
  public func continueAsTask(_ message: String? = nil) async throws { try await interaction.startTask(message) }

  /// Says in words how far the task is; does nothing where there is none.
  public func reportTask(_ message: String) async { try? await interaction.task?.report(message) }
}

/// What a tool answers (`CallToolResult`).
public struct ToolResult: Sendable, Hashable {
  /// What the model reads.
  public var content: [Content]
  /// What programs read, as the tool's output schema says. Legacy clients see it only if it is an object.
  public var structured: JSONValue?
  /// Whether the call failed in a way that the model should know of and may mend.
  public var isError: Bool
  /// `_meta`: what extensions and applications add.
  public var meta: JSONObject?

  public init(_ content: [Content], structured: JSONValue? = nil, isError: Bool = false, meta: JSONObject? = nil) {
    self.content = content
    self.structured = structured
    self.isError = isError
    self.meta = meta
  }

  /// An answer of one text.
  public init(text: String) { self.init([.text(text)]) }

  /// - Parameter text: for clients that do not read structured content; without it they get the JSON text.
  public init(structured: JSONValue, text: String? = nil, meta: JSONObject? = nil) {
    self.init([.text(text ?? structured.text)], structured: structured, meta: meta)
  }

  /// A failure that a model can act on: say what is wrong and what would be right.
  public static func error(_ text: String) -> ToolResult { ToolResult([.text(text)], isError: true) }
}
