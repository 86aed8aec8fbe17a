internal import JSON

/// The schemas of one tool, compiled: what its arguments and its structured results are held to.
struct ToolSchemas: Sendable {
  private let input: JSONSchema?
  private let output: JSONSchema?
  /// Why the tool cannot be called, if one of its schemas does not compile.
  let fault: String?

  init(of tool: Tool, resources: [String: JSONValue], options: JSONSchema.Options) {
    func compiled(_ schema: JSONValue, _ options: JSONSchema.Options) -> Result<JSONSchema, Unusable> {
      do throws(JSONSchemaError) {
        let compiled = try JSONSchema(schema, resources: resources, options: options)
        return Self.problem(withSchema: schema).map { .failure(Unusable(reason: $0)) } ?? .success(compiled)
      } catch { return .failure(Unusable(reason: "\(error)")) }
    }
    // Results are not held to formats by the tool's wish: what comes from elsewhere has odd dates.
    var inputOptions = options
    if tool.checksFormats { inputOptions.checksFormats = true }
    switch (compiled(tool.inputSchema, inputOptions), tool.outputSchema.map { compiled($0, options) }) {
    case (.failure(let problem), _): (input, output, fault) = (nil, nil, "its input schema is not usable: \(problem.reason)")
    case (.success(let schema), .failure(let problem)?): (input, output, fault) = (schema, nil, "its output schema is not usable: \(problem.reason)")
    case (.success(let schema), .success(let result)?): (input, output, fault) = (schema, result, nil)
    case (.success(let schema), nil): (input, output, fault) = (schema, nil, nil)
    }
  }

  private struct Unusable: Error {
    let reason: String
  }

  /// The metaschema of draft 2020-12. It is known to the compiler, so that this cannot fail.
  private static let metaschema = try? JSONSchema(["$ref": "https://json-schema.org/draft/2020-12/schema"])

  /// Says what makes `schema` none of its dialect, where that is 2020-12; nil when nothing does. Compiling looks at what it needs alone.
  private static func problem(withSchema schema: JSONValue) -> String? {
    let dialect = schema["$schema"]?.string ?? ""
    guard dialect.isEmpty || dialect.hasPrefix("https://json-schema.org/draft/2020-12/schema"), let metaschema else { return nil }
    let raw = schema.raw
    guard !metaschema.isValid(raw) else { return nil }
    return metaschema.validate(raw).first.map { "\($0.instancePath.isEmpty ? "it" : $0.instancePath) \($0.message)" }
  }

  /// Says what is wrong with the arguments, in words that a model can act on; nil when they fit.
  func problem(with arguments: RawJSON) -> String? {
    guard let input, !input.isValid(arguments) else { return nil }
    return input.validate(arguments).map(Self.sentence).joined(separator: " ")
  }

  private static func sentence(_ violation: JSONSchemaViolation) -> String {
    // Arguments of arguments are named by their path: `filter/limit`.
    let argument = violation.instancePath.dropFirst()
    switch (violation.keyword, violation.property) {
    case ("required", let property?) where argument.isEmpty:
      return "Missing required argument \"\(property)\"\(violation.expected.map { " (\($0))" } ?? "")."
    case ("additionalProperties", let property?) where argument.isEmpty, ("unevaluatedProperties", let property?) where argument.isEmpty:
      return "Unknown argument \"\(property)\"\(violation.expected.map { ": \($0)" } ?? "")."
    default: return argument.isEmpty ? "The arguments: \(violation.message)." : "Argument \"\(argument)\" \(violation.message)."
    }
  }

  /// Whether results are checked at all.
  var checksResults: Bool { output != nil }

  /// Says what is wrong with a structured result, for the log of the server; nil when it fits.
  func problem(withResult structured: RawJSON?) -> String? {
    guard let output else { return nil }
    guard let structured else { return "it has no structured content, which the output schema asks for" }
    guard !output.isValid(structured) else { return nil }
    return output.validate(structured).map(\.description).joined(separator: "; ")
  }
}
