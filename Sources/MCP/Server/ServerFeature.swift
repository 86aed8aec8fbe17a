public import Logging

/// What a server may offer: a tool, a prompt, a resource, a template, suggestions for an argument, or a set of them.
public protocol ServerFeature: Sendable {
  /// Adds all of it to a server. What has the same name is replaced.
  func add(to server: Server)
}

extension Tool: ServerFeature {
  /// Adds all of it to a server. What has the same name is replaced.
  public func add(to server: Server) { server.add(self) }
}
extension Prompt: ServerFeature {
  /// Adds all of it to a server. What has the same name is replaced.
  public func add(to server: Server) { server.add(self) }
}
extension Resource: ServerFeature {
  /// Adds all of it to a server. What has the same name is replaced.
  public func add(to server: Server) { server.add(self) }
}
extension ResourceTemplate: ServerFeature {
  /// Adds all of it to a server. What has the same name is replaced.
  public func add(to server: Server) { server.add(self) }
}

/// Features, one a line, with `if`, `switch` and `for`.
@resultBuilder
public enum ServerBuilder {
  public static func buildExpression(_ feature: any ServerFeature) -> [any ServerFeature] { [feature] }
  public static func buildExpression(_ features: [any ServerFeature]) -> [any ServerFeature] { features }
  public static func buildBlock(_ parts: [any ServerFeature]...) -> [any ServerFeature] { parts.flatMap { $0 } }
  public static func buildOptional(_ part: [any ServerFeature]?) -> [any ServerFeature] { part ?? [] }
  public static func buildEither(first: [any ServerFeature]) -> [any ServerFeature] { first }
  public static func buildEither(second: [any ServerFeature]) -> [any ServerFeature] { second }
  public static func buildArray(_ parts: [[any ServerFeature]]) -> [any ServerFeature] { parts.flatMap { $0 } }
}

extension Server {
  /// Adds a tool, a prompt, a resource, a template, or a set of them. What has the same name is replaced.
  public func add(_ feature: some ServerFeature) { feature.add(to: self) }

  /// A server that offers `features`.
  public convenience init(
    name: String, title: String? = nil, version: String = "1.0.0", instructions: String? = nil, settings: Settings = Settings(),
    logger: Logger = Logger(label: "mcp.server"), _ features: any ServerFeature...
  ) {
    self.init(name: name, title: title, version: version, instructions: instructions, settings: settings, logger: logger)
    for feature in features { feature.add(to: self) }
  }

  /// A server that offers what `features` lists.
  ///
  /// ```swift
  /// Server(name: "weather", version: "1") {
  ///   Weather()
  ///   Resource(uri: "weather://units", name: "units") { _ in .text("metric") }
  ///   if isAdmin { Tool(name: "reload") { _ in await reload() } }
  /// }
  /// ```
  public convenience init(
    name: String, title: String? = nil, version: String = "1.0.0", instructions: String? = nil, settings: Settings = Settings(),
    logger: Logger = Logger(label: "mcp.server"), @ServerBuilder _ features: () throws -> [any ServerFeature]
  ) rethrows {
    self.init(name: name, title: title, version: version, instructions: instructions, settings: settings, logger: logger)
    for feature in try features() { feature.add(to: self) }
  }
}
