internal import JSON
internal import MCP

/// The `manifest.json` of an MCP bundle (MCPB), as the specification of the format has it:
/// <https://github.com/modelcontextprotocol/mcpb/blob/main/MANIFEST.md>, version 0.3 of 2025-12-02.
struct BundleManifest {
  /// What is written. 0.4 adds only servers that run by uv.
  static let version = "0.3"
  static let knownVersions = ["0.1", "0.2", "0.3", "0.4"]

  /// A value that the user is asked for when the bundle is installed.
  struct Setting: Equatable {
    enum Kind: String, CaseIterable { case string, number, boolean, directory, file }

    /// Also the environment variable that the server gets it in.
    var variable: String
    var kind = Kind.string
    var title: String
    var description: String
    var isSensitive = false
    var isRequired = true

    /// The key in `user_config`.
    var key: String { variable.lowercased() }
  }

  var name: String
  var displayName: String?
  var release: String
  var description: String
  var author: String
  /// The path of the server in the bundle.
  var entryPoint: String
  var arguments: [String] = []
  var environment: [(name: String, value: String)] = []
  var settings: [Setting] = []
  /// `darwin`, `linux`, `win32`.
  var platform: String
  var icon: String?
  /// What the server offers, as far as it is known.
  var tools: [(name: String, description: String?)] = []
  /// Whether there may be other tools, for other users above all.
  var toolsAreGenerated = true

  var json: JSONValue {
    var variables = JSONObject()
    for (name, value) in environment { variables[name] = .string(value) }
    for setting in settings { variables[setting.variable] = .string("${user_config.\(setting.key)}") }
    var configuration: JSONValue = [
      "command": .string("${__dirname}/\(entryPoint)"), "args": .array(arguments.map { .string($0) }), "env": .object(variables),
    ]
    if variables.isEmpty { configuration["env"] = nil }
    var manifest: JSONValue = ["manifest_version": .string(Self.version), "name": .string(name)]
    if let displayName { manifest["display_name"] = .string(displayName) }
    manifest["version"] = .string(release)
    manifest["description"] = .string(description)
    manifest["author"] = ["name": .string(author)]
    if let icon { manifest["icon"] = .string(icon) }
    manifest["server"] = ["type": "binary", "entry_point": .string(entryPoint), "mcp_config": configuration]
    if !tools.isEmpty {
      manifest["tools"] = .array(
        tools.map { tool in
          var json: JSONValue = ["name": .string(tool.name)]
          if let description = tool.description { json["description"] = .string(description) }
          return json
        })
    }
    if toolsAreGenerated { manifest["tools_generated"] = true }
    manifest["compatibility"] = ["platforms": [.string(platform)]]
    if !settings.isEmpty {
      var config = JSONObject()
      for setting in settings {
        var json: JSONValue = ["type": .string(setting.kind.rawValue), "title": .string(setting.title), "description": .string(setting.description)]
        if setting.isSensitive { json["sensitive"] = true }
        json["required"] = .bool(setting.isRequired)
        config[setting.key] = json
      }
      manifest["user_config"] = .object(config)
    }
    return manifest
  }
}
