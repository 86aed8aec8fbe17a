import SwiftSyntaxMacrosGenericTestSupport
import Testing

@Suite("What the macros refuse")
struct DiagnosticTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let declaration: String
    let column: Int
    let message: String
    var testDescription: String { declaration }
    /// - Parameter column: where the problem stands in `declaration`, from 1.
    init(_ declaration: String, _ column: Int, _ message: String) {
      self.declaration = declaration
      self.column = column
      self.message = message
    }
  }

  static let features: [Row] = [
    Row("@Tool func a(x: () -> Int) {}", 17, "parameter \"x\" cannot be a function: JSON has none. Take what the function would be made from."),
    Row("@Tool func a(x: @escaping (Int) -> Void) {}", 27, "parameter \"x\" cannot be a function: JSON has none. Take what the function would be made from."),
    Row("@Tool func a(x: inout Int) {}", 17, "parameter \"x\" cannot be inout: a call brings its arguments and takes nothing back. Return the new value instead."),
    Row("@Tool func a(x: Int...) {}", 20, "parameter \"x\" cannot be variadic. Take an array: [Int]."),
    Row("@Tool func a(x: (Int, Int)) {}", 17, "parameter \"x\" cannot be a tuple. Declare a struct with these members and mark it @ToolInput."),
    Row("@Tool func a(x: [(Int, Int)]) {}", 18, "parameter \"x\" cannot be a tuple. Declare a struct with these members and mark it @ToolInput."),
    Row(
      "@Tool func a<T>(x: T) {}", 13,
      "a @Tool cannot be generic: clients are told one schema. Write it for one concrete type, and call the generic function from there."),
    Row(
      "@Tool func a(x: some Sequence) {}", 17,
      "parameter \"x\" needs one concrete type, whose JSON Schema clients can be told. Use a ToolValue, or JSONValue for any JSON."),
    Row(
      "@Tool func a(x: (any Error)?) {}", 18,
      "parameter \"x\" needs one concrete type, whose JSON Schema clients can be told. Use a ToolValue, or JSONValue for any JSON."),
    Row("@Tool func a(x: [Any]) {}", 18, "parameter \"x\" needs one concrete type, whose JSON Schema clients can be told. Use a ToolValue, or JSONValue for any JSON."),
    Row("@Tool func a(x: Int!) {}", 17, "parameter \"x\" may be left out by the caller: use `?` in place of `!`."),
    Row("@Tool func a(x: Int.Type) {}", 17, "parameter \"x\" cannot be a type. Take its name as a String or an enum."),
    Row(
      "@Tool func a(x: [Int: String]) {}", 18,
      "parameter \"x\" has keys that are not String, and the members of a JSON object have no other. Use [String: String]."),
    Row("@Tool func a(_: Int) {}", 14, "this parameter has no name that clients could call it by. Name it."),
    Row("@Tool func a(x: PromptGet) {}", 17, "a @Tool gets its request as ToolCall, not as PromptGet."),
    Row("@Tool func a() -> (Int, Int) { (1, 2) }", 19, "a tool cannot return a tuple. Declare a struct with these members and mark it @ToolInput."),
    Row(
      "@Tool func a() -> any Error { fatalError() }", 19,
      "a tool returns one concrete type, whose JSON Schema clients can be told. For mixtures return [Content] or ToolResult."),
    Row("@Tool(\"no spaces\") func a() {}", 7, "the name of a tool is 1 to 128 of the letters A-Z and a-z, digits, \"_\", \"-\" and \".\"."),
    Row("@Tool func größe() {}", 12, "clients know tools by ASCII names only. Give this one a name of its own: @Tool(\"...\")."),
    Row("@Tool(\"b\") func a() {}; @Tool func b() {}", 36, "another tool is called \"b\" already. Give this one a name of its own: @Tool(\"...\")."),
    Row("@Resource(\"x://{id}\") func a() -> String { \"\" }", 11, "no parameter takes the variable {id}. Add one: id: String."),
    Row("@Resource(\"x://y\") func a(id: String) -> String { id }", 27, "the URI has no variable {id} for this parameter."),
    Row("@Resource(\"x://{id\") func a(id: String) -> String { id }", 11, "this is no URI template: a \"{\" has no \"}\"."),
    Row("@Resource(uri) func a() -> String { \"\" }", 1, "the URI of a resource is a string literal: @Resource(\"weather://{city}/now\")."),
    Row("@Tool var a: Int", 1, "@Tool belongs on a function."),
  ]

  @Test("A function that cannot be a feature is refused where the reason stands, with what to do", arguments: features)
  func feature(_ row: Row) {
    let found = diagnostics("@Tools struct S {\n\(row.declaration)\n}")
    #expect(found == [Found(line: 2, column: row.column, message: row.message)])
  }

  static let inputs: [Row] = [
    Row("@ToolInput class C {}", 1, "@ToolInput belongs on a struct or an enum: a JSON object has no identity that a class or an actor could keep."),
    Row("@ToolInput struct S { let a: Int = 1 }", 34, "a `let` that has a value cannot take one from a call. Make it `var`, with this as the default, or `static let`."),
    Row("@ToolInput struct S { var a = make() }", 27, "write the type of \"a\": a macro sees no inferred ones."),
    Row("@ToolInput struct S { var a: (Int) -> Void }", 30, "member \"a\" cannot be a function: JSON has none. Take what the function would be made from."),
    Row("@ToolInput enum E { case a, b }", 17, "say what the cases are in JSON: enum E: String."),
    Row("@ToolInput enum E { case a(Int, Int) }", 28, "the members of \"a\" need names: give each value a label."),
    Row(
      "@ToolInput enum E { case a(type: Int) }", 26,
      "the member \"type\" is what tells the cases apart. Call it something else, or choose another tag: @ToolInput(tag: \"kind\")."),
  ]

  @Test("A type that cannot be a value is refused where the reason stands, with what to do", arguments: inputs)
  func input(_ row: Row) {
    #expect(diagnostics(row.declaration) == [Found(line: 1, column: row.column, message: row.message)])
  }

  @Test("Features outside a type that is marked @Tools are refused")
  func outside() {
    let message = "@Tool works inside the declaration of a type that is marked @Tools."
    #expect(diagnostics("struct S {\n  @Tool func a() {}\n}") == [Found(line: 2, column: 3, message: message)])
  }
}
