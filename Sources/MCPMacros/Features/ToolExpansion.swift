import SwiftSyntax
import SwiftSyntaxMacros

/// The `Tool` that a function becomes.
struct ToolExpansion {
  let name: String
  let text: String

  init?(_ function: FeatureFunction, _ reporter: Reporter) {
    var traits = Array(function.attribute.argumentList)
    if let first = traits.first, first.expression.is(StringLiteralExprSyntax.self) {
      guard let literal = first.expression.stringLiteral, ToolExpansion.isName(literal) else {
        reporter.report("name", at: first.expression, "the name of a tool is 1 to 128 of the letters A-Z and a-z, digits, \"_\", \"-\" and \".\".")
        return nil
      }
      name = literal
      traits.removeFirst()
    } else {
      name = function.functionName
      guard ToolExpansion.isName(name) else {
        reporter.report("name", at: function.syntax.name, "clients know tools by ASCII names only. Give this one a name of its own: @Tool(\"...\").")
        return nil
      }
    }
    let result = function.syntax.signature.returnClause?.type
    if let result, ToolExpansion.isUnfit(result, reporter) { return nil }
    var head = ["name: \(name.literal)"]
    if let description = function.documentation.text { head.append("description: \(description.literal)") }
    if !traits.isEmpty { head.append("traits: [\(traits.map { $0.expression.trimmedDescription }.joined(separator: ", "))]") }
    if let result, !["Void", "Swift.Void", "()"].contains(result.trimmedDescription) { head.append("returns: \(result.trimmedDescription).self") }
    text = "MCP.Tool(\(FeatureClosure(function, head: head).text)"
  }

  /// Whether a tool cannot return the type. If so, says why.
  private static func isUnfit(_ type: TypeSyntax, _ reporter: Reporter) -> Bool {
    if let tuple = type.as(TupleTypeSyntax.self), tuple.elements.count > 1 {
      reporter.report("result-tuple", at: type, "a tool cannot return a tuple. Declare a struct with these members and mark it @ToolInput.")
      return true
    }
    if type.is(SomeOrAnyTypeSyntax.self) || type.is(FunctionTypeSyntax.self) {
      reporter.report("result-type", at: type, "a tool returns one concrete type, whose JSON Schema clients can be told. For mixtures return [Content] or ToolResult.")
      return true
    }
    return false
  }

  private static func isName(_ name: String) -> Bool {
    (1...128).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
          UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
          true
        default: false
        }
      }
  }
}

/// The `Prompt` that a function becomes.
struct PromptExpansion {
  let text: String

  init(_ function: FeatureFunction) {
    let name = function.attribute.argumentList.first { $0.label == nil }?.expression.trimmedDescription
    var head = ["name: \(name ?? function.functionName.literal)"]
    if let title = function.attribute.argument("title") { head.append("title: \(title.trimmedDescription)") }
    if let description = function.documentation.text { head.append("description: \(description.literal)") }
    text = "MCP.Prompt(\(FeatureClosure(function, head: head).text)"
  }
}

/// The arguments of an initializer that takes typed parameters and a closure of them, after its opening parenthesis.
struct FeatureClosure {
  let text: String

  init(_ function: FeatureFunction, head: [String]) {
    var lines = [head.joined(separator: ", ")]
    for (index, argument) in function.values.enumerated() {
      lines.append((index == 0 ? "parameters: " : "") + argument.parameter)
    }
    let request = function.arguments.first(where: \.isContext)?.identifier ?? "_"
    let names = [request] + function.values.map(\.identifier)
    let call = function.effects() + function.call { $0.isContext ? request : $0.identifier }
    text = "\n      \(lines.joined(separator: ",\n      "))\n    ) { \(names.joined(separator: ", ")) in\n      \(call)\n    }"
  }
}
