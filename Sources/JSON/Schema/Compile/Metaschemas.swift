/// The metaschemas of draft 2020-12, reduced to what they demand: <https://json-schema.org/draft/2020-12/schema> and its parts.
enum Metaschemas {
  private static let base = "https://json-schema.org/draft/2020-12/"
  private static let parts: [String] = [
    "core", "applicator", "unevaluated", "validation", "meta-data", "format-annotation", "format-assertion", "content",
  ]

  /// The metaschema of that URI; nil if there is none.
  static func text(_ uri: String) -> String? {
    guard uri.hasPrefix(base) else { return nil }
    let name = uri.dropFirst(base.count)
    if name == "schema" { return schema }
    guard name.hasPrefix("meta/"), parts.contains(String(name.dropFirst(5))) else { return nil }
    return part(String(name.dropFirst(5)))
  }

  private static let schema: String = {
    let inForce = parts.filter { $0 != "format-assertion" }
    let vocabularies = inForce.map { "\"\(base)vocab/\($0)\":true" }.joined(separator: ",")
    let references = inForce.map { "{\"$ref\":\"meta/\($0)\"}" }.joined(separator: ",")
    return """
      {"$schema":"\(base)schema","$id":"\(base)schema","$vocabulary":{\(vocabularies)},"$dynamicAnchor":"meta","allOf":[\(references)],\
      "type":["object","boolean"],"properties":{"definitions":{"type":"object","additionalProperties":{"$dynamicRef":"#meta"}},\
      "dependencies":{"type":"object","additionalProperties":{"anyOf":[{"$dynamicRef":"#meta"},{"$ref":"meta/validation#/$defs/names"}]}},\
      "$recursiveAnchor":{"type":"string"},"$recursiveRef":{"type":"string"}}}
      """
  }()

  private static func part(_ name: String) -> String {
    let body = bodies[name] ?? ""
    return """
      {"$schema":"\(base)schema","$id":"\(base)meta/\(name)","$vocabulary":{"\(base)vocab/\(name)":true},"$dynamicAnchor":"meta",\
      "type":["object","boolean"],"properties":{\(body)},"$defs":{\(definitions)}}
      """
  }

  private static let definitions = """
    "count":{"type":"integer","minimum":0},\
    "names":{"type":"array","items":{"type":"string"},"uniqueItems":true},\
    "type":{"enum":["array","boolean","integer","null","number","object","string"]},\
    "schemas":{"type":"array","minItems":1,"items":{"$dynamicRef":"#meta"}},\
    "schemaMap":{"type":"object","additionalProperties":{"$dynamicRef":"#meta"}},\
    "anchor":{"type":"string","pattern":"^[A-Za-z_][-A-Za-z0-9._]*$"}
    """

  private static func each(_ names: [String], _ schema: String) -> String {
    names.map { "\"\($0)\":\(schema)" }.joined(separator: ",")
  }

  private static let bodies: [String: String] = [
    "core": """
    "$id":{"type":"string","format":"uri-reference","pattern":"^[^#]*#?$"},"$schema":{"type":"string","format":"uri"},\
    "$ref":{"type":"string","format":"uri-reference"},"$dynamicRef":{"type":"string","format":"uri-reference"},\
    "$anchor":{"$ref":"#/$defs/anchor"},"$dynamicAnchor":{"$ref":"#/$defs/anchor"},"$comment":{"type":"string"},\
    "$vocabulary":{"type":"object","propertyNames":{"type":"string","format":"uri"},"additionalProperties":{"type":"boolean"}},\
    "$defs":{"$ref":"#/$defs/schemaMap"}
    """,
    "applicator": each(["prefixItems", "allOf", "anyOf", "oneOf"], "{\"$ref\":\"#/$defs/schemas\"}") + ","
      + each(
        ["items", "contains", "additionalProperties", "propertyNames", "if", "then", "else", "not"], "{\"$dynamicRef\":\"#meta\"}") + ","
      + each(["properties", "dependentSchemas"], "{\"$ref\":\"#/$defs/schemaMap\"}") + ","
      + "\"patternProperties\":{\"$ref\":\"#/$defs/schemaMap\",\"propertyNames\":{\"format\":\"regex\"}}",
    "unevaluated": each(["unevaluatedItems", "unevaluatedProperties"], "{\"$dynamicRef\":\"#meta\"}"),
    "validation": each(
      ["maxLength", "minLength", "maxItems", "minItems", "maxContains", "minContains", "maxProperties", "minProperties"],
      "{\"$ref\":\"#/$defs/count\"}") + "," + each(["maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"], "{\"type\":\"number\"}") + ","
        + """
        "type":{"anyOf":[{"$ref":"#/$defs/type"},{"type":"array","items":{"$ref":"#/$defs/type"},"minItems":1,"uniqueItems":true}]},\
        "const":true,"enum":{"type":"array"},"multipleOf":{"type":"number","exclusiveMinimum":0},"pattern":{"type":"string","format":"regex"},\
        "uniqueItems":{"type":"boolean"},"required":{"$ref":"#/$defs/names"},\
        "dependentRequired":{"type":"object","additionalProperties":{"$ref":"#/$defs/names"}}
        """,
    "meta-data": each(["title", "description"], "{\"type\":\"string\"}") + ","
      + each(["deprecated", "readOnly", "writeOnly"], "{\"type\":\"boolean\"}") + ",\"examples\":{\"type\":\"array\"}",
    "format-annotation": "\"format\":{\"type\":\"string\"}",
    "format-assertion": "\"format\":{\"type\":\"string\"}",
    "content": each(["contentEncoding", "contentMediaType"], "{\"type\":\"string\"}") + ",\"contentSchema\":{\"$dynamicRef\":\"#meta\"}",
  ]
}
