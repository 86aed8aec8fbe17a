internal import JSON

extension RPCError {
  /// `-32042`: the request waits for the user to visit these pages (2025-11-25, client/elicitation, "URL Elicitation Required Error").
  ///
  /// For a tool to throw where it does not wait for the visit: a client of that revision may call it again afterwards. Modern clients are
  /// asked as by ``IncomingRequest/elicit(_:url:id:key:)`` and come back; a client that can visit no page gets a result that says so.
  ///
  /// - Parameters:
  ///   - elicitations: at least one. An id that is nil is derived from the URL.
  ///   - message: why the request is refused.
  public static func urlElicitationRequired(
    _ elicitations: [URLElicitation], message: String = "This request requires more information."
  ) -> RPCError {
    let pages = elicitations.map { Elicitation($0.message, url: $0.url, id: $0.elicitationID).params(for: .v2025_11_25) }
    return RPCError(.urlElicitationRequired, message, data: ["elicitations": .array(pages)])
  }

  /// The pages that an error `-32042` wants visited; empty for other errors, and where it names anything else among them.
  public var requiredElicitations: [URLElicitation] {
    guard code == .urlElicitationRequired else { return [] }
    var pages: [URLElicitation] = []
    for params in data?["elicitations"]?.array ?? [] {
      guard case .url(let page)? = try? ElicitationRequest(params) else { return [] }
      pages.append(page)
    }
    return pages
  }
}
