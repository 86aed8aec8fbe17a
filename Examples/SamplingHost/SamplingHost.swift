import ArgumentParser
import JSON
import MCP
import MCPHTTP

/// A host: it calls one tool of a server, and has a model answer what the server asks.
///
///     sampling-host suggest_outing '{"city": "Ghent"}' -- elicitation-server
///     sampling-host suggest_outing '{"city": "Ghent"}' --url http://127.0.0.1:8080/mcp --yes
@main struct SamplingHost: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sampling-host", abstract: "Calls a tool of an MCP server, and lets a model answer what the server asks it.")

  @Argument(help: "The tool to call.")
  var tool: String

  @Argument(help: "Its arguments, a JSON object.")
  var arguments: String = "{}"

  @Argument(parsing: .postTerminator, help: "The server: a command and its arguments, after --.")
  var command: [String] = []

  @Option(help: "The server: the URL of its endpoint.")
  var url: String?

  @Flag(help: "Let requests and answers pass without asking.")
  var yes = false

  func run() async throws {
    let review = yes ? Review.none : Review.atTerminal
    // Declaring `samplesWithTools` tells servers that they may give the model tools.
    let handlers = ClientHandlers(sampling: Sampler(model: ScriptedModel(), review: review).answer, samplesWithTools: true)
    let answer = try await Client.with(transport(), handlers: handlers) { client in
      try await client.callTool(tool, JSONValue(parsing: arguments))
    }
    print(answer.text)
    if answer.isError { throw ExitCode.failure }
  }

  private func transport() throws -> ClientTransport {
    if let url { return .http(url) }
    guard let program = command.first else { throw ValidationError("Name a server: --url URL, or -- COMMAND ARGUMENTS") }
    return .stdio(program, Array(command.dropFirst()))
  }
}
