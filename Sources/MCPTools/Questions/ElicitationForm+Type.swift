internal import JSON
public import MCP

/// Why a type makes no form, in words for whoever wrote it.
public struct UnfitForm: Error, Sendable, Hashable, CustomStringConvertible {
  public let description: String
}

extension ElicitationForm {
  /// A form whose fields are the members of a type, with their descriptions, defaults and constraints.
  ///
  /// Forms are flat (2026-07-28, client/elicitation, "Requested Schema"): members are strings, enums of strings, numbers, booleans, arrays
  /// of such enums, and optionals of these. Strings may have a length and the formats of ``Format``, numbers bounds.
  ///
  /// - Throws: ``UnfitForm`` with the member that is something else.
  public init<Form: ToolObject>(of type: Form.Type) throws(UnfitForm) {
    let whole = type.schema
    guard whole["type"] == "object", whole["oneOf"] == nil, whole["additionalProperties"]?.object == nil else {
      throw UnfitForm(description: "\(type) is no struct, and a form has one set of fields")
    }
    var properties = JSONObject()
    for (name, member) in whole["properties"]?.object ?? JSONObject() {
      do { properties[name] = .object(try FormField(member, of: whole).schema) } catch {
        throw UnfitForm(description: "the member \"\(name)\" of \(type) \(error.description)")
      }
    }
    var schema: JSONObject = ["type": "object", "properties": .object(properties)]
    if let required = whole["required"] { schema["required"] = required }
    self.init(schema: .object(schema))
  }
}

/// The schema of a member as forms know it (`PrimitiveSchemaDefinition`).
private struct FormField {
  var schema = JSONObject()

  init(_ member: JSONValue, of whole: JSONValue) throws(UnfitForm) {
    let member = Self.resolved(member, of: whole)
    let type = member["type"]?.string ?? ""
    var known: Set<String> = ["type", "title", "description", "default"]
    switch type {
    case "string":
      known.formUnion(["minLength", "maxLength", "format", "enum"])
      if let format = member["format"]?.string, ElicitationForm.Format(rawValue: format) == nil {
        throw UnfitForm(description: "has the format \"\(format)\": forms know email, uri, date and date-time")
      }
    case "integer", "number": known.formUnion(["minimum", "maximum"])
    case "boolean": break
    case "array":
      known.formUnion(["items", "minItems", "maxItems", "uniqueItems"])
      guard let items = member["items"].map({ Self.resolved($0, of: whole) }), items["type"] == "string", items["enum"] != nil else {
        throw UnfitForm(description: "is an array: in forms these are of enums of strings")
      }
    default:
      throw UnfitForm(description: "is none of what forms have: strings, enums of strings, numbers, booleans and arrays of such enums")
    }
    for (name, value) in member.object ?? JSONObject() {
      switch name {
      case "items": schema[name] = ["type": "string", "enum": Self.resolved(value, of: whole)["enum"] ?? []]
      // One that is chosen twice is in a set once.
      case "uniqueItems": continue
      case "exclusiveMaximum" where type == "integer": schema["maximum"] = value.int.map { .int($0 - 1) }
      case _ where known.contains(name): schema[name] = value
      default: throw UnfitForm(description: "has \"\(name)\", which no form can ask for")
      }
    }
  }

  /// `schema` in place of a reference to it; what stands beside the reference is kept.
  private static func resolved(_ schema: JSONValue, of whole: JSONValue) -> JSONValue {
    let prefix = "#/$defs/"
    guard let target = schema["$ref"]?.string, target.hasPrefix(prefix), var result = whole["$defs"]?[String(target.dropFirst(prefix.count))] else {
      return schema
    }
    for (name, value) in schema.object ?? JSONObject() where name != "$ref" { result[name] = value }
    return result
  }
}
