public import JSON

/// A question to the user: a form to fill in, or a page to visit (2026-07-28, client/elicitation).
public struct Elicitation: Question {
  public enum Mode: Sendable, Hashable {
    case form(ElicitationForm)
    /// A page outside of the protocol, for what the client and its model must not see. `id` names it in revision 2025-11-25.
    case url(String, id: String)
  }

  /// Why the user is asked.
  public var message: String
  public var mode: Mode
  public var key: String?

  public init(_ message: String, _ form: ElicitationForm, key: String? = nil) {
    self.message = message
    self.key = key
    mode = .form(form)
  }

  /// - Parameters:
  ///   - url: must hold no personal data and must not be authenticated in advance; the page finds out by itself who visits it.
  ///   - id: names the visit for ``ServerRequest/elicitationCompleted(_:)``; derived from the URL if nil.
  public init(_ message: String, url: String, id: String? = nil, key: String? = nil) {
    self.message = message
    self.key = key
    mode = .url(url, id: id ?? "url-" + CanonicalDigest.hex(of: .string(url)))
  }

  public var method: Method { .elicit }

  public func params(for version: ProtocolVersion) -> JSONObject {
    var params = JSONObject()
    switch mode {
    case .form(let form):
      if version >= .v2025_11_25 { params["mode"] = "form" }
      params["message"] = .string(message)
      params["requestedSchema"] = form.schema
    case .url(let url, let id):
      params = ["mode": "url", "message": .string(message), "url": .string(url)]
      if version.era == .legacy { params["elicitationId"] = .string(id) }
    }
    return params
  }

  public func missingCapability(of client: ClientDescription) -> JSONObject? {
    let declared = client.capabilities["elicitation"]
    switch mode {
    case .form:
      // An empty object stands for forms alone ("Capabilities").
      if let declared, declared["form"] != nil || declared["url"] == nil { return nil }
      return ["elicitation": declared == nil ? [:] : ["form": [:]]]
    case .url: return declared?["url"] == nil ? ["elicitation": ["url": [:]]] : nil
    }
  }

  public func answer(_ result: RawJSON) throws(AnswerProblem) -> ElicitationAnswer {
    guard let action = result["action"]?.string.flatMap({ ElicitationAnswer.Action(rawValue: $0) }) else {
      throw AnswerProblem("\"action\" must be accept, decline or cancel")
    }
    guard action == .accept, case .form(let form) = mode else { return ElicitationAnswer(action) }
    return ElicitationAnswer(action, content: try form.read(result["content"]))
  }
}

/// What the user did (`ElicitResult`).
public struct ElicitationAnswer: Sendable, Hashable {
  public enum Action: String, Sendable {
    case accept
    /// The user said no.
    case decline
    /// The user chose nothing.
    case cancel
  }

  public var action: Action
  /// The fields of the form, as it asked for them; empty unless accepted.
  public var content: JSONObject

  public init(_ action: Action, content: JSONObject = JSONObject()) {
    self.action = action
    self.content = content
  }

  public var isAccepted: Bool { action == .accept }
  public subscript(_ field: String) -> JSONValue? { content[field] }
}
