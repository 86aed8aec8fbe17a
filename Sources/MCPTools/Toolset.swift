public import MCP

/// A type whose functions are the tools, prompts and resources of a server. `@Tools` makes one.
public protocol Toolset: ServerFeature {
  /// Its tools.
  var tools: [Tool] { get }
  /// Its prompts.
  var prompts: [Prompt] { get }
  /// Its resources with a fixed URI.
  var resources: [Resource] { get }
  /// Its resources whose URIs follow a template.
  var resourceTemplates: [ResourceTemplate] { get }
}

extension Toolset {
  public var tools: [Tool] { [] }
  public var prompts: [Prompt] { [] }
  public var resources: [Resource] { [] }
  public var resourceTemplates: [ResourceTemplate] { [] }

  public func add(to server: Server) {
    for tool in tools { server.add(tool) }
    for prompt in prompts { server.add(prompt) }
    for resource in resources { server.add(resource) }
    for template in resourceTemplates { server.add(template) }
  }
}
