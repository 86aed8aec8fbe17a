import SwiftSyntax
import SwiftSyntaxMacros

/// A function that carries `@Tool`, `@Prompt` or `@Resource`, as far as the macros care.
struct FeatureFunction {
  enum Kind: String, CaseIterable {
    case tool = "Tool"
    case prompt = "Prompt"
    case resource = "Resource"

    /// What a parameter must be to get the request itself.
    var contextType: String {
      switch self {
      case .tool: "ToolCall"
      case .prompt: "PromptGet"
      case .resource: "ResourceRead"
      }
    }
  }

  struct Argument {
    let syntax: FunctionParameterSyntax
    /// Nil when the call has none.
    let label: String?
    /// What clients call it, which is what the function's body calls it.
    let name: String
    let type: String
    let defaultValue: String?
    let constraints: [String]
    /// Whether it is the request rather than something from it.
    let isContext: Bool
    let description: String?

    /// The name as Swift writes it.
    var identifier: String { (syntax.secondName ?? syntax.firstName).text }
  }

  let kind: Kind
  let attribute: AttributeSyntax
  let syntax: FunctionDeclSyntax
  let arguments: [Argument]
  let documentation: DocComment
  /// How the expansion calls it: `try await`, `await`, `try` or nothing.
  let isThrowing: Bool
  let isAwaited: Bool

  var functionName: String { syntax.name.text.withoutBackticks }
  var values: [Argument] { arguments.filter { !$0.isContext } }

  /// - Returns: nil when the function is none, or is one that cannot be; the reporter has the reasons then.
  init?(_ syntax: FunctionDeclSyntax, inActor: Bool, _ reporter: Reporter) {
    guard let (kind, attribute) = FeatureFunction.feature(of: syntax) else { return nil }
    self.kind = kind
    self.attribute = attribute
    self.syntax = syntax
    documentation = DocComment(syntax.leadingTrivia)
    let effects = syntax.signature.effectSpecifiers
    isThrowing = effects?.throwsClause != nil
    let isOfActor = inActor && !syntax.modifiers.contains(.nonisolated) && !syntax.modifiers.contains(.static)
    let isOfGlobalActor = syntax.attributes.contains { $0.as(AttributeSyntax.self)?.name.hasSuffix("Actor") == true }
    isAwaited = effects?.asyncSpecifier != nil || isOfActor || isOfGlobalActor

    if let generics = syntax.genericParameterClause {
      reporter.report(
        "generic", at: generics,
        "a @\(kind.rawValue) cannot be generic: clients are told one schema. Write it for one concrete type, and call the generic function from there.")
      return nil
    }
    var arguments: [Argument] = []
    var isAcceptable = true
    for parameter in syntax.signature.parameterClause.parameters {
      guard let argument = Argument(parameter, of: kind, documentation, reporter) else {
        isAcceptable = false
        continue
      }
      arguments.append(argument)
    }
    guard isAcceptable else { return nil }
    self.arguments = arguments
  }

  static func feature(of function: FunctionDeclSyntax) -> (Kind, AttributeSyntax)? {
    for kind in Kind.allCases {
      if let attribute = function.attributes.named(kind.rawValue) { return (kind, attribute) }
    }
    return nil
  }

  /// The call of the function, with `value` in place of each argument.
  func call(_ value: (Argument) -> String) -> String {
    let base = syntax.modifiers.contains(.static) ? "Self" : "self"
    let list = arguments.map { argument in (argument.label.map { "\($0): " } ?? "") + value(argument) }
    return "\(base).\(syntax.name.text)(\(list.joined(separator: ", ")))"
  }

  func effects(throwing: Bool = false) -> String { (isThrowing || throwing ? "try " : "") + (isAwaited ? "await " : "") }
}

extension FeatureFunction.Argument {
  init?(
    _ syntax: FunctionParameterSyntax, of kind: FeatureFunction.Kind, _ documentation: DocComment, _ reporter: Reporter
  ) {
    let identifier = (syntax.secondName ?? syntax.firstName).text
    guard identifier != "_" else {
      reporter.report("unnamed", at: syntax, "this parameter has no name that clients could call it by. Name it.")
      return nil
    }
    self.syntax = syntax
    name = identifier.withoutBackticks
    label = syntax.firstName.text == "_" ? nil : syntax.firstName.text.withoutBackticks
    let what = "parameter \"\(name)\""
    if let ellipsis = syntax.ellipsis {
      reporter.report("variadic", at: ellipsis, "\(what) cannot be variadic. Take an array: [\(syntax.type.trimmedDescription)].")
      return nil
    }
    let bare = syntax.type.as(AttributedTypeSyntax.self)?.baseType ?? syntax.type
    let typeName = bare.trimmedDescription
    let lastName = typeName.split(separator: ".").last.map(String.init) ?? typeName
    isContext = lastName == kind.contextType
    if !isContext, FeatureFunction.Kind.allCases.contains(where: { $0.contextType == lastName }) {
      reporter.report("context", at: syntax.type, "a @\(kind.rawValue) gets its request as \(kind.contextType), not as \(lastName).")
      return nil
    }
    guard isContext || ValueTypeCheck.accepts(syntax.type, of: what, reporter) else { return nil }
    type = typeName
    let value = syntax.defaultValue?.value.trimmedDescription
    defaultValue = value == "nil" ? nil : value
    constraints = ConstraintAttribute.list(syntax.attributes)
    description = documentation.parameters[name] ?? documentation.parameters[syntax.firstName.text.withoutBackticks]
  }

  /// `MCPTools.Parameter("a", Int.self, description: "...", default: 1)`.
  var parameter: String {
    var parts = [name.literal, "\(type).self"]
    if let description, !description.isEmpty { parts.append("description: \(description.literal)") }
    if let defaultValue { parts.append("default: \(defaultValue)") }
    if !constraints.isEmpty { parts.append("constraints: \(constraints.joined(separator: ", "))") }
    return "MCPTools.Parameter(\(parts.joined(separator: ", ")))"
  }
}
