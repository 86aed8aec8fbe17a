public import MCP

extension ServerRequest {
  /// Does a tool's work and turns what a vendor refused into a result that the model can act on. Where a person must sign in at
  /// the vendor first, the client is asked to open the page, and the work is done after that.
  public func answering(_ vendor: String, _ work: () async throws -> ToolResult) async throws -> ToolResult {
    do {
      return try await work()
    } catch let error as VendorError {
      guard error.code == .consentRequired, let url = error.consentURL else { return .error(error.description) }
      return try await afterSignIn(vendor, url, error, work)
    }
  }

  private func afterSignIn(_ vendor: String, _ url: String, _ error: VendorError, _ work: () async throws -> ToolResult) async throws -> ToolResult {
    let question = Elicitation("\(error.message) Sign in to \(vendor) to go on.", url: url, key: "sign-in")
    guard canAsk(question) else { return .error("\(error) Open this page in a browser, then call the tool again: \(url)") }
    let answer = try await ask(question)
    guard answer.action == .accept else { return .error("\(error) The sign-in was declined, so nothing was done.") }
    do { return try await work() } catch let error as VendorError {
      return .error(
        error.code == .consentRequired ? "The sign-in to \(vendor) is not finished yet. Finish it in the browser, then call the tool again." : error.description)
    }
  }

  /// Does the work of a resource or prompt and turns what a vendor refused into the protocol's error.
  public func reading<Value>(_ work: () async throws -> Value) async throws -> Value {
    do { return try await work() } catch let error as VendorError {
      switch error.code {
      case .notFound: throw (self as? ResourceRead)?.notFound ?? RPCError(.invalidParams, error.description)
      case .refused, .invalid: throw RPCError(.invalidParams, error.description)
      default: throw RPCError(.internalError, error.description)
      }
    }
  }
}
