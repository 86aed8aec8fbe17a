internal import Gateway
internal import JSON
internal import SQLConnector

extension SluiceConfiguration.UpstreamEntry {
  /// `statements`: names and the statements that callers run by them.
  static func statements(_ node: ConfigurationNode) throws(ConfigurationError) -> [DeclaredStatement] {
    var statements: [DeclaredStatement] = []
    for (name, entry) in try node.entries() {
      let fields = try entry.members(["description", "sql", "parameters", "write", "destructive", "idempotent", "categories", "rows"])
      guard let sql = try fields["sql"]?.string() else { throw entry.error("a statement needs sql") }
      guard let description = try fields["description"]?.string() else { throw entry.error("a statement needs a description, by which a model chooses it") }
      var parameters: [DeclaredStatement.Parameter] = []
      for (name, node) in try fields["parameters"]?.entries() ?? [] { parameters.append(try parameter(name, node)) }
      var categories: [String: String] = [:]
      for (column, category) in try fields["categories"]?.entries() ?? [] {
        guard let known = DataCategory(rawValue: try category.string()) else {
          throw category.error("expected one of \(DataCategory.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        categories[column] = known.rawValue
      }
      do {
        statements.append(
          try DeclaredStatement(
            name, description: description, sql: sql, parameters: parameters, isWrite: try fields["write"]?.bool() ?? false,
            isDestructive: try fields["destructive"]?.bool() ?? true, isIdempotent: try fields["idempotent"]?.bool() ?? false, categories: categories,
            rows: try fields["rows"]?.int(1...10_000) ?? 100))
      } catch let error as ConfigurationError { throw error } catch { throw entry.error("\(error)") }
    }
    return statements
  }

  /// A type, or a mapping that has one.
  private static func parameter(_ name: String, _ node: ConfigurationNode) throws(ConfigurationError) -> DeclaredStatement.Parameter {
    let known = DeclaredStatement.Parameter.Kind.allCases.map(\.rawValue).joined(separator: ", ")
    func kind(_ node: ConfigurationNode) throws(ConfigurationError) -> DeclaredStatement.Parameter.Kind {
      guard let kind = DeclaredStatement.Parameter.Kind(rawValue: try node.string()) else { throw node.error("expected one of \(known)") }
      return kind
    }
    guard node.isMapping else { return DeclaredStatement.Parameter(name, try kind(node)) }
    var keywords = JSONObject()
    let words = [
      "description": "description", "enum": "enum", "minimum": "minimum", "maximum": "maximum", "min_length": "minLength", "max_length": "maxLength",
      "pattern": "pattern",
    ]
    let fields = try node.members(Set(words.keys).union(["type", "optional", "default"]))
    guard let type = fields["type"] else { throw node.error("a parameter needs a type: one of \(known)") }
    for (key, word) in words.sorted(by: { $0.key < $1.key }) { if let value = fields[key] { keywords[word] = try value.json() } }
    return DeclaredStatement.Parameter(
      name, try kind(type), isOptional: try fields["optional"]?.bool() ?? false, standard: try fields["default"]?.json(), keywords: keywords)
  }
}
