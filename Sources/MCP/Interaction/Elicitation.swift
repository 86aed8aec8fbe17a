public import JSON

/// A server's question to the user (`elicitation/create`; 2026-07-28, client/elicitation).
public enum ElicitationRequest: Sendable, Hashable {
  case form(FormElicitation)
  case url(URLElicitation)

  /// Reads the `params` of `elicitation/create`. Without `mode` it is a form.
  ///
  /// - Throws: ``RPCError`` `-32602` where the params are none.
  public init(_ params: JSONValue) throws(RPCError) {
    guard let message = params["message"]?.string else { throw RPCError(.invalidParams, "elicitation/create needs \"message\", a string") }
    switch params["mode"]?.string ?? "form" {
    case "form":
      guard let schema = params["requestedSchema"], schema.object != nil else {
        throw RPCError(.invalidParams, "elicitation/create in form mode needs \"requestedSchema\", an object")
      }
      self = .form(FormElicitation(message: message, requestedSchema: schema))
    case "url":
      guard let url = params["url"]?.string else { throw RPCError(.invalidParams, "elicitation/create in URL mode needs \"url\", a string") }
      self = .url(URLElicitation(message: message, url: url, elicitationID: params["elicitationId"]?.string))
    default: throw RPCError(.invalidParams, "Unknown elicitation mode: use \"form\" or \"url\"")
    }
  }

  /// The `params` of `elicitation/create`.
  public var params: JSONValue {
    switch self {
    case .form(let form): ["mode": "form", "message": .string(form.message), "requestedSchema": form.requestedSchema]
    case .url(let url): url.params
    }
  }
}

/// A form for the user to fill in.
public struct FormElicitation: Sendable, Hashable {
  /// Why the server asks.
  public var message: String
  /// An object schema whose properties are strings, numbers, booleans and enums; may have defaults.
  public var requestedSchema: JSONValue

  public init(message: String, requestedSchema: JSONValue) {
    self.message = message
    self.requestedSchema = requestedSchema
  }

  /// The defaults that the schema gives, by property.
  public var defaults: JSONObject {
    var values = JSONObject()
    for (name, property) in requestedSchema["properties"]?.object ?? JSONObject() {
      if let value = property["default"] { values[name] = value }
    }
    return values
  }

  /// Accepts with `values`, and with the schema's defaults for properties that `values` does not have.
  public func accept(_ values: JSONObject = JSONObject()) -> ElicitationResult {
    var content = defaults
    for (name, value) in values { content[name] = value }
    return ElicitationResult(.accept, content: content)
  }

  /// Accepts with the members of `values`, and with the schema's defaults for properties that it does not have.
  ///
  /// - Throws: `EncodingError` where `values` cannot be encoded as an object.
  public func accept(encoding values: some Encodable) throws -> ElicitationResult {
    let value = try JSONValue(encoding: values)
    guard let object = value.object else {
      throw EncodingError.invalidValue(values, .init(codingPath: [], debugDescription: "the answer to a form is an object"))
    }
    return accept(object)
  }
}

/// An address for the user to visit. Show its host, and ask for consent, before it is opened.
public struct URLElicitation: Sendable, Hashable {
  /// Why the server asks.
  public var message: String
  /// The address, https.
  public var url: String
  /// By which `notifications/elicitation/complete` names it: 2025-11-25 only.
  public var elicitationID: String?

  public init(message: String, url: String, elicitationID: String? = nil) {
    self.message = message
    self.url = url
    self.elicitationID = elicitationID
  }

  var params: JSONValue {
    var params: JSONValue = ["mode": "url", "message": .string(message), "url": .string(url)]
    if let elicitationID { params["elicitationId"] = .string(elicitationID) }
    return params
  }
}

/// What the user did with a question (`ElicitResult`).
public struct ElicitationResult: Sendable, Hashable {
  /// What the user did: agreed, said no, or made no choice.
  public enum Action: String, Sendable { case accept, decline, cancel }

  /// What the user did.
  public var action: Action
  /// What was filled in; of accepted forms only.
  public var content: JSONObject?

  public init(_ action: Action, content: JSONObject? = nil) {
    self.action = action
    self.content = content
  }

  /// Consent to visit an address.
  public static let accept = ElicitationResult(.accept)
  /// What was filled in.
  public static func accept(_ content: JSONObject) -> ElicitationResult { ElicitationResult(.accept, content: content) }
  /// The user said no.
  public static let decline = ElicitationResult(.decline)
  /// The user made no choice: closed the dialogue, for example.
  public static let cancel = ElicitationResult(.cancel)

  /// - Throws: ``RPCError`` `-32602` where `json` is no `ElicitResult`.
  public init(_ json: JSONValue) throws(RPCError) {
    guard let action = json["action"]?.string.flatMap({ Action(rawValue: $0) }) else {
      throw RPCError(.invalidParams, "An answer to elicitation/create has \"action\": accept, decline or cancel")
    }
    if let content = json["content"], content.object == nil, !content.isNull {
      throw RPCError(.invalidParams, "\"content\" of an answer to elicitation/create is an object")
    }
    self.init(action, content: json["content"]?.object)
  }

  /// The JSON of it, as it goes on the wire.
  public var json: JSONValue {
    var json: JSONValue = ["action": .string(action.rawValue)]
    if let content { json["content"] = .object(content) }
    return json
  }
}
