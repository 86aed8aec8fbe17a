public import JSON

/// A question to the user: a form to fill in, or a page to visit (2026-07-28, client/elicitation).
public struct Elicitation: Question {
  /// In which way the user is asked.
  public enum Mode: Sendable, Hashable {
    /// A form in the client.
    case form(ElicitationForm)
    /// A page outside of the protocol, for what the client and its model must not see. `id` names it in revision 2025-11-25.
    case url(String, id: String)
  }

  /// Why the user is asked.
  public var message: String
  /// A form, or a page.
  public var mode: Mode
  public var key: String?
  public var acceptsUnasked = false

  /// A form to fill in.
  ///
  /// - Parameter acceptsUnasked: takes a valid answer under `key` from a request that comes with no `requestState`: for clients that keep none.
  ///   Such a client may answer what no user has seen, so leave it out where the answer is the user's consent.
  public init(_ message: String, _ form: ElicitationForm, key: String? = nil, acceptsUnasked: Bool = false) {
    self.message = message
    self.key = key
    self.acceptsUnasked = acceptsUnasked
    mode = .form(form)
  }

  /// - Parameters:
  ///   - url: must hold no personal data and must not be authenticated in advance; the page finds out by itself who visits it.
  ///   - id: names the visit for ``IncomingRequest/elicitationCompleted(_:)``; derived from the URL if nil.
  public init(_ message: String, url: String, id: String? = nil, key: String? = nil) {
    self.message = message
    self.key = key
    mode = .url(url, id: id ?? "url-" + CanonicalDigest.hex(of: .string(url)))
  }

  public var method: Method { .elicit }

  public func params(for version: ProtocolVersion) -> JSONValue {
    switch mode {
    case .form(let form):
      var params = ElicitationRequest.form(FormElicitation(message: message, requestedSchema: form.schema)).params
      // Before 2025-11-25 there were forms only, and no word for them.
      if version < .v2025_11_25 { params["mode"] = nil }
      return params
    case .url(let url, let id):
      return ElicitationRequest.url(URLElicitation(message: message, url: url, elicitationID: version.era == .legacy ? id : nil)).params
    }
  }

  /// A page that has a key may have another address each time, by a nonce in it for example: the visit is what the user agreed to.
  public func essence(of params: JSONValue) -> JSONValue {
    guard case .url = mode, key != nil else { return params }
    var essence = params
    (essence["url"], essence["elicitationId"]) = (nil, nil)
    return essence
  }

  public func missingCapability(of client: ClientDescription) -> JSONObject? {
    if case .url = mode { return ElicitationRequest.missingCapability(of: client, isURL: true) }
    return ElicitationRequest.missingCapability(of: client, isURL: false)
  }

  public func answer(_ result: JSONValue) throws(AnswerProblem) -> ElicitationResult {
    var answer: ElicitationResult
    do { answer = try ElicitationResult(result) } catch { throw AnswerProblem(error.message) }
    answer.content = nil
    if answer.action == .accept, case .form(let form) = mode { answer.content = try form.read(result["content"]) }
    return answer
  }
}

extension ElicitationRequest {
  /// The capability that `client` must declare to be asked this, and does not; nil when it may be asked.
  public func missingCapability(of client: ClientDescription) -> JSONObject? {
    if case .url = self { return Self.missingCapability(of: client, isURL: true) }
    return Self.missingCapability(of: client, isURL: false)
  }

  static func missingCapability(of client: ClientDescription, isURL: Bool) -> JSONObject? {
    let declared = client.capabilities["elicitation"]
    if isURL { return declared?["url"] == nil ? ["elicitation": ["url": [:]]] : nil }
    // An empty object stands for forms alone ("Capabilities").
    if let declared, declared["form"] != nil || declared["url"] == nil { return nil }
    return ["elicitation": declared == nil ? [:] : ["form": [:]]]
  }
}

extension ElicitationResult {
  /// Whether the user said yes.
  public var isAccepted: Bool { action == .accept }
  /// A field of an accepted form.
  public subscript(_ field: String) -> JSONValue? { content?[field] }
}
