internal import JSON
internal import NIOCore
internal import Synchronization

extension Server {
  func resource(_ uri: String) -> (mimeType: String?, variables: URITemplate.Variables, read: @Sendable (ResourceRead) async throws -> ReadResult)? {
    let (resource, templates) = state.withLock { ($0.resources[uri], $0.templates) }
    if let resource { return (resource.link.mimeType, URITemplate.Variables(), resource.read) }
    for template in templates.items {
      if let variables = template.uriTemplate.match(uri) { return (template.mimeType, variables, template.read) }
    }
    return nil
  }

  func readResource(_ request: Envelope, _ context: RequestContext) async throws -> ByteBuffer {
    let uri = try string("uri", of: request)
    guard let resource = resource(uri) else { throw RPCError.resourceNotFound(uri, context.era) }
    return try await interact(request, context) { interaction in
      let read = try await resource.read(
        ResourceRead(uri: uri, variables: resource.variables, envelope: request, context: context, interaction: interaction))
      var result = ResultText(context.era)
      result.value(.array(read.contents.map { $0.json(uri: uri, mimeType: resource.mimeType) }), for: "contents")
      return result.finish(server: implementation, cache: read.cache ?? settings.readCache, meta: read.meta)
    }
  }
}
