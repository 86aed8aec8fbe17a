import SwiftSyntax

extension ValueExpansion {
  /// The members by which an enum is a `ToolValue`: its raw values, or one object a case.
  init?(_ choice: EnumDeclSyntax, tag: ExprSyntax?, _ reporter: Reporter) {
    guard let cases = EnumCase.all(of: choice, reporter) else { return nil }
    let access = choice.modifiers.access
    let description = DocComment(choice.leadingTrivia).text
    extensionMembers = ""
    if cases.allSatisfy({ $0.syntax.parameterClause == nil }) {
      let rawTypes: Set = ["String", "Int", "Int8", "Int16", "Int32", "Int64", "UInt", "UInt8", "UInt16", "UInt32", "UInt64"]
      let inherited = choice.inheritanceClause?.inheritedTypes.map { $0.type.trimmedDescription } ?? []
      guard inherited.contains(where: { rawTypes.contains($0) }) else {
        reporter.report("raw", at: choice.name, "say what the cases are in JSON: enum \(choice.name.text): String.")
        return nil
      }
      conformances = ["MCPTools.ToolValue", "CaseIterable"]
      let notes = cases.compactMap { item in item.description.map { "- \(item.name): \($0)" } }
      let whole = ([description].compactMap { $0 } + notes).joined(separator: "\n")
      members =
        whole.isEmpty
        ? []
        : [
          """
          \(access)static func schema(_ builder: inout MCPTools.SchemaBuilder) -> JSON.JSONValue {
            enumSchema(&builder, \(whole.literal))
          }
          """
        ]
      return
    }
    let tag = tag?.stringLiteral ?? "type"
    for item in cases {
      if let clash = item.payload.first(where: { $0.property.name == tag }) {
        reporter.report(
          "tag", at: item.syntax,
          "the member \"\(clash.property.name)\" is what tells the cases apart. Call it something else, or choose another tag: @ToolInput(tag: \"kind\").")
        return nil
      }
    }
    conformances = ["MCPTools.ToolObject", "MCPTools.ToolValue"]
    members = ValueExpansion.members(cases, tag: tag.literal, description, access)
  }

  private static func members(_ cases: [EnumCase], tag: String, _ description: String?, _ access: String) -> [String] {
    let names = cases.map(\.name.literal).joined(separator: ", ")
    return [
      """
      \(access)static func schema(_ builder: inout MCPTools.SchemaBuilder) -> JSON.JSONValue {
        builder.choice(Self.self\(description.map { ", \($0.literal)" } ?? ""), tag: \(tag)) { cases in
      \(lines(cases.map(\.schema), indent: 4))  }
      }
      """,
      """
      \(access)init(json: JSON.RawJSON) throws(MCPTools.ValueError) {
        let reader = try MCPTools.ObjectReader(json)
        switch try reader.tag(\(tag), among: [\(names)]) {
      \(lines(cases.enumerated().map { $1.reading(isLast: $0 == cases.count - 1) }, indent: 2))  }
      }
      """,
      """
      \(access)var jsonValue: JSON.JSONValue {
        switch self {
      \(lines(cases.flatMap { $0.writing(tag: tag) }, indent: 2))  }
      }
      """,
    ]
  }
}

/// One case of an enum.
struct EnumCase {
  let syntax: EnumCaseElementSyntax
  let description: String?
  let payload: [(label: String?, property: Property)]

  var identifier: String { syntax.name.text }
  var name: String { identifier.withoutBackticks }

  var schema: String {
    let heading = "cases.add(\(name.literal)\(description.map { ", \($0.literal)" } ?? ""))"
    return payload.isEmpty ? heading : heading + block("members", payload.map(\.property.schema), indent: 4)
  }

  /// The tag is known to be one of the cases, so the last one needs no name.
  func reading(isLast: Bool) -> String {
    let values = payload.map { label, property in (label.map { "\($0): " } ?? "") + property.reading }
    let value = payload.isEmpty ? "" : "(\(values.joined(separator: ", ")))"
    return "\(isLast ? "default" : "case \(name.literal)"): self = .\(identifier)\(value)"
  }

  func writing(tag: String) -> [String] {
    let writer = "MCPTools.ObjectWriter(tag: \(tag), \(name.literal))"
    guard !payload.isEmpty else { return ["case .\(identifier): return \(writer).jsonValue"] }
    return ["case .\(identifier)(\(payload.map { "let \($0.property.identifier)" }.joined(separator: ", "))):", "  var writer = \(writer)"]
      + payload.map { "  writer.write(\($0.property.name.literal), \($0.property.identifier))" } + ["  return writer.jsonValue"]
  }

  static func all(of choice: EnumDeclSyntax, _ reporter: Reporter) -> [EnumCase]? {
    var cases: [EnumCase] = []
    for member in choice.memberBlock.members {
      guard let declaration = member.decl.as(EnumCaseDeclSyntax.self) else { continue }
      let documentation = DocComment(declaration.leadingTrivia)
      for element in declaration.elements {
        guard let payload = payload(of: element, documentation, reporter) else { return nil }
        cases.append(EnumCase(syntax: element, description: documentation.text, payload: payload))
      }
    }
    return cases
  }

  private static func payload(
    of element: EnumCaseElementSyntax, _ documentation: DocComment, _ reporter: Reporter
  ) -> [(label: String?, property: Property)]? {
    var payload: [(label: String?, property: Property)] = []
    let parameters = element.parameterClause.map { Array($0.parameters) } ?? []
    for parameter in parameters {
      let label = parameter.firstName.flatMap { $0.text == "_" ? nil : $0.text }
      guard label != nil || parameters.count == 1 else {
        reporter.report("label", at: parameter, "the members of \"\(element.name.text)\" need names: give each value a label.")
        return nil
      }
      let name = label ?? "value"
      guard ValueTypeCheck.accepts(parameter.type, of: "member \"\(name)\"", reporter) else { return nil }
      let value = parameter.defaultValue?.value.trimmedDescription
      let property = Property(
        identifier: name, type: parameter.type.trimmedDescription, defaultValue: value == "nil" ? nil : value,
        description: documentation.parameters[name.withoutBackticks], constraints: [])
      payload.append((label, property))
    }
    return payload
  }
}
