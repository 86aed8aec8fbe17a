public import MCP

/// A type whose functions are the tools, prompts and resources of a server. `@Tools` makes one.
public protocol Toolset: ServerFeature {
  var tools: [Tool] { get }
  var prompts: [Prompt] { get }
  var resources: [Resource] { get }
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
