/// A JSON Schema (draft 2020-12), compiled once and then applied to any number of instances.
///
/// Schemas and instances may come from strangers: nesting, size and work are bounded, references are never fetched, and
/// regular expressions run in time linear in the text. Schemas that declare draft-06, draft-07 or 2019-09 in `$schema`
/// are read by the rules of that draft; any other dialect needs its metaschema among the resources.
///
/// Source: <https://json-schema.org/draft/2020-12/json-schema-core> and `json-schema-validation`.
public struct JSONSchema: Sendable {
  public struct Options: Sendable, Hashable {
    /// Whether `format` is checked. By default it is an annotation, as the specification has it.
    public var checksFormats: Bool
    /// The URI of the schema, against which its references resolve where it has no absolute `$id`.
    public var baseURI: String
    /// The most subschemas in one compiled schema, those of referenced resources included.
    public var schemas: Int
    /// The deepest nesting of a schema or resource.
    public var schemaDepth: Int
    /// The most subschemas that are applied inside each other at one time.
    public var depth: Int
    /// The most steps of one validation: subschemas applied, members looked up, states of a pattern entered, values compared.
    public var work: Int
    /// The most violations that are reported for one instance.
    public var violations: Int

    public init(
      checksFormats: Bool = false, baseURI: String = "", schemas: Int = 20_000, schemaDepth: Int = 128, depth: Int = 384,
      work: Int = 10_000_000, violations: Int = 8
    ) {
      self.checksFormats = checksFormats
      self.baseURI = baseURI
      self.schemas = schemas
      self.schemaDepth = schemaDepth
      self.depth = depth
      self.work = work
      self.violations = max(violations, 1)
    }
  }

  private let program: SchemaProgram
  private let options: Options

  /// Compiles a schema.
  ///
  /// - Parameter resources: what references may lead to besides the schema itself, by absolute URI without fragment.
  ///   The 2020-12 metaschemas are known anyway. An `$id` inside a resource is known once something refers to the resource.
  /// - Throws: ``JSONSchemaError`` with the place in the schema: an unknown reference, a malformed keyword, a pattern that
  ///   cannot be run in bounded time, a reference loop, or a bound of `options` exceeded.
  public init(_ schema: JSONValue, resources: [String: JSONValue] = [:], options: Options = Options()) throws(JSONSchemaError) {
    try self.init(schema.raw, resources: resources, options: options)
  }

  /// Compiles a scanned schema.
  public init(_ schema: RawJSON, resources: [String: JSONValue] = [:], options: Options = Options()) throws(JSONSchemaError) {
    var compiler = try SchemaCompiler(schema, resources: resources, options: options)
    program = try compiler.compile()
    self.options = options
  }

  /// Whether the instance satisfies the schema. Stops at the first violation; allocates nothing in the common case.
  ///
  /// An instance that cannot be judged within the bounds of the options does not.
  public func isValid(_ instance: RawJSON) -> Bool {
    withValidation(of: instance) { validation in validation.run(program.root, instance.index) }
  }

  /// What keeps the instance from satisfying the schema, at most as many as the options allow; empty when it does.
  public func validate(_ instance: RawJSON) -> [JSONSchemaViolation] {
    withValidation(of: instance) { validation in
      if validation.run(program.root, instance.index) { return [] }
      return validation.explain(program.root, instance.index)
    }
  }

  private func withValidation<R>(of instance: RawJSON, _ body: (inout SchemaValidation) -> R) -> R {
    instance.document.withView { view in
      program.schemas.withUnsafeBufferPointer { schemas in
        program.instructions.withUnsafeBufferPointer { instructions in
          var validation = SchemaValidation(
            view: view, schemas: schemas, instructions: instructions, program: program, depth: options.depth, work: options.work,
            findings: options.violations)
          return body(&validation)
        }
      }
    }
  }
}
