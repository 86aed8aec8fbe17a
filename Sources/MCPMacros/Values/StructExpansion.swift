import SwiftSyntax

extension ValueExpansion {
  /// The members by which a struct is a `ToolObject`.
  init?(_ structure: StructDeclSyntax, _ reporter: Reporter) {
    var properties: [Property] = []
    var isAcceptable = true
    for member in structure.memberBlock.members {
      guard let variable = member.decl.as(VariableDeclSyntax.self) else { continue }
      if let found = Property.all(of: variable, reporter) { properties += found } else { isAcceptable = false }
    }
    guard isAcceptable else { return nil }
    let access = structure.modifiers.access
    let description = DocComment(structure.leadingTrivia).text.map { ", \($0.literal)" } ?? ""
    conformances = ["MCPTools.ToolObject", "MCPTools.ToolValue"]
    members = [
      """
      \(access)static func schema(_ builder: inout MCPTools.SchemaBuilder) -> JSON.JSONValue {
        builder.object(Self.self\(description))\(block("members", properties.map(\.schema), indent: 2))
      }
      """
    ]
    let isEmpty = properties.isEmpty
    extensionMembers = """

        \(access)init(json: JSON.RawJSON) throws(MCPTools.ValueError) {
          \(isEmpty ? "_" : "let reader") = try MCPTools.ObjectReader(json)
      \(lines(properties.map { "self.\($0.identifier) = \($0.reading)" }, indent: 4))  }
        \(access)var jsonValue: JSON.JSONValue {
          \(isEmpty ? "let" : "var") writer = MCPTools.ObjectWriter()
      \(lines(properties.map { "writer.write(\($0.name.literal), self.\($0.identifier))" }, indent: 4))    return writer.jsonValue
        }

      """
  }
}

/// Lines of Swift at an indentation, each with its end.
func lines(_ lines: [String], indent: Int) -> String {
  lines.map { String(repeating: " ", count: indent) + $0 + "\n" }.joined()
}

/// A trailing closure with one parameter.
func block(_ parameter: String, _ body: [String], indent: Int) -> String {
  guard !body.isEmpty else { return " { _ in }" }
  return " { \(parameter) in\n\(lines(body, indent: indent + 2))\(String(repeating: " ", count: indent))}"
}
