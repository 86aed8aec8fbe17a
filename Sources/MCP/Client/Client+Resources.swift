internal import JSON
internal import NIOCore

extension Client {
  /// All resources, page by page as they are asked for.
  public func resources(options: RequestOptions = RequestOptions()) -> ListSequence<ResourceDefinition> {
    ListSequence(client: self, method: .resourcesList, member: "resources", options: options, read: ResourceDefinition.init)
  }

  /// All resources, every page of them.
  public func listResources(options: RequestOptions = RequestOptions()) async throws(ClientError) -> [ResourceDefinition] {
    try await resources(options: options).all()
  }

  /// All resource templates, page by page as they are asked for.
  public func resourceTemplates(options: RequestOptions = RequestOptions()) -> ListSequence<ResourceTemplateDefinition> {
    ListSequence(client: self, method: .resourceTemplatesList, member: "resourceTemplates", options: options, read: ResourceTemplateDefinition.init)
  }

  /// All resource templates, every page of them.
  public func listResourceTemplates(options: RequestOptions = RequestOptions()) async throws(ClientError) -> [ResourceTemplateDefinition] {
    try await resourceTemplates(options: options).all()
  }

  /// Reads a resource.
  ///
  /// - Throws: ``ClientError``: `.server` with ``RPCError/isResourceNotFound`` where there is none.
  public func readResource(_ uri: String, options: RequestOptions = RequestOptions()) async throws(ClientError) -> ReadResult {
    let result = try await perform(.resourcesRead, ClientConnection.RequestBody(uri: uri), options, cacheKey: .init(method: .resourcesRead, parameter: uri))
    var contents: [ResourceContents] = []
    for content in result.elements(of: "contents") {
      do throws(RPCError) { contents.append(try ResourceContents(JSONValue(content))) } catch { throw invalid("\(uri): \(error.message)") }
    }
    let scope = result["cacheScope"]?.string.flatMap { CacheHint.Scope(rawValue: $0) }
    let cache = result["ttlMs"]?.int.map { CacheHint(milliseconds: $0, scope: scope ?? .private) }
    return ReadResult(contents, cache: cache, meta: result.metaObject)
  }
}

extension RPCError {
  /// Whether a server says that there is no such resource, in the way of either era.
  public var isResourceNotFound: Bool { code == .resourceNotFound || (code == .invalidParams && data?["uri"] != nil) }
}
