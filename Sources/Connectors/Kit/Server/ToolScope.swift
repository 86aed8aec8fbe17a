public import MCP

/// A group of tools that is switched on as one.
public struct ToolGroup: Sendable {
  public var name: String
  /// Whether it is on where the settings do not say. Groups that write are not.
  public var isDefault: Bool
  public var tools: [Tool]

  public init(_ name: String, isDefault: Bool = true, _ tools: [Tool]) {
    self.name = name
    self.isDefault = isDefault
    self.tools = tools
  }
}

/// Which tools a connector offers: `read_only`, `toolsets` and `tools` of its settings. Read-only mode overrules everything else.
public struct ToolScope: Sendable, Hashable {
  public var isReadOnly: Bool
  /// Names of groups; nil for those that are on by themselves, `all` for all.
  public var groups: Set<String>?
  public var tools: NameFilter

  public static let keys: Set<String> = ["read_only", "toolsets", "tools"]

  public init(isReadOnly: Bool = false, groups: Set<String>? = nil, tools: NameFilter = NameFilter()) {
    self.isReadOnly = isReadOnly
    self.groups = groups
    self.tools = tools
  }

  public init(_ settings: ConnectorSettings) throws(ConnectorError) {
    self.init(
      isReadOnly: try settings.bool("read_only") ?? false, groups: try settings.strings("toolsets").map { Set($0) }, tools: try NameFilter(settings, "tools"))
  }

  /// The tools that are offered. A tool that does not say that it only reads, writes.
  ///
  /// - Throws: a name in `toolsets` that is no group's, and which there are.
  public func tools(of all: [ToolGroup]) throws(ConnectorError) -> [Tool] {
    for name in (groups ?? []).sorted() where name != "all" && !all.contains(where: { $0.name == name }) {
      throw ConnectorError("toolsets: there is no \"\(name)\". Known here: \(all.map(\.name).joined(separator: ", ")), all")
    }
    let chosen = all.filter { group in groups.map { $0.contains("all") || $0.contains(group.name) } ?? group.isDefault }
    return chosen.flatMap(\.tools).filter { tool in
      (!isReadOnly || tool.annotations?.readOnly == true) && tools.admits(tool.name)
    }
  }
}
