public import SwiftSyntax
import SwiftSyntaxBuilder
public import SwiftSyntaxMacros

/// `@ToolInput`: the conformance of a struct or an enum to `ToolObject`, or of an enum with raw values to `ToolValue`.
///
/// What names types is a member of the type, for there the names of its neighbours mean what they mean to its author. The initializer of
/// a struct is in the extension, for there it leaves the memberwise one alone.
public struct ToolInputMacro: ExtensionMacro, MemberMacro {
  public static func expansion(
    of node: AttributeSyntax, attachedTo declaration: some DeclGroupSyntax, providingExtensionsOf type: some TypeSyntaxProtocol,
    conformingTo protocols: [TypeSyntax], in context: some MacroExpansionContext
  ) throws -> [ExtensionDeclSyntax] {
    guard let value = value(of: declaration, node, .silent) else { return [] }
    // What the type conforms to by itself must not be said again.
    let isIterable = !protocols.contains { $0.trimmedDescription.hasSuffix("CaseIterable") }
    let conformances = value.conformances.filter { $0 != "CaseIterable" || !isIterable }.joined(separator: ", ")
    let text: DeclSyntax = "extension \(type.trimmed): \(raw: conformances) {\(raw: value.extensionMembers)}"
    return text.as(ExtensionDeclSyntax.self).map { [$0] } ?? []
  }

  public static func expansion(
    of node: AttributeSyntax, providingMembersOf declaration: some DeclGroupSyntax, conformingTo protocols: [TypeSyntax],
    in context: some MacroExpansionContext
  ) throws -> [DeclSyntax] {
    value(of: declaration, node, Reporter(context))?.members.map { "\(raw: $0)" } ?? []
  }

  private static func value(of declaration: some DeclGroupSyntax, _ node: AttributeSyntax, _ reporter: Reporter) -> ValueExpansion? {
    if let structure = declaration.as(StructDeclSyntax.self) { return ValueExpansion(structure, reporter) }
    if let choice = declaration.as(EnumDeclSyntax.self) { return ValueExpansion(choice, tag: node.argument("tag"), reporter) }
    reporter.report("input-kind", at: node, "@ToolInput belongs on a struct or an enum: a JSON object has no identity that a class or an actor could keep.")
    return nil
  }
}

/// What makes a type a `ToolValue`.
struct ValueExpansion {
  let conformances: [String]
  /// Declarations inside the type.
  let members: [String]
  /// What the extension holds between its braces.
  let extensionMembers: String
}

/// `@Range` and the like on a property: what `@ToolInput` reads, and nothing by itself.
public struct ConstraintMacro: PeerMacro {
  public static func expansion(
    of node: AttributeSyntax, providingPeersOf declaration: some DeclSyntaxProtocol, in context: some MacroExpansionContext
  ) throws -> [DeclSyntax] {
    if !declaration.is(VariableDeclSyntax.self) {
      Reporter(context).report("constraint-kind", at: node, "@\(node.name) belongs on a parameter of a tool, or on a property of a type that is marked @ToolInput.")
    }
    return []
  }
}
