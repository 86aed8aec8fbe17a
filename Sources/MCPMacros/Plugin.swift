import SwiftCompilerPlugin
import SwiftSyntaxMacros

@main
struct MCPMacrosPlugin: CompilerPlugin {
  let providingMacros: [any Macro.Type] = [ToolsMacro.self, FeatureMacro.self, ToolInputMacro.self, ConstraintMacro.self]
}
