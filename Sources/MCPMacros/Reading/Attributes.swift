import SwiftParser
import SwiftSyntax
import SwiftSyntaxBuilder

extension AttributeListSyntax {
  /// The attribute of that name, module or not.
  func named(_ name: String) -> AttributeSyntax? {
    lazy.compactMap { $0.as(AttributeSyntax.self) }.first { $0.name == name }
  }
}

extension AttributeSyntax {
  var name: String {
    let name = attributeName.trimmedDescription
    return name.split(separator: ".").last.map(String.init) ?? name
  }

  var argumentList: LabeledExprListSyntax { arguments?.as(LabeledExprListSyntax.self) ?? [] }

  /// The argument with a label.
  func argument(_ label: String) -> ExprSyntax? { argumentList.first { $0.label?.text == label }?.expression }
}

extension ExprSyntax {
  /// The text of a string literal without interpolations.
  var stringLiteral: String? { self.as(StringLiteralExprSyntax.self)?.representedLiteralValue }
}

extension DeclModifierListSyntax {
  /// The access that the members of an extension need so that they can witness a public protocol.
  var access: String {
    for modifier in self {
      switch modifier.name.tokenKind {
      case .keyword(.public), .keyword(.open): return "public "
      case .keyword(.package): return "package "
      default: continue
      }
    }
    return ""
  }

  func contains(_ keyword: Keyword) -> Bool { contains { $0.name.tokenKind == .keyword(keyword) } }
}

/// The attributes that constrain a value: names of nested types of `Constrained`, and the constraints that they stand for.
enum ConstraintAttribute {
  static let constraints: [(name: String, constraint: String)] = [
    ("Range", "range"), ("Length", "length"), ("Pattern", "pattern"), ("Format", "format"), ("Header", "header"),
  ]

  /// `.range(1...10), .header("Limit")`: the constraints of a declaration as Swift.
  static func list(_ attributes: AttributeListSyntax) -> [String] {
    attributes.compactMap { element in
      guard let attribute = element.as(AttributeSyntax.self), let constraint = constraints.first(where: { $0.name == attribute.name }) else { return nil }
      return ".\(constraint.constraint)(\(attribute.argumentList.trimmedDescription))"
    }
  }

  /// What gives the attributes their names inside a type, for those that the type uses.
  static func aliases(in members: MemberBlockItemListSyntax, access: String) -> [DeclSyntax] {
    var used: Set<String> = []
    for member in members {
      guard let function = member.decl.as(FunctionDeclSyntax.self) else { continue }
      let lists = function.signature.parameterClause.parameters.map(\.attributes)
      for list in lists { used.formUnion(list.compactMap { $0.as(AttributeSyntax.self)?.name }) }
    }
    return constraints.filter { used.contains($0.name) }.map { "\(raw: access)typealias \(raw: $0.name) = MCPToolMacros.Constrained.\(raw: $0.name)" }
  }
}
