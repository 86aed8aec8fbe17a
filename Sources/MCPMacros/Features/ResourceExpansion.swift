import SwiftSyntax
import SwiftSyntaxMacros

/// The `Resource` or `ResourceTemplate` that a function becomes.
struct ResourceExpansion {
  let text: String
  let isTemplate: Bool

  init?(_ function: FeatureFunction, _ reporter: Reporter) {
    guard let expression = function.attribute.argumentList.first(where: { $0.label == nil })?.expression, let uri = expression.stringLiteral else {
      reporter.report("uri", at: function.attribute, "the URI of a resource is a string literal: @Resource(\"weather://{city}/now\").")
      return nil
    }
    let variables: [String]
    switch TemplateVariables.read(uri) {
    case .problem(let problem):
      reporter.report("template", at: expression, "this is no URI template: \(problem).")
      return nil
    case .names(let names): variables = names
    }
    var isAcceptable = true
    for argument in function.values where !variables.contains(argument.name) {
      reporter.report("no-variable", at: argument.syntax, "the URI has no variable {\(argument.name)} for this parameter.")
      isAcceptable = false
    }
    for variable in variables where !function.values.contains(where: { $0.name == variable }) {
      reporter.report("no-parameter", at: expression, "no parameter takes the variable {\(variable)}. Add one: \(variable): String.")
      isAcceptable = false
    }
    guard isAcceptable else { return nil }
    isTemplate = !variables.isEmpty

    var head = [(isTemplate ? "checked: " : "uri: ") + uri.literal]
    head.append("name: \(function.attribute.argument("name")?.trimmedDescription ?? function.functionName.literal)")
    if let title = function.attribute.argument("title") { head.append("title: \(title.trimmedDescription)") }
    if let description = function.documentation.text { head.append("description: \(description.literal)") }
    if let mimeType = function.attribute.argument("mimeType") { head.append("mimeType: \(mimeType.trimmedDescription)") }
    let call = function.call { argument in
      if argument.isContext { return "request" }
      let fallback = argument.defaultValue.map { ", default: \($0)" } ?? ""
      return "request.value(\(argument.name.literal), \(argument.type).self\(fallback))"
    }
    let request = function.arguments.isEmpty ? "_" : "request"
    let type = isTemplate ? "ResourceTemplate" : "Resource"
    let closure = "{ \(request) in\n      \(function.effects(throwing: isTemplate))MCP.ReadResult(\(call))\n    }"
    text = "MCP.\(type)(\n      \(head.joined(separator: ", "))\n    ) \(closure)"
  }
}

/// The names of the variables of a URI template (RFC 6570), as `MCP.URITemplate` reads it.
enum TemplateVariables {
  case names([String])
  case problem(String)

  static func read(_ template: String) -> TemplateVariables {
    var names: [String] = []
    var rest = template[...]
    while let brace = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
      guard rest[brace] == "{" else { return .problem("a \"}\" has no \"{\"") }
      rest = rest[rest.index(after: brace)...]
      guard let end = rest.firstIndex(of: "}") else { return .problem("a \"{\" has no \"}\"") }
      var expression = rest[..<end]
      if let first = expression.first, "+#./?&".contains(first) { expression = expression.dropFirst() }
      for item in expression.split(separator: ",", omittingEmptySubsequences: false) {
        let name = item.last == "*" ? item.dropLast() : item
        guard !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }) else {
          return .problem("a variable has the name of a parameter: letters, digits and \"_\"")
        }
        names.append(String(name))
      }
      rest = rest[rest.index(after: end)...]
    }
    return .names(names)
  }
}
