internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP

/// An operation as a tool.
struct OperationTool {
  let operation: Operation
  let document: OpenAPIDocument
  let records: OperationRecords?

  /// Descriptions of operations can be pages long: a model needs the start.
  private static let descriptionLength = 600

  func tool(run: @escaping @Sendable (ToolCall) async throws -> ToolResult) -> Tool {
    Tool(
      name: operation.name, title: operation.summary.map { String($0.prefix(120)) }, description: description, inputSchema: inputSchema,
      outputSchema: OperationAnswer.outputSchema, annotations: annotations, meta: records?.meta, run: run)
  }

  private var annotations: ToolAnnotations {
    switch operation.method {
    case .get, .head: ToolAnnotations(readOnly: true, destructive: false, idempotent: true)
    case .put: ToolAnnotations(readOnly: false, destructive: true, idempotent: true)
    case .delete: ToolAnnotations(readOnly: false, destructive: true, idempotent: true)
    default: ToolAnnotations(readOnly: false, destructive: operation.method == .patch, idempotent: false)
    }
  }

  private var description: String {
    var text = operation.description ?? operation.summary ?? ""
    if text.isEmpty { text = "\(operation.method) \(operation.path)" }
    if text.count > Self.descriptionLength { text = text.prefix(Self.descriptionLength) + "…" }
    return operation.isDeprecated ? "Deprecated. " + text : text
  }

  private var inputSchema: JSONValue {
    var conversion = SchemaConversion(document, namesFiles: operation.body?.form == .multipart)
    var properties = JSONObject()
    var required: [JSONValue] = []
    for parameter in operation.parameters {
      var schema = conversion.convert(parameter.schema, depth: 0)
      if schema.bool == true { schema = .object(JSONObject()) }
      if let description = parameter.description, schema["description"] == nil { schema["description"] = .string(Self.short(description)) }
      properties[parameter.argument] = schema
      if parameter.isRequired { required.append(.string(parameter.argument)) }
    }
    if let body = operation.body {
      var schema = body.form == .binary ? ["type": "string", "description": "The bytes to send, in base64."] : conversion.convert(body.schema, depth: 0)
      if schema.bool == true { schema = .object(JSONObject()) }
      if let description = body.description, schema["description"] == nil { schema["description"] = .string(Self.short(description)) }
      properties[Operation.bodyArgument] = schema
      if body.isRequired { required.append(.string(Operation.bodyArgument)) }
    }
    var schema: JSONValue = ["type": "object", "properties": .object(properties), "additionalProperties": false]
    if !required.isEmpty { schema["required"] = .array(required) }
    if let definitions = conversion.definitions() { schema["$defs"] = .object(definitions) }
    return schema
  }

  private static func short(_ text: String) -> String { text.count > 300 ? text.prefix(300) + "…" : text }
}
