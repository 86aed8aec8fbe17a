import SwiftDiagnostics
import SwiftSyntax
import SwiftSyntaxMacros

/// What is wrong with a declaration, said where it is wrong, with what to do.
struct Problem: DiagnosticMessage {
  let id: String
  let message: String
  var severity: DiagnosticSeverity { .error }
  var diagnosticID: MessageID { MessageID(domain: "MCPMacros", id: id) }
}

/// Where problems go: to the compiler once, and nowhere when another role of the same macro has said them already.
struct Reporter {
  private let diagnose: (Diagnostic) -> Void

  init(_ context: some MacroExpansionContext) { diagnose = { context.diagnose($0) } }
  private init() { diagnose = { _ in } }
  static var silent: Reporter { Reporter() }

  func report(_ id: String, at node: some SyntaxProtocol, _ message: String) {
    diagnose(Diagnostic(node: Syntax(node), message: Problem(id: id, message: message)))
  }
}
