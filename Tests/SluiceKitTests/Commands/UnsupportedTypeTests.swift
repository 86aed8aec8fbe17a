import Foundation
import Testing

@Suite("A type that JSON has no form for")
struct UnsupportedTypeTests {
  @Test(
    "is a compile error that says what to do",
    .enabled(if: BuildFlags.current != nil, "SwiftPM left no description of this build: what the compiler says of tools is not tested"),
    arguments: [
      ("@Tools struct S { @Tool func a(when: Moment) -> Int { 1 } }", "a parameter is of a ToolValue: mark a struct or an enum @ToolInput"),
      ("@Tools struct S { @Tool func a(when: [Moment]?) -> Int { 1 } }", "a parameter is of a ToolValue: mark a struct or an enum @ToolInput"),
      ("@Tools struct S { @Prompt func a(when: Moment) -> String { \"\" } }", "a parameter is of a ToolValue: mark a struct or an enum @ToolInput"),
      ("@ToolInput struct S { var when: Moment }", "a member is of a ToolValue: mark a struct or an enum @ToolInput"),
      ("let tool = Tool(name: \"a\", parameters: Parameter(\"when\", Moment.self)) { _, _ in 1 }", "a parameter is of a ToolValue"),
      ("@Tools struct S { @Tool func a() -> Moment { Moment() } }", "and returns a ToolValue (mark the type @ToolInput), an Encodable"),
    ])
  func advice(_ declaration: String, _ advice: String) async throws {
    let flags = try #require(BuildFlags.current)
    try await withDirectory { directory in
      let file = "\(directory)/Tool.swift"
      try "import MCP\nimport MCPToolMacros\nimport MCPTools\n\nstruct Moment: Sendable {}\n\(declaration)\n".write(toFile: file, atomically: true, encoding: .utf8)
      let said = try await flags.check([file], name: "Sample", searching: directory)
      #expect(said.contains("error: ") && said.contains(advice), "\(said)")
    }
  }
}
