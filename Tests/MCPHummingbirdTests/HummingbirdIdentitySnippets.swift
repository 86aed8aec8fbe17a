import Hummingbird
import MCP
import MCPHTTP
import MCPHummingbird
import NIOCore

// snippet: hummingbird-context
struct AppContext: ChannelRequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel
  /// Set by the application's own middleware.
  var user: AppUser?

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    channel = source.channel
  }
}

final class AppUser: Caller {
  let id: String
  init(id: String) { self.id = id }
}

func addEndpoint(to router: Router<AppContext>, _ server: Server) {
  router.group("api").mcp("/mcp", server: server) { _, context in
    guard let user = context.user else { throw HTTPError(.unauthorized) }
    return user
  }
}
// snippet end

// snippet: hummingbird-oauth
func addProtectedEndpoint(to router: Router<MCPRequestContext>, _ server: Server, _ resourceServer: ResourceServer) {
  let configuration = StreamableHTTPConfiguration(allowed: AllowedHosts(hosts: ["mcp.example.com"]))
  router.mcp("/mcp", server: server, configuration: configuration, resourceServer: resourceServer)
  router.mcpMetadata(resourceServer)
}
// snippet end
