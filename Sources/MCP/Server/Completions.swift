/// Suggestions for the values of one argument, as a part of what a server offers.
///
/// ```swift
/// Server(name: "travel") {
///   Trips()
///   Completions(for: .prompt("plan", argument: "city")) { request in try await cities.starting(with: request.value) }
/// }
/// ```
public struct Completions: ServerFeature {
  /// What the suggestions are for.
  public let target: CompletionTarget
  /// Suggests values.
  public let complete: @Sendable (CompletionRequest) async throws -> Completion

  /// Suggestions for an argument of a prompt, or for a variable of a resource template.
  public init(for target: CompletionTarget, _ complete: @escaping @Sendable (CompletionRequest) async throws -> Completion) {
    self.target = target
    self.complete = complete
  }

  /// Adds the suggestions to a server. Others for the same argument are replaced.
  public func add(to server: Server) { server.addCompletion(for: target, complete) }
}
