public import SwiftSyntax
import SwiftSyntaxBuilder
public import SwiftSyntaxMacros

/// `@Tools`: the conformance of a type to `Toolset`, with one feature for each function that is marked as one.
///
/// The features are members of the type rather than of the extension, for there the names of its neighbours mean what they mean to its
/// author.
public struct ToolsMacro: ExtensionMacro, MemberMacro {
  public static func expansion(
    of node: AttributeSyntax, attachedTo declaration: some DeclGroupSyntax, providingExtensionsOf type: some TypeSyntaxProtocol,
    conformingTo protocols: [TypeSyntax], in context: some MacroExpansionContext
  ) throws -> [ExtensionDeclSyntax] {
    let text: DeclSyntax = "extension \(type.trimmed): MCPTools.Toolset {}"
    return text.as(ExtensionDeclSyntax.self).map { [$0] } ?? []
  }

  public static func expansion(
    of node: AttributeSyntax, providingMembersOf declaration: some DeclGroupSyntax, conformingTo protocols: [TypeSyntax],
    in context: some MacroExpansionContext
  ) throws -> [DeclSyntax] {
    let reporter = Reporter(context)
    guard !declaration.is(ProtocolDeclSyntax.self), !declaration.is(ExtensionDeclSyntax.self) else {
      reporter.report("tools-kind", at: node, "@Tools belongs on a struct, an actor, an enum or a final class.")
      return []
    }
    var names: Set<String> = []
    var tools: [String] = []
    var prompts: [String] = []
    var resources: [String] = []
    var templates: [String] = []
    for feature in read(declaration, reporter) {
      switch feature.kind {
      case .tool:
        guard let tool = ToolExpansion(feature, reporter) else { continue }
        guard names.insert(tool.name).inserted else {
          reporter.report("duplicate", at: feature.syntax.name, "another tool is called \"\(tool.name)\" already. Give this one a name of its own: @Tool(\"...\").")
          continue
        }
        tools.append(tool.text)
      case .prompt: prompts.append(PromptExpansion(feature).text)
      case .resource:
        guard let resource = ResourceExpansion(feature, reporter) else { continue }
        if resource.isTemplate { templates.append(resource.text) } else { resources.append(resource.text) }
      }
    }
    let access = declaration.modifiers.access
    let modifiers = access + (isIsolated(declaration) ? "nonisolated " : "")
    let properties = [
      property("tools", "MCP.Tool", tools, modifiers), property("prompts", "MCP.Prompt", prompts, modifiers),
      property("resources", "MCP.Resource", resources, modifiers), property("resourceTemplates", "MCP.ResourceTemplate", templates, modifiers),
    ].compactMap { $0 }
    return ConstraintAttribute.aliases(in: declaration.memberBlock.members, access: access) + properties
  }

  /// Whether the functions of the type run on an actor.
  private static func isIsolated(_ declaration: some DeclGroupSyntax) -> Bool {
    declaration.is(ActorDeclSyntax.self) || declaration.attributes.contains { $0.as(AttributeSyntax.self)?.name.hasSuffix("Actor") == true }
  }

  private static func read(_ declaration: some DeclGroupSyntax, _ reporter: Reporter) -> [FeatureFunction] {
    let isIsolated = isIsolated(declaration)
    return declaration.memberBlock.members.compactMap { member in
      member.decl.as(FunctionDeclSyntax.self).flatMap { FeatureFunction($0, inActor: isIsolated, reporter) }
    }
  }

  private static func property(_ name: String, _ type: String, _ elements: [String], _ modifiers: String) -> DeclSyntax? {
    guard !elements.isEmpty else { return nil }
    return """
      \(raw: modifiers)var \(raw: name): [\(raw: type)] {
        [
          \(raw: elements.joined(separator: ",\n    ")),
        ]
      }
      """
  }
}

/// `@Tool`, `@Prompt`, `@Resource`: marks for `@Tools`, which add nothing by themselves.
public struct FeatureMacro: PeerMacro {
  public static func expansion(
    of node: AttributeSyntax, providingPeersOf declaration: some DeclSyntaxProtocol, in context: some MacroExpansionContext
  ) throws -> [DeclSyntax] {
    let reporter = Reporter(context)
    guard declaration.is(FunctionDeclSyntax.self) else {
      reporter.report("feature-kind", at: node, "@\(node.name) belongs on a function.")
      return []
    }
    let isInTools = context.lexicalContext.first.flatMap { $0.asProtocol((any DeclGroupSyntax).self) }?.attributes.named("Tools") != nil
    if !isInTools {
      reporter.report("outside", at: node, "@\(node.name) works inside the declaration of a type that is marked @Tools.")
    }
    return []
  }
}
