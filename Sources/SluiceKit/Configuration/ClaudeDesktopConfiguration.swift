internal import JSON

/// A `claude_desktop_config.json`: the servers that Claude Desktop starts, in and out.
struct ClaudeDesktopConfiguration {
  struct ServerEntry {
    var name: String
    var command: String
    var arguments: [String]
    var environment: [(name: String, value: String)]
  }
  var servers: [ServerEntry] = []

  /// - Throws: what is wrong with the file; an entry that is no server is named.
  init(parsing text: String, file: String) throws(ConfigurationError) {
    let root: JSONValue
    do { root = try JSONValue(parsing: text) } catch { throw ConfigurationError("this is no valid JSON: \(error)", in: file) }
    guard let entries = root["mcpServers"]?.object else { throw ConfigurationError("there is no mcpServers object", in: file) }
    for (name, entry) in entries {
      guard let command = entry["command"]?.string else { throw ConfigurationError("mcpServers.\(name) has no command", in: file) }
      servers.append(
        ServerEntry(
          name: name, command: command, arguments: entry["args"]?.array?.compactMap(\.string) ?? [],
          environment: (entry["env"]?.object ?? JSONObject()).compactMap { member in member.value.string.map { (member.name, $0) } }))
    }
  }

  /// The servers as the `upstreams` of a `sluice.yaml`. Values of `env` stay as they are; replace secrets by references.
  var yaml: String {
    guard !servers.isEmpty else { return ConfigurationTemplate.noUpstreams }
    var lines = ["upstreams:"]
    for server in servers {
      lines.append("  \(Self.name(server.name)):")
      lines.append("    command: \(JSONValue.string(server.command).text)")
      if !server.arguments.isEmpty { lines.append("    args: \(JSONValue.array(server.arguments.map { .string($0) }).text)") }
      if !server.environment.isEmpty {
        lines.append("    env:                        # move secrets out: ${env:NAME} or ${file:PATH}")
        for (name, value) in server.environment { lines.append("      \(JSONValue.string(name).text): \(JSONValue.string(value).text)") }
      }
    }
    return lines.joined(separator: "\n")
  }

  /// A name that can stand before the tools' names.
  private static func name(_ text: String) -> String {
    var name = ""
    for character in text.lowercased() {
      if character.isASCII, character.isLetter || character.isNumber || character == "-" {
        name.append(character)
      } else if !name.isEmpty, !name.hasSuffix("_") {
        name.append("_")
      }
    }
    while name.hasSuffix("_") { name.removeLast() }
    if name.first?.isLetter != true { name = "server-" + name }
    return String(name.prefix(32))
  }

  /// The entry that connects Claude Desktop to a running gateway.
  static func entry(executable: String, url: String, token: String) -> JSONValue {
    ["mcpServers": ["sluice": ["command": .string(executable), "args": ["stdio", "--url", .string(url)], "env": ["SLUICE_TOKEN": .string(token)]]]]
  }
}
