import MCPMacros
import SwiftDiagnostics
import SwiftParser
import SwiftSyntax
import SwiftSyntaxBuilder
import SwiftSyntaxMacroExpansion
import SwiftSyntaxMacros
import SwiftSyntaxMacrosGenericTestSupport
import Testing

private let macros: [String: MacroSpec] = [
  "Tools": MacroSpec(type: ToolsMacro.self, conformances: ["Toolset"]),
  "Tool": MacroSpec(type: FeatureMacro.self), "Prompt": MacroSpec(type: FeatureMacro.self), "Resource": MacroSpec(type: FeatureMacro.self),
  "Pattern": MacroSpec(type: ConstraintMacro.self),
  "ToolInput": MacroSpec(type: ToolInputMacro.self, conformances: ["ToolObject", "ToolValue", "CaseIterable"]),
]

/// Checks what the macros make of `source`.
func expect(_ source: String, expandsTo expansion: String, at location: Testing.SourceLocation = #_sourceLocation) {
  assertMacroExpansion(
    source, expandedSource: expansion, macroSpecs: macros, indentationWidth: .spaces(2),
    failureHandler: { failure in Issue.record("\(failure.message)", sourceLocation: location) })
}

/// A diagnostic, by where it stands and what it says.
struct Found: Equatable {
  var line: Int
  var column: Int
  var message: String
}

/// What the macros complain of in `source`.
func diagnostics(_ source: String) -> [Found] {
  let file = Parser.parse(source: source)
  let context = BasicMacroExpansionContext(sourceFiles: [file: .init(moduleName: "Test", fullFilePath: "Test.swift")])
  _ = file.expand(macroSpecs: macros) { node in BasicMacroExpansionContext(sharingWith: context, lexicalContext: node.enclosing) }
  return context.diagnostics.map { diagnostic in
    let place = context.location(for: diagnostic.position, anchoredAt: diagnostic.node, fileName: "Test.swift")
    return Found(line: place.line, column: place.column, message: diagnostic.message)
  }
}

extension Syntax {
  /// What surrounds a declaration, as the compiler tells macros.
  fileprivate var enclosing: [Syntax] {
    var contexts: [Syntax] = []
    var next = parent
    while let node = next {
      if node.asProtocol((any DeclGroupSyntax).self) != nil { contexts.append(node) }
      next = node.parent
    }
    return contexts
  }
}
