internal import ArgumentParser
internal import Gateway
internal import JSON
internal import Logging
internal import MCP
internal import MCPAuth
internal import MCPHTTP
internal import NIOPosix
internal import Secrets

/// A client for people, of any MCP server of anyone.
struct InspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Look into any MCP server: list, call, read, subscribe, see the messages.",
    discussion: """
      SERVER is an http or https URL, or a command that starts one, in quotes. Without an action there is a prompt, or what standard input \
      says line by line. Actions, there and here:

      \(InspectAction.help)

      Examples:
        sluice inspect 'uvx mcp-server-time' list tools
        sluice inspect https://example.com/mcp --header 'X-Key: ${env:KEY}' call find q=tea
        sluice inspect .build/debug/weather-server --raw

      Exit status: 0 done, 1 the server failed or refused, 2 the command line is wrong.
      """)

  @Argument(help: "The server: a URL, or a command in quotes.")
  var server: String
  @Argument(help: ArgumentHelp("What to do.", valueName: "action"))
  var action: [String] = []

  @Option(help: ArgumentHelp("A header of each request, 'Name: value'; ${env:NAME} and ${file:PATH} stand for secrets. May be repeated.", valueName: "header"))
  var header: [String] = []
  @Option(help: ArgumentHelp("A variable for the command, NAME=VALUE. May be repeated.", valueName: "variable"))
  var env: [String] = []
  @Option(help: "Where the command starts.")
  var directory: String?
  @Option(help: "auto, modern, legacy or a revision.")
  var era = "auto"
  @Option(help: ArgumentHelp("A directory that the server may ask for (roots). May be repeated.", valueName: "path"))
  var root: [String] = []
  @Option(help: "The longest wait for an answer, in seconds.")
  var timeout = 60
  @Flag(help: "Print results as JSON, one a line.")
  var json = false
  @Flag(help: "Show every message on standard error.")
  var raw = false
  @Flag(help: "Sign in with OAuth where the server asks for it.")
  var oauth = false
  @Option(help: "Keep the tokens of --oauth in this file.")
  var oauthTokens: String?
  @Option(help: "End a subscription after so many changes.")
  var count: Int?
  @Option(name: .customLong("for"), help: ArgumentHelp("End a subscription after so many seconds.", valueName: "seconds"))
  var seconds: Int?
  @Option(help: "trace, debug, info, notice, warning or error; info shows the standard error of a command.")
  var logLevel = "error"

  func run() async throws {
    let target = try InspectTarget(server)
    guard timeout > 0 else { throw ValidationError("--timeout takes a number of seconds above 0") }
    var chosen: InspectAction?
    if !action.isEmpty {
      do throws(InspectAction.UsageError) { chosen = try InspectAction(action) } catch { throw ValidationError(error.description) }
    }
    let (input, output) = (TerminalInput(), InspectOutput(isJSON: json))
    let versions = try InspectEra.versions(era)
    let (transport, redirect) = try await transport(target, output)
    var logger = Logger(label: "sluice", factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = Logger.Level(rawValue: logLevel) ?? .error
    let client = Client(
      raw ? transport.observed { output.show($0) } : transport,
      handlers: TerminalQuestions.handlers(input, output, server: target.label, roots: try root.map(Self.root)),
      settings: .init(
        name: "sluice-inspect", version: SluiceVersion.current, versions: versions, timeout: .seconds(timeout), connectTimeout: .seconds(min(timeout, 30))),
      logger: logger)
    let isDone: Bool
    do {
      isDone = try await inspect(client, chosen, input, output, target)
      await client.close()
      await redirect?.close()
    } catch {
      await client.close()
      await redirect?.close()
      if error is ValidationError { throw error }
      throw CommandError(Self.explained(error))
    }
    if !isDone { throw ExitCode(1) }
  }

  private func inspect(_ client: Client, _ action: InspectAction?, _ input: TerminalInput, _ output: InspectOutput, _ target: InspectTarget) async throws -> Bool {
    let inspector = Inspector(client, output)
    if let action { return try await inspector.perform(action, .init(changes: count, time: seconds.map { .seconds($0) })) }
    if input.isInteractive { _ = try await inspector.perform(.info) }
    let (lines, succeeded) = await InspectPrompt(inspector: inspector, input: input, output: output, label: target.label).run()
    guard lines > 0 || input.isInteractive else {
      throw ValidationError("nothing to do: name an action, such as list, or give actions on standard input. sluice inspect --help lists them")
    }
    // A person has seen what went wrong; a script is told.
    return input.isInteractive || succeeded
  }

  /// A refusal with what can be done about it.
  private static func explained(_ error: any Error) -> String {
    guard case .wire(let wire) = error as? ClientError else { return "\(error)" }
    return switch wire.code {
    case .status(401): "\(wire). The server wants to know who asks: give --header 'Authorization: Bearer ${env:TOKEN}', or --oauth"
    case .status(404), .status(405): "\(wire). Is this the MCP endpoint? Many servers have it at /mcp"
    default: "\(wire)"
    }
  }

  // MARK: The server

  private func transport(_ target: InspectTarget, _ output: InspectOutput) async throws -> (ClientTransport, LoopbackRedirect?) {
    switch target {
    case .command(let command, let arguments):
      guard header.isEmpty, !oauth else { throw ValidationError("--header and --oauth are for servers at a URL") }
      var environment: [String: String] = [:]
      for variable in env {
        guard let equals = variable.firstIndex(of: "="), equals != variable.startIndex else { throw ValidationError("--env takes NAME=VALUE, not \(variable)") }
        environment[String(variable[..<equals])] = String(variable[variable.index(after: equals)...])
      }
      return (.stdio(ChildCommand(command, arguments: arguments, environment: environment, workingDirectory: directory)), nil)
    case .url(let url):
      guard env.isEmpty, directory == nil else { throw ValidationError("--env and --directory are for servers that a command starts") }
      if oauth {
        guard header.isEmpty else { throw ValidationError("--header and --oauth exclude each other") }
        return try await signedIn(url, output)
      }
      let headers = try header.map(Self.header)
      return (.http(url, headers: { try headers.map { HTTPHint.Header($0.name, try $0.value.text()) } }), nil)
    }
  }

  private func signedIn(_ url: String, _ output: InspectOutput) async throws -> (ClientTransport, LoopbackRedirect?) {
    let redirect = try await LoopbackRedirect.listen(on: MultiThreadedEventLoopGroup.singleton)
    let browser = redirect.browser { output.note("Sign in, in a browser on this machine:\n\($0)") }
    let store: any TokenStore = oauthTokens.map { FileTokenStore(path: $0) } ?? InMemoryTokenStore()
    return (
      .http(
        OAuthConfiguration(
          server: url, grant: .authorizationCode(redirectURI: redirect.redirectURI, browser: browser),
          registration: OAuthClientDescription(name: "Sluice inspect"), store: store)), redirect
    )
  }

  private static func header(_ text: String) throws -> (name: String, value: SecretReference) {
    guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else { throw ValidationError("--header takes 'Name: value', not \(text.prefix(40))") }
    let value = text[text.index(after: colon)...].drop { $0 == " " }
    do throws(ConfigurationError) { return (String(text[..<colon]), try SecretReference(configuration: String(value))) } catch {
      throw ValidationError("--header: \(error)")
    }
  }

  private static func root(_ path: String) throws -> Root {
    guard let absolute = FileText.absolute(path) else { throw ValidationError("--root: there is no \(path)") }
    var uri = "file://"
    for byte in absolute.utf8 {
      let isPlain =
        byte == 0x2F || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte)
      uri += isPlain ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
    return Root(uri: uri, name: absolute.split(separator: "/").last.map(String.init))
  }
}
