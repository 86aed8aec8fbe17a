/// What the keywords of a schema resource mean: its draft, and which vocabularies of it are in force.
struct SchemaDialect: Sendable, Hashable {
  enum Draft: Int, Sendable, Comparable {
    case draft7, draft2019, draft2020
    static func < (one: Draft, other: Draft) -> Bool { one.rawValue < other.rawValue }
  }

  var draft: Draft = .draft2020
  var hasApplicators = true
  var hasValidation = true
  var hasUnevaluated = true
  /// Whether the vocabulary says that `format` is to be checked.
  var assertsFormats = false

  /// The dialects that need no metaschema to be understood, by the value of `$schema` without an empty fragment.
  static let known: [String: SchemaDialect] = [
    "https://json-schema.org/draft/2020-12/schema": SchemaDialect(),
    "https://json-schema.org/draft/2019-09/schema": SchemaDialect(draft: .draft2019),
    "http://json-schema.org/draft-07/schema": SchemaDialect(draft: .draft7),
    "https://json-schema.org/draft-07/schema": SchemaDialect(draft: .draft7),
    "http://json-schema.org/draft-06/schema": SchemaDialect(draft: .draft7),
    "https://json-schema.org/draft-06/schema": SchemaDialect(draft: .draft7),
  ]

  init(draft: Draft = .draft2020) { self.draft = draft }

  /// The dialect of a metaschema with these vocabularies (core, section 8.1.2).
  ///
  /// - Parameter unknown: is set to a vocabulary that is required and not known.
  init(vocabularies: [(uri: String, isRequired: Bool)], unknown: inout String?) {
    (hasApplicators, hasValidation, hasUnevaluated) = (false, false, false)
    for (uri, isRequired) in vocabularies {
      let modern = "https://json-schema.org/draft/2020-12/vocab/"
      let older = "https://json-schema.org/draft/2019-09/vocab/"
      let isOlder = uri.hasPrefix(older)
      guard isOlder || uri.hasPrefix(modern) else {
        if isRequired { unknown = uri }
        continue
      }
      if isOlder { draft = .draft2019 }
      switch uri.dropFirst(modern.count) {
      case "applicator":
        hasApplicators = true
        // In 2019-09 the unevaluated keywords were part of it.
        if isOlder { hasUnevaluated = true }
      case "validation": hasValidation = true
      case "unevaluated": hasUnevaluated = true
      case "format-assertion": assertsFormats = true
      case "format": if isRequired { assertsFormats = true }
      case "core", "meta-data", "format-annotation", "content": break
      default: if isRequired { unknown = uri }
      }
    }
  }
}
