import JSON
import MCP

/// The prompts, with a completion for `arg1`.
enum Prompts {
  static func add(to server: Server) {
    server.add(
      Prompt(name: "test_simple_prompt", description: "A prompt without arguments") { _ in PromptResult([.user("This is a simple prompt for testing.")]) })
    server.add(
      Prompt(
        name: "test_prompt_with_arguments", description: "A prompt with required arguments",
        arguments: [
          .init("arg1", description: "First test argument", required: true), .init("arg2", description: "Second test argument", required: true),
        ]
      ) { get in PromptResult([.user("Prompt with arguments: arg1='\(get["arg1"] ?? "")', arg2='\(get["arg2"] ?? "")'")]) })
    server.addCompletion(for: .prompt("test_prompt_with_arguments", argument: "arg1")) { asked in
      Completion(["paris", "park", "party"].filter { $0.hasPrefix(asked.value) })
    }
    server.add(
      Prompt(
        name: "test_prompt_with_embedded_resource", description: "A prompt with a resource",
        arguments: [.init("resourceUri", description: "URI of the resource to embed", required: true)]
      ) { get in
        PromptResult([
          PromptResult.Message(
            .user, .resource(.text("Embedded resource content for testing.", mimeType: "text/plain", uri: get["resourceUri"]))),
          .user("Please process the embedded resource above."),
        ])
      })
    server.add(
      Prompt(name: "test_prompt_with_image", description: "A prompt with an image") { _ in
        PromptResult([PromptResult.Message(.user, .image(Samples.png, mimeType: "image/png")), .user("Please analyze the image above.")])
      })
    server.add(
      Prompt(name: "test_input_required_result_prompt", description: "A prompt that asks the user first") { get in
        let answer = try await get.elicit(
          "What context should the prompt use?", ElicitationForm(.string("context")), key: "user_context")
        return PromptResult([.user("Use this context: \(answer["context"]?.string ?? "none")")])
      })
  }
}
