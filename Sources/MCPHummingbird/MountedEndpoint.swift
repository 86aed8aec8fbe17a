internal import Hummingbird
internal import MCPHTTP
internal import NIOCore

/// The Streamable HTTP endpoint as a responder of Hummingbird.
struct MountedEndpoint<Context: ChannelRequestContext>: Hummingbird.HTTPResponder {
  let endpoint: StreamableHTTPResponder
  let maximumBodyBytes: Int
  let authenticate: @Sendable (Request, Context) -> StreamableHTTPResponder.Authenticate?

  func respond(to request: Request, context: Context) async throws -> Response {
    let channel = context.channel
    let body: ByteBuffer
    do { body = try await request.body.collect(upTo: maximumBodyBytes) } catch is NIOTooManyBytesError {
      // What is left of the body stands before any next request.
      var response = Response(.text(.contentTooLarge, "The body may have at most \(maximumBodyBytes) bytes."), on: channel)
      response.headers[.connection] = "close"
      return response
    }
    let authenticate = authenticate(request, context)
    let translated = MCPHTTP.HTTPRequest(request, body: body, of: channel)
    let reply = try await cancelledWhenGone(channel) { await endpoint.respond(toMounted: translated, authenticate: authenticate) }
    return Response(reply, on: channel)
  }
}
