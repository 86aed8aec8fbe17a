extension StdioServerTransport {
  /// Serves `handler` until the client closes our input, then finishes what is being answered.
  ///
  /// - Parameter bound: how long the requests being answered may take after that.
  public func serve(
    _ handler: any RequestHandler, configuration: StdioResponder.Configuration = StdioResponder.Configuration(),
    caller: (any Caller)? = nil, finishingWithin bound: Duration = .seconds(5)
  ) async throws {
    let responder = StdioResponder(
      handler, configuration: configuration, caller: caller, send: { try? await self.send($0) }, resume: { self.resumeReading() })
    try await run(
      Events(
        line: { responder.receive($0) }, lineTooLong: { responder.receiveTooLongLine($0) },
        partialLine: { _ = responder.receive($0) }))
    await responder.finish(within: bound)
    await finish()
  }
}
