internal import ConnectorKit

/// A search in the Salesforce Object Search Language, from parts only.
struct SOSL: Sendable {
  struct Target: Sendable {
    var object: String
    var fields: [String]
    var condition: SOQLQuery.Condition?
  }

  var text: String
  /// `ALL`, `NAME`, `EMAIL`, `PHONE`, `SIDEBAR`
  var scope: String
  var targets: [Target]
  var limit: Int

  var query: String {
    let objects = targets.map { target in
      "\(target.object)(\(target.fields.joined(separator: ", "))\(target.condition.map { " WHERE " + $0.text } ?? ""))"
    }
    return "FIND {\(Self.escaped(text))} IN \(scope) FIELDS RETURNING \(objects.joined(separator: ", ")) LIMIT \(limit)"
  }

  /// Words with their reserved signs escaped; `*` and `?` at the end of words still stand for anything.
  /// <https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_sosl_find.htm>
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if "?&|!{}[]()^~:\\\"'+-".unicodeScalars.contains(scalar) { result += "\\" }
      result.unicodeScalars.append(scalar.value < 0x20 ? " " : scalar)
    }
    return result
  }
}
