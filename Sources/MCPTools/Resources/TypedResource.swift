internal import JSON
public import MCP

/// What a resource may hold: a text, contents, or the whole result. A ``ToolValue`` becomes JSON.
public protocol ResourceOutput: Sendable {
  /// The contents of the resource.
  func readResult() -> ReadResult
}

extension String: ResourceOutput {
  /// The contents of the resource.
  public func readResult() -> ReadResult { .text(self) }
}
extension ReadResult: ResourceOutput {
  /// The contents of the resource.
  public func readResult() -> ReadResult { self }
}
extension ResourceContents: ResourceOutput {
  /// The contents of the resource.
  public func readResult() -> ReadResult { ReadResult([self]) }
}

extension ReadResult {
  /// The contents of a resource.
  public init(_ output: some ResourceOutput) { self = output.readResult() }
  /// Bytes.
  public init(_ bytes: [UInt8]) { self = .blob(bytes) }
  /// A value as its JSON text.
  @_disfavoredOverload
  public init(_ value: some ToolValue) { self = .text(value.jsonValue.text, mimeType: "application/json") }
}

extension ResourceRead {
  /// The value of a variable of the template, as a Swift type. Types other than strings are read as JSON.
  ///
  /// - Throws: ``RPCError`` that the resource does not exist, when the URI has no such value: `weather://{days}` is no resource for "abc".
  public func value<Value: ToolValue>(_ variable: String, _ type: Value.Type = Value.self, default: Value? = nil) throws(RPCError) -> Value {
    guard let text = self[variable] else {
      if let value = `default` ?? Value.absent { return value }
      throw notFound
    }
    do { return try Value(promptArgument: text) } catch { throw notFound }
  }
}

extension ResourceTemplate {
  /// A template that `@Resource` has checked when it was compiled. Were it none after all, it would stand for its own text.
  public init(
    checked uriTemplate: String, name: String, title: String? = nil, description: String? = nil, mimeType: String? = nil,
    read: @escaping @Sendable (ResourceRead) async throws -> ReadResult
  ) {
    self.init(
      uriTemplate: (try? URITemplate(uriTemplate)) ?? URITemplate(literal: uriTemplate), name: name, title: title,
      description: description, mimeType: mimeType, read: read)
  }
}
