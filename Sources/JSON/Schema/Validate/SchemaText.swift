internal import NIOCore

/// The words of messages. Values of the instance are never shown, those of the schema shortened.
enum SchemaText {
  static func shortened(_ value: RawJSON) -> String {
    let range = value.range
    guard range.count > 60 else { return value.text }
    return String(decoding: value.bytes.readableBytesView.prefix(48), as: UTF8.self) + "..."
  }

  static func shortened(_ text: String) -> String { text.utf8.count <= 200 ? text : String(text.prefix(160)) + "..." }

  static func shortened(name: String) -> String { name.utf8.count <= 80 ? name : String(name.unicodeScalars.prefix(64)) + "..." }

  static func count(_ count: Int, _ what: String) -> String {
    if count == 1 { return "1 \(what)" }
    return "\(count) \(what == "property" ? "properties" : what + "s")"
  }

  static func kind(_ view: JSONView, _ node: Int) -> String { JSONTypes(view[node].kind).text }

  /// The properties that an object schema knows, for a message about one that it does not.
  static func names(_ plan: ObjectPlan) -> String {
    var names: [String] = []
    for index in 0..<plan.names.count where plan.properties[index].schema >= 0 {
      if names.count == 24 {
        names.append("...")
        break
      }
      names.append(shortened(name: String(decoding: plan.names[index], as: UTF8.self)))
    }
    if !plan.patterns.isEmpty { names.append("those of a pattern") }
    return names.joined(separator: ", ")
  }

  /// The types that a schema asks for, itself or by what it refers to.
  static func typeSet(of schema: Int32, _ program: SchemaProgram, depth: Int = 0) -> JSONTypes? {
    let schema = program.schemas[Int(schema)]
    for instruction in program.instructions[Int(schema.first)..<Int(schema.end)] {
      switch instruction {
      case .type(let types): return types
      case .reference(let target) where depth < 4: return typeSet(of: target, program, depth: depth + 1)
      case .any(let start, let count) where depth < 4 && count <= 8:
        var union: JSONTypes = []
        for index in Int(start)..<Int(start + count) {
          guard let types = typeSet(of: program.tables.lists[index], program, depth: depth + 1) else { return nil }
          union.formUnion(types)
        }
        return union
      default: continue
      }
    }
    return nil
  }

  static func types(of schema: Int32, _ program: SchemaProgram) -> String? { typeSet(of: schema, program)?.text }

  /// A few words on what a schema describes.
  static func expectation(of schema: Int32, _ program: SchemaProgram, isNegated: Bool) -> String {
    let description = program.schemas[Int(schema)]
    for instruction in program.instructions[Int(description.first)..<Int(description.end)] {
      switch instruction {
      case .enumeration(let index): return "one of \(program.tables.enumerations[Int(index)].text)"
      case .constant(let index):
        let place = program.tables.constants[Int(index)]
        return shortened(program.documents[Int(place.document)].value(at: Int(place.node)))
      case .type(let types) where description.end - description.first == 1: return "of type \(types.text)"
      case .pattern(let index) where description.end - description.first == 1:
        return "a string that matches \(shortened(program.tables.patternTexts[Int(index)]))"
      default: continue
      }
    }
    return isNegated ? "what the schema at \(program.path(description.place)) describes" : "as the schema at \(program.path(description.place)) says"
  }
}
