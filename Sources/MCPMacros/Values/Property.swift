import SwiftSyntax
import SwiftSyntaxMacros

/// A stored property of a struct, or a payload of a case, that becomes a member of a JSON object.
struct Property {
  /// As Swift writes it.
  let identifier: String
  let type: String
  let defaultValue: String?
  let description: String?
  let constraints: [String]

  var name: String { identifier.withoutBackticks }

  /// `members.add("street", String.self, "Street and number.")`.
  var schema: String {
    var parts = [name.literal, "\(type).self"]
    if let description, !description.isEmpty { parts.append(description.literal) }
    if let defaultValue { parts.append("default: \(defaultValue)") }
    if !constraints.isEmpty { parts.append("constraints: \(constraints.joined(separator: ", "))") }
    return "members.add(\(parts.joined(separator: ", ")))"
  }

  /// `try reader.read("street")`.
  var reading: String { "try reader.read(\(name.literal)\(defaultValue.map { ", default: \($0)" } ?? ""))" }

  /// The stored properties that a declaration makes; nil when one of them cannot be read from JSON.
  static func all(of variable: VariableDeclSyntax, _ reporter: Reporter) -> [Property]? {
    guard !variable.modifiers.contains(.static) else { return [] }
    let documentation = DocComment(variable.leadingTrivia)
    let isConstant = variable.bindingSpecifier.tokenKind == .keyword(.let)
    var properties: [Property] = []
    var lastType: TypeSyntax?
    // In `var a, b: Int` the type stands with the last, and is that of all before it that have no value.
    for binding in variable.bindings.reversed() {
      lastType = binding.typeAnnotation?.type ?? lastType
      let type = binding.initializer == nil ? lastType : binding.typeAnnotation?.type
      guard !binding.isComputed else { continue }
      guard let identifier = binding.pattern.as(IdentifierPatternSyntax.self)?.identifier.text else {
        reporter.report("pattern", at: binding.pattern, "declare each member by itself, so that it has a type and a description.")
        return nil
      }
      if isConstant, let value = binding.initializer {
        reporter.report("constant", at: value, "a `let` that has a value cannot take one from a call. Make it `var`, with this as the default, or `static let`.")
        return nil
      }
      let value = binding.initializer?.value
      guard let typeName = type?.trimmedDescription ?? value.flatMap({ Property.literalType($0) }) else {
        reporter.report("no-type", at: binding.pattern, "write the type of \"\(identifier.withoutBackticks)\": a macro sees no inferred ones.")
        return nil
      }
      if let type, !ValueTypeCheck.accepts(type, of: "member \"\(identifier.withoutBackticks)\"", reporter) { return nil }
      let defaultText = value?.trimmedDescription
      properties.append(
        Property(
          identifier: identifier, type: typeName, defaultValue: defaultText == "nil" ? nil : defaultText,
          description: documentation.text, constraints: ConstraintAttribute.list(variable.attributes)))
    }
    return properties.reversed()
  }

  private static func literalType(_ value: ExprSyntax) -> String? {
    if value.is(StringLiteralExprSyntax.self) { return "String" }
    if value.is(IntegerLiteralExprSyntax.self) { return "Int" }
    if value.is(FloatLiteralExprSyntax.self) { return "Double" }
    if value.is(BooleanLiteralExprSyntax.self) { return "Bool" }
    return nil
  }
}

extension PatternBindingSyntax {
  var isComputed: Bool {
    switch accessorBlock?.accessors {
    case .getter: true
    case .accessors(let accessors): !accessors.allSatisfy { ["willSet", "didSet"].contains($0.accessorSpecifier.text) }
    case nil: false
    }
  }
}
