internal import ArgumentParser
internal import Demo
internal import Gateway
internal import JSON
internal import Logging
internal import MCP
internal import NIOCore

/// A whole governed company in one process, with nothing to install or configure.
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Serve a sample company to a sales rep, her manager and a finance analyst.")

  @Option(help: "Listen on HOST:PORT.")
  var listen = "127.0.0.1:7300"
  @Option(help: "Where the sample, the tokens and the audit log are kept; a second start goes on from there.")
  var state = "sluice-demo"
  @Flag(help: "Print one line of JSON once ready, and nothing else.")
  var json = false
  @OptionGroup var logging: LoggingOptions

  func run() async throws {
    guard let address = ListenAddress(listen) else { throw ValidationError("--listen takes HOST:PORT, such as 127.0.0.1:7300") }
    guard FileText.makeDirectory(state) else { throw ValidationError("the state directory \(state) cannot be made") }
    if !json, !FileText.exists("\(state)/crm.sqlite") { print("Making the sample company (50 employees, 2,000 accounts, 10,000 opportunities, 5,000 contacts) ...") }
    let logger = logging.logger()
    let server = try await SluiceServer(Self.configuration(address, state: state), logger: logger)
    let port = try await server.startOrExplain()
    let tokens = try await DemoTokens.tokens(server.store, state: state)
    let endpoint = "http://\(address.host):\(port)/mcp"
    let announcement = Task {
      await server.gateway.waitUntilListed(atMost: .seconds(10))
      json ? DemoAnnouncement.printJSON(endpoint, tokens) : DemoAnnouncement.print(endpoint, tokens, state: state)
    }
    defer { announcement.cancel() }
    try await server.runUntilSignal(logger: logger)
  }

  static func configuration(_ address: ListenAddress, state: String) -> SluiceConfiguration {
    var configuration = SluiceConfiguration()
    configuration.name = "Northwind"
    (configuration.host, configuration.port) = (address.host, address.port)
    configuration.state = state
    configuration.policies = DemoPolicy.text
    configuration.auditOrigin = "sluice.demo/northwind"
    for person in DemoPeople.all {
      configuration.directory.users[person.id] = UserDirectory.Entry(groups: person.groups, roles: person.roles, attributes: person.attributes)
    }
    configuration.upstreams = [
      SluiceConfiguration.UpstreamEntry(
        settings: Upstream.Configuration(name: CRMServer.upstream, isTrusted: true, enforcesRows: true), kind: .sample(path: "\(state)/crm.sqlite"))
    ]
    return configuration
  }
}

/// The tokens of the three people. A real token is shown once; the demo keeps its own in a file only its owner can read, so that
/// a second start goes on with them.
enum DemoTokens {
  static func tokens(_ store: SQLiteStore, state: String) async throws -> [(person: DemoPerson, token: String)] {
    let file = "\(state)/demo-tokens.json"
    let kept = FileText.read(file).flatMap { try? JSONValue(parsing: $0) }
    var tokens: [(person: DemoPerson, token: String)] = []
    for person in DemoPeople.all {
      if let token = kept?[person.key]?.string {
        tokens.append((person, token))
      } else {
        tokens.append((person, try await APITokens(store: store).create(user: person.id, name: "demo").secret.reveal()))
      }
    }
    var object: JSONValue = .object(JSONObject())
    for (person, token) in tokens { object[person.key] = .string(token) }
    guard FileText.writePrivately(object.text, to: file) else { throw ConfigurationError("\(file) cannot be written") }
    return tokens
  }
}

enum DemoAnnouncement {
  static func printJSON(_ endpoint: String, _ tokens: [(person: DemoPerson, token: String)]) {
    var object: JSONValue = .object(JSONObject())
    for (person, token) in tokens { object[person.key] = .string(token) }
    write((["endpoint": .string(endpoint), "tokens": object] as JSONValue).text + "\n")
  }

  static func print(_ endpoint: String, _ tokens: [(person: DemoPerson, token: String)], state: String) {
    let executable = Executable.path
    let token = tokens.first?.token ?? ""
    let body: JSONValue = [
      "jsonrpc": "2.0", "id": 1, "method": "tools/call",
      "params": [
        "name": "crm__list_opportunities", "arguments": ["limit": 3],
        "_meta": .object([MetaKey.protocolVersion: "2026-07-28", MetaKey.clientCapabilities: .object(JSONObject())]),
      ],
    ]
    let people = tokens.map { person, token in
      "  \(person.key.padded(to: 8))  \(person.name.padded(to: 14))  \(person.roles.joined(separator: ", ").padded(to: 14))  \(token)"
    }.joined(separator: "\n")
    write(
      """

      Northwind is served at  \(endpoint)

      Who you can be. The same calls give each of them other tools, rows and fields:
      \(people)

      With Sluice:
        SLUICE_TOKEN=\(token) \(executable) call --url \(endpoint) crm__list_opportunities '{"limit": 3}'

      With curl:
        curl -s \(endpoint) -H 'Authorization: Bearer \(token)' -H 'Content-Type: application/json' \\
          -H 'Accept: application/json, text/event-stream' -H 'MCP-Protocol-Version: 2026-07-28' \\
          -H 'Mcp-Method: tools/call' -H 'Mcp-Name: crm__list_opportunities' \\
          -d '\(body.text)'

      With Claude Code:
        claude mcp add --transport http northwind \(endpoint) --header "Authorization: Bearer \(token)"

      With Claude Desktop, in claude_desktop_config.json:
      \(ClaudeDesktopConfiguration.entry(executable: executable, url: endpoint, token: token).prettyText.indented(by: 2))

      Who did what, and that nobody changed it since:
        \(executable) audit tail --log \(SluiceServer.auditDirectory(state: state))
        \(executable) audit verify --log \(SluiceServer.auditDirectory(state: state))

      Stop with Ctrl-C. State is kept in \(state).

      """)
  }

  /// Whole and at once: what reads our output may wait for it.
  private static func write(_ text: String) { StandardOutput.write(text) }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
  fileprivate func indented(by spaces: Int) -> String {
    split(separator: "\n", omittingEmptySubsequences: false).map { String(repeating: " ", count: spaces) + $0 }.joined(separator: "\n")
  }
}
