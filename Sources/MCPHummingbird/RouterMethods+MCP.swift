public import Hummingbird
public import MCP
internal import MCPAuth
public import MCPHTTP

/// Finds out who sends a request, from the request and what middleware has put into its context; throws to refuse it.
public typealias FindCaller<Context> = @Sendable (Request, Context) async throws -> (any Caller)?

extension RouterMethods where Context: ChannelRequestContext {
  /// Serves MCP over Streamable HTTP at a path of this router, for clients of both eras.
  ///
  /// ```swift
  /// let router = Router(context: MCPRequestContext.self)
  /// router.get("/") { _, _ in "Hello" }
  /// router.mcp(server: Server(name: "weather", version: "1.0.0", Weather()))
  /// try await Application(router: router).runService()
  /// ```
  ///
  /// Events go out as they come, at the pace of the client. A client that closes its connection cancels its handlers. When the application
  /// shuts down, streams end and what is being answered may finish.
  ///
  /// - Parameters:
  ///   - path: below the path of this router or group.
  ///   - handler: the server.
  ///   - configuration: its `path` means nothing here. The hosts and origins that it allows are this machine's unless you say otherwise.
  ///   - maximumBodyBytes: the longest body taken; more is answered 413.
  ///   - authenticate: finds out who sends a request; nil leaves the endpoint open to whoever passes the router's middleware.
  /// - Returns: this router, for more routes.
  @discardableResult public func mcp(
    _ path: RouterPath = "/mcp", server handler: any RequestHandler, configuration: StreamableHTTPConfiguration = StreamableHTTPConfiguration(),
    maximumBodyBytes: Int = 4 << 20, authenticate: StreamableHTTPResponder.Authenticate? = nil
  ) -> Self {
    mount(path, handler, configuration, maximumBodyBytes) { _, _ in authenticate }
  }

  /// Serves MCP at a path of this router, to the callers that the application's own middleware has found.
  ///
  /// ```swift
  /// router.group().add(middleware: BearerAuthenticator()).mcp(server: server) { _, context in
  ///   guard let user = context.identity else { throw HTTPError(.unauthorized) }
  ///   return user
  /// }
  /// ```
  ///
  /// - Parameter caller: is asked when a request comes, and again before each message of a long stream. What it throws refuses the
  ///   request; with an `HTTPError` it chooses the status and headers, anything else is answered 401.
  @discardableResult public func mcp(
    _ path: RouterPath = "/mcp", server handler: any RequestHandler, configuration: StreamableHTTPConfiguration = StreamableHTTPConfiguration(),
    maximumBodyBytes: Int = 4 << 20, caller: @escaping FindCaller<Context>
  ) -> Self {
    mount(path, handler, configuration, maximumBodyBytes) { request, context in
      { _ in
        do { return .allowed(try await caller(request, context)) } catch { return .refused(HTTPHint(refusing: error)) }
      }
    }
  }

  /// Serves MCP as an OAuth 2.1 resource server. Add ``mcpMetadata(_:)`` to the router itself: clients look there for whom to ask.
  @discardableResult public func mcp(
    _ path: RouterPath = "/mcp", server handler: any RequestHandler, configuration: StreamableHTTPConfiguration = StreamableHTTPConfiguration(),
    maximumBodyBytes: Int = 4 << 20, resourceServer: ResourceServer
  ) -> Self {
    mcp(path, server: handler, configuration: configuration, maximumBodyBytes: maximumBodyBytes, authenticate: { await resourceServer.authenticate($0) })
  }

  /// Serves the protected-resource metadata (RFC 9728) where clients look for it: below the root, so call it on the router, not on a group.
  @discardableResult public func mcpMetadata(_ resourceServer: ResourceServer) -> Self {
    for path in Set([resourceServer.metadata.path, "/.well-known/oauth-protected-resource"]) {
      on(RouterPath(path), method: .get) { request, context in
        let request = MCPHTTP.HTTPRequest(request, body: ByteBuffer(), of: context.channel)
        guard let document = resourceServer.document(for: request) else { throw HTTPError(.notFound) }
        return Response(document, on: context.channel)
      }
    }
    return self
  }

  private func mount(
    _ path: RouterPath, _ handler: any RequestHandler, _ configuration: StreamableHTTPConfiguration, _ maximumBodyBytes: Int,
    _ authenticate: @escaping @Sendable (Request, Context) -> StreamableHTTPResponder.Authenticate?
  ) -> Self {
    let endpoint = MountedEndpoint<Context>(
      endpoint: StreamableHTTPResponder(handler, configuration: configuration), maximumBodyBytes: maximumBodyBytes, authenticate: authenticate)
    for method in [HTTPRequest.Method.get, .post, .delete] { on(path, method: method, responder: endpoint) }
    return self
  }
}

extension HTTPHint {
  /// The refusal of a request whose caller was not found.
  fileprivate init(refusing error: any Error) {
    guard let error = error as? any HTTPResponseError else {
      self.init(status: 401)
      return
    }
    let headers = (error as? HTTPError)?.headers.map { Header($0.name.rawName, $0.value) } ?? []
    self.init(status: error.status.code, headers: headers)
  }
}
