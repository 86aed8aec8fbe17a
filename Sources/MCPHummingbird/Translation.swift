internal import HTTPTypes
internal import Hummingbird
internal import MCPHTTP
internal import NIOCore
internal import ServiceLifecycle

extension MCPHTTP.HTTPRequest {
  /// A request of Hummingbird whose body has arrived.
  init(_ request: Request, body: ByteBuffer, of channel: any Channel) {
    var headers = HTTPHeaders()
    // HTTP Types keeps `Host` apart from the other fields.
    if let authority = request.head.authority { headers.add("Host", authority) }
    for field in request.headers { headers.add(field.name.rawName, field.value) }
    let target = (request.head.path ?? "/").split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    self.init(
      method: HTTPMethod(request.method.rawValue), path: String(target[0]), query: target.count > 1 ? String(target[1]) : nil, headers: headers,
      body: body, eventLoop: channel.eventLoop, remoteAddress: channel.remoteAddress?.ipAddress, isSecure: request.head.scheme == "https")
  }
}

extension Response {
  init(_ reply: HTTPReply, on channel: any Channel) {
    switch reply {
    case .full(let status, let headers, let body):
      self.init(status: .init(code: status.code), headers: HTTPFields(headers), body: ResponseBody(byteBuffer: body))
    case .stream(let status, let headers, let produce):
      let body = ResponseBody { writer in
        let relay = BodyRelay(loop: channel.eventLoop)
        // Shutdown takes the stream back as the client does; what it says in parting still goes out.
        try await relay.run(to: &writer) { relayed in
          try await cancelledWhenGone(channel) { try await cancelWhenGracefulShutdown { try await produce(relayed) } }
        }
        try await writer.finish(nil)
      }
      self.init(status: .init(code: status.code), headers: HTTPFields(headers), body: body)
    }
  }
}

extension HTTPFields {
  fileprivate init(_ headers: HTTPHeaders) {
    self.init()
    for (name, value) in headers.pairs {
      guard let name = HTTPField.Name(name) else { continue }
      append(HTTPField(name: name, value: value))
    }
  }
}
