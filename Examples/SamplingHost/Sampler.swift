import MCP

/// What writes messages: a provider's API, a model on this machine, or a double.
protocol Model: Sendable {
  func write(_ request: SamplingRequest) async throws -> SamplingResult
}

/// Answers a server's requests for sampling: the user sees what goes to the model, and what comes back, before it goes on.
struct Sampler: Sendable {
  let model: any Model
  let review: Review
  /// What one request may cost at most, whatever it asks for.
  var maximumTokens = 1000

  func answer(_ request: SamplingRequest) async throws -> SamplingResult {
    var request = request
    request.maxTokens = min(request.maxTokens, maximumTokens)
    guard await review.request(request) else { throw RPCError.rejectedByUser }
    let result = try await model.write(request)
    guard await review.result(result) else { throw RPCError.rejectedByUser }
    return result
  }
}

extension RPCError {
  /// The code that the specification's examples have for it (2026-07-28, client/sampling, "Error Handling").
  static let rejectedByUser = RPCError(Code(rawValue: -1), "User rejected sampling request")
}
