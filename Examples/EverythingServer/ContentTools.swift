import JSON
import MCP

/// Tools that answer with each kind of content, and tools that say something before they answer.
enum ContentTools {
  static func add(to server: Server) {
    server.add(
      Tool(name: "test_simple_text", description: "Answers with text") { _ in ToolResult(text: "This is a simple text response for testing.") })
    server.add(
      Tool(name: "test_image_content", description: "Answers with an image") { _ in ToolResult([.image(Samples.png, mimeType: "image/png")]) })
    server.add(
      Tool(name: "test_audio_content", description: "Answers with audio") { _ in ToolResult([.audio(Samples.wav, mimeType: "audio/wav")]) })
    server.add(
      Tool(name: "test_embedded_resource", description: "Answers with a resource") { _ in
        ToolResult([.resource(.text("This is an embedded resource content.", mimeType: "text/plain", uri: "test://embedded-resource"))])
      })
    server.add(
      Tool(name: "test_multiple_content_types", description: "Answers with text, an image and a resource") { _ in
        ToolResult([
          .text("Multiple content types test:"), .image(Samples.png, mimeType: "image/png"),
          .resource(.text("{\"test\":\"data\",\"value\":123}", mimeType: "application/json", uri: "test://mixed-content-resource")),
        ])
      })
    server.add(
      Tool(name: "test_resource_link", description: "Answers with a link to a resource") { _ in
        ToolResult([.link(ResourceLink(uri: "test://static-text", name: "Static Text Resource", mimeType: "text/plain", size: 48))])
      })
    server.add(
      Tool(name: "test_error_handling", description: "Fails in a way that a model can read") { _ in
        .error("This tool intentionally returns an error for testing")
      })
    server.add(
      Tool(name: "test_tool_with_progress", description: "Tells its progress") { call in
        for progress in [0.0, 50, 100] {
          await call.progress(progress, total: 100)
          try await Task.sleep(for: .milliseconds(50))
        }
        return ToolResult(text: "Done, with progress.")
      })
    server.add(
      Tool(name: "test_tool_with_logging", description: "Logs while it runs") { call in
        for message in ["Tool execution started", "Tool processing data", "Tool execution completed"] as [JSONValue] {
          await call.log(.info, message)
          try await Task.sleep(for: .milliseconds(50))
        }
        return ToolResult(text: "Done, with logging.")
      })
    server.add(
      Tool(name: "test_logging_tool", description: "Logs if the request asks for it") { call in
        await call.log(.info, "A message for who asked for it")
        return ToolResult(text: "Done.")
      })
    server.add(
      Tool(name: "json_schema_2020_12_tool", description: "Has an input schema with keywords of JSON Schema 2020-12", inputSchema: schema) { call in
        ToolResult(text: "Arguments: \(call.arguments.text)")
      })
    server.add(
      Tool(
        name: "test_x_mcp_header", description: "Has a parameter that clients repeat in a header",
        inputSchema: [
          "type": "object", "properties": ["region": ["type": "string", "description": "A region", "x-mcp-header": "Region"]], "required": ["region"],
        ]
      ) { call in ToolResult(text: "Region: \(call.string("region") ?? "")") })
    server.add(
      Tool(name: "test_reconnection", description: "Ends its stream and answers when the client comes back") { call in
        await call.closeStream(retryAfter: 500)
        try await Task.sleep(for: .milliseconds(100))
        return ToolResult(text: "Reconnection test completed: the answer came after the stream was closed.")
      })
    server.add(
      Tool(name: "test_trigger_tool_change", description: "Changes the list of tools") { _ in
        server.add(Tool(name: "test_dynamic_tool", description: "Comes and goes") { _ in ToolResult(text: "Here.") })
        server.removeTool("test_dynamic_tool")
        return ToolResult(text: "The list of tools has changed.")
      })
    server.add(
      Tool(name: "test_trigger_prompt_change", description: "Changes the list of prompts") { _ in
        server.add(Prompt(name: "test_dynamic_prompt", description: "Comes and goes") { _ in PromptResult([.user("Here.")]) })
        server.removePrompt("test_dynamic_prompt")
        return ToolResult(text: "The list of prompts has changed.")
      })
    server.add(
      Tool(name: "test_trigger_resource_update", description: "Changes the watched resource") { _ in
        server.notifyResourceUpdated("test://watched-resource")
        return ToolResult(text: "The watched resource has changed.")
      })
  }

  private static let schema: JSONValue = [
    "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
    "$defs": [
      "address": ["$anchor": "addressDef", "type": "object", "properties": ["street": ["type": "string"], "city": ["type": "string"]]]
    ],
    "properties": [
      "name": ["type": "string"], "address": ["$ref": "#/$defs/address"], "contactMethod": ["type": "string", "enum": ["phone", "email"]],
      "phone": ["type": "string"], "email": ["type": "string"],
    ],
    "allOf": [["anyOf": [["required": ["phone"]], ["required": ["email"]]]]],
    "if": ["properties": ["contactMethod": ["const": "phone"]], "required": ["contactMethod"]], "then": ["required": ["phone"]],
    "else": ["required": ["email"]], "additionalProperties": false,
  ]
}
