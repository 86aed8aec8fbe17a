public import Hummingbird
public import NIOCore

/// A request context that knows the connection of its request.
///
/// An MCP endpoint needs it: a client cancels by closing its connection, and nothing else of a request tells that it did. Your own context
/// keeps the channel that Hummingbird makes it with:
///
/// ```swift
/// struct AppContext: ChannelRequestContext {
///   var coreContext: CoreRequestContextStorage
///   let channel: any Channel
///   init(source: ApplicationRequestContextSource) {
///     coreContext = .init(source: source)
///     channel = source.channel
///   }
/// }
/// ```
public protocol ChannelRequestContext: RequestContext {
  /// The connection; over HTTP/2 the stream.
  var channel: any Channel { get }
}

/// The context for applications that need nothing in theirs: `Router(context: MCPRequestContext.self)`.
public struct MCPRequestContext: ChannelRequestContext, RemoteAddressRequestContext {
  public var coreContext: CoreRequestContextStorage
  public let channel: any Channel
  public var remoteAddress: SocketAddress? { channel.remoteAddress }

  public init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
  }
}
