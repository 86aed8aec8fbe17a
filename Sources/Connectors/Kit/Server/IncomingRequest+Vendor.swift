public import MCP

extension IncomingRequest {
  /// Does a tool's work and turns what a vendor refused into a result that the model can act on. Where a person must sign in at
  /// the vendor first, the client is asked to open the page, and the work is done after that.
  public func answering(_ vendor: String, _ work: () async throws -> ToolResult) async throws -> ToolResult {
    do {
      return try await signingIn(at: vendor, again: "call the tool again", work)
    } catch let error as VendorError {
      return .error(error.description)
    }
  }

  /// Does the work of a resource or prompt and turns what a vendor refused into the protocol's error. Signing in is as for
  /// ``answering(_:_:)``.
  public func reading<Value>(_ work: () async throws -> Value) async throws -> Value {
    do {
      return try await signingIn(at: nil, again: "ask again", work)
    } catch let error as VendorError {
      switch error.code {
      case .notFound: throw (self as? ResourceRead)?.notFound ?? RPCError(.invalidParams, error.description)
      case .refused, .invalid: throw RPCError(.invalidParams, error.description)
      default: throw RPCError(.internalError, error.description)
      }
    }
  }

  /// - Parameter again: how the person comes back after a sign-in that the client did not wait for.
  /// - Throws: ``VendorError`` that says where to sign in, if the client cannot be asked to open the page.
  private func signingIn<Value>(at vendor: String?, again: String, _ work: () async throws -> Value) async throws -> Value {
    do {
      return try await work()
    } catch let error as VendorError {
      guard error.code == .consentRequired, let url = error.consentURL else { throw error }
      let place = vendor.map { " to \($0)" } ?? ""
      let question = Elicitation("\(error.message) Sign in\(place) to go on.", url: url, key: "sign-in")
      let words = VendorError(.consentRequired, "\(error) Open this page in a browser, then \(again): \(url)")
      guard canAsk(question) else { throw words }
      let answer: ElicitationResult
      do { answer = try await ask(question) } catch ClientFailure.unreachable { throw words }
      guard answer.action == .accept else { throw VendorError(.consentRequired, "\(error) The sign-in was declined, so nothing was done.") }
      do { return try await work() } catch let error as VendorError {
        guard error.code == .consentRequired else { throw error }
        throw VendorError(.consentRequired, "The sign-in\(place) is not finished yet. Finish it in the browser, then \(again).")
      }
    }
  }
}
