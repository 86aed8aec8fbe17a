internal import JSON
internal import MCPHTTP

/// One operation of a description.
struct Operation: Sendable {
  struct Parameter: Sendable {
    enum Location: String, Sendable { case path, query, header, cookie }

    /// As it goes on the wire.
    var name: String
    var location: Location
    /// As the model writes it: the name, unless another parameter has it.
    var argument: String
    var isRequired: Bool
    var description: String?
    var schema: JSONValue
    /// Of the schema, its references followed; nil where it has none, or several.
    var type: String?
    var style: ParameterStyle
  }

  struct Body: Sendable {
    enum Form: Sendable { case json, form, multipart, text, binary }

    var form: Form
    /// The media type to send.
    var mediaType: String
    var isRequired: Bool
    var schema: JSONValue
    var description: String?
    /// How members of a form are written, where the description says it (OpenAPI, "Encoding Object").
    var styles: [String: ParameterStyle] = [:]
    /// Media types of parts, where the description says them.
    var partTypes: [String: String] = [:]
  }

  /// A security scheme that is needed, with scopes of it (OpenAPI, "Security Requirement Object").
  struct Requirement: Sendable {
    var scheme: String
    var scopes: [String]
  }

  /// The tool's name.
  var name: String
  var method: HTTPMethod
  /// With `{name}` for parameters.
  var path: String
  /// What the path is put behind where it is not the base URL.
  var place: OperationServers.Place?
  var summary: String?
  var description: String?
  var tags: [String]
  var isDeprecated: Bool
  var parameters: [Parameter]
  var body: Body?
  /// Alternatives, each a set of schemes that are all needed; empty for none.
  var security: [[Requirement]]
  /// What is asked for in `Accept`.
  var accepts: String
  /// Whether arguments in the path may hold slashes. Many servers decode `%2F` before they choose an operation, which then is
  /// another one than was offered.
  var allowsSlashes = false

  /// The argument that the body is given in.
  static let bodyArgument = "body"

  /// The first alternative all of whose schemes there is a credential for; nil without any.
  func alternative(where isUsable: (String) -> Bool) -> [Requirement]? {
    guard !security.isEmpty else { return [] }
    let possible = security.filter { $0.allSatisfy { isUsable($0.scheme) } }
    // Where nothing is needed, a credential that there is shows more.
    return possible.first { !$0.isEmpty } ?? possible.first
  }

  var isReadOnly: Bool { method == .get || method == .head }
}
