import Gateway
import JSON
import NIOCore
import Testing

private func screen(_ json: String, _ plan: ScreeningPlan) throws -> (text: String, outcome: ScreeningOutcome) {
  let result = try Screening().screen(RawJSON(json), plan: plan)
  let text = String(buffer: result.bytes)
  #expect(throws: Never.self, "the screened result is valid JSON") { try RawJSON(text) }
  return (text, result.outcome)
}

private func structured(_ text: String) throws -> String? { try RawJSON(text)["structuredContent"]?.text }

@Sendable private func isEven(_ row: RawJSON) -> Bool { (row["id"]?.int ?? 1) % 2 == 0 }

private func rows(_ pointer: String, items: Int? = nil, fields: [FieldCategory] = [], trustsText: Bool = true) throws -> ScreeningPlan {
  ScreeningPlan(
    clearance: Clearance(), fields: fields, rows: [try #require(RecordFilter(pointer: pointer, admits: isEven))],
    bounds: ResultBounds(items: items), trustsText: trustsText)
}

@Suite("Screening of structured content")
struct ScreeningStructureTests {
  @Test(
    "removes rows that are not admitted, wherever they stand",
    arguments: [
      ("[]", "[]", 0), ("[ ]", "[ ]", 0),
      (#"[{"id":2}]"#, #"[{"id":2}]"#, 0), (#"[{"id":1}]"#, "[]", 1), (#"[ {"id":1} , {"id":3} ]"#, "[  ]", 2),
      (#"[{"id":1},{"id":2}]"#, #"[{"id":2}]"#, 1), (#"[{"id":2},{"id":1}]"#, #"[{"id":2}]"#, 1),
      (#"[{"id":2}, {"id":1}, {"id":3}, {"id":4}]"#, #"[{"id":2}, {"id":4}]"#, 2),
      (#"[{"id":1}, {"id":2}, {"id":3}, {"id":4}, {"id":5}]"#, #"[{"id":2}, {"id":4}]"#, 3),
      (#"[1,null,"x",{"id":"2"},{"id":2}]"#, #"[{"id":2}]"#, 4),
    ])
  func removes(array: String, kept: String, removed: Int) throws {
    let json = #"{"content":[],"structuredContent":{"t":1, "rows" : \#(array)}, "isError":false}"#
    let result = try screen(json, rows("/rows"))
    #expect(try structured(result.text) == #"{"t":1, "rows" : \#(kept)}"#)
    #expect(result.outcome.rowsRemoved == removed)
    if removed == 0 { #expect(result.text == json) }
  }

  @Test("removes exactly the rows that are not admitted, for every pattern of six")
  func everyPattern() throws {
    for pattern in 0..<64 {
      let ids = (0..<6).map { pattern >> $0 & 1 == 1 ? 2 * $0 : 2 * $0 + 1 }
      let json = #"{"structuredContent":{"rows":[\#(ids.map { #"{"id":\#($0)}"# }.joined(separator: ", "))]}}"#
      let result = try screen(json, rows("/rows", items: 4))
      let kept = try RawJSON(result.text)["structuredContent"]?["rows"]?.elements.compactMap { $0["id"]?.int }
      #expect(kept == Array(ids.filter { $0 % 2 == 0 }.prefix(4)))
      #expect(result.outcome.rowsRemoved == ids.filter { $0 % 2 == 1 }.count)
    }
  }

  @Test("replaces the text that repeats what was removed")
  func content() throws {
    let json =
      #"{"content":[{"type":"text","text":"Eve, Bob"},{"type":"text","text":"more"}],"structuredContent":{"rows":[{"id":1,"n":"Eve"},{"id":2,"n":"B\"ob","mail":"b@example.com"}]}}"#
    let result = try screen(json, rows("/rows"))
    let inner = #"{"rows":[{"id":2,"n":"B\"ob","mail":"[email]"}]}"#
    #expect(try structured(result.text) == inner)
    #expect(try RawJSON(result.text)["content"]?.elements.map { $0["text"]?.string } == [inner])
    #expect(!result.text.contains("Eve"))
  }

  @Test(
    "believes no text of a source that does not take rows away itself",
    arguments: [
      #"{"content":[{"type":"text","text":"Eve"}],"structuredContent":{"rows":[]}}"#,
      #"{"content":[{"type":"text","text":"Eve"}],"structuredContent":{"rows":[{"id":2}]}}"#,
    ])
  func untrusted(json: String) throws {
    #expect(try !screen(json, rows("/rows", trustsText: false)).text.contains("Eve"))
  }

  @Test(
    "refuses what has no structure from such a source, errors and questions as well",
    arguments: [
      #"{"content":[{"type":"text","text":"Eve"}],"isError":true}"#, #"{"resultType":"input_required","inputRequests":{}}"#,
    ])
  func untrustedWithoutStructure(json: String) throws {
    #expect { try screen(json, rows("/rows", trustsText: false)) } throws: { ($0 as? ScreeningRefusal)?.code == .unstructured }
  }

  @Test("answers a single record that is not admitted like a missing one", arguments: ["", "/account"])
  func single(pointer: String) throws {
    let yes = #"{"structuredContent":{"id":2,"account":{"id":2}}}"#
    #expect(try screen(yes, rows(pointer)).text == yes)
    let refusal = #expect(throws: ScreeningRefusal.self) {
      try screen(#"{"content":[],"structuredContent":{"id":1,"account":{"id":1}}}"#, rows(pointer))
    }
    #expect(refusal?.code == .notFound)
    #expect(refusal?.outcome.rowsRemoved == 1)
    #expect(try screen(#"{"structuredContent":{"id":2,"account":null}}"#, rows(pointer)).outcome.rowsRemoved == 0)
  }

  @Test(
    "refuses a result that has no structure to screen, but not an error",
    arguments: [
      #"{"content":[{"type":"text","text":"rows"}]}"#, #"{"content":[],"structuredContent":{"other":[]}}"#,
    ])
  func unstructured(json: String) throws {
    let refusal = #expect(throws: ScreeningRefusal.self) { try screen(json, rows("/rows")) }
    #expect(refusal?.code == .unstructured)
    let error = #"{"content":[{"type":"text","text":"no such table"}],"isError":true}"#
    #expect(try screen(error, rows("/rows")).text == error)
  }

  @Test(
    "cuts off records past the bound and says how many",
    arguments: [
      (#"{"structuredContent":{"a":[1,2,3,4],"b":[5]}}"#, #"{"_meta":{"dev.sluice/truncated":{"rows":2}},"structuredContent":{"a":[1,2],"b":[5]}}"#),
      (#"{"_meta":{},"structuredContent":{"a":[1,2,3]}}"#, #"{"_meta":{"dev.sluice/truncated":{"rows":1}},"structuredContent":{"a":[1,2]}}"#),
      (
        #"{"structuredContent":{"a":[1,2,3]},"_meta":{"x":"a@example.com"}}"#,
        #"{"structuredContent":{"a":[1,2]},"_meta":{"dev.sluice/truncated":{"rows":1},"x":"[email]"}}"#
      ),
      (
        #"{"_meta":{"dev.sluice/truncated":{"rows":9}},"structuredContent":{"a":[1,2,3]}}"#,
        #"{"_meta":{"dev.sluice/truncated":{"rows":1}},"structuredContent":{"a":[1,2]}}"#
      ),
    ])
  func truncates(json: String, cut: String) throws {
    #expect(try screen(json, ScreeningPlan(clearance: Clearance(), bounds: ResultBounds(items: 2))).text == cut)
  }

  @Test(
    "masks declared fields",
    arguments: [
      ("/contacts/*/email", #"{"contacts":[{"email":"[masked: confidential]","x":1},{"email":null}],"owner":{"email":"c"}}"#, 1),
      ("/**/email", #"{"contacts":[{"email":"[masked: confidential]","x":1},{"email":null}],"owner":{"email":"[masked: confidential]"}}"#, 2),
      ("/contacts/0/x", #"{"contacts":[{"email":"a","x":null},{"email":null}],"owner":{"email":"c"}}"#, 1),
      ("/contacts", #"{"contacts":null,"owner":{"email":"c"}}"#, 1),
      ("/owner/*", #"{"contacts":[{"email":"a","x":1},{"email":null}],"owner":{"email":"[masked: confidential]"}}"#, 1),
      ("/owner/**", #"{"contacts":[{"email":"a","x":1},{"email":null}],"owner":null}"#, 1),
      ("", "null", 1), ("/missing", #"{"contacts":[{"email":"a","x":1},{"email":null}],"owner":{"email":"c"}}"#, 0),
    ])
  func fields(path: String, expected: String, count: Int) throws {
    let json = #"{"structuredContent":{"contacts":[{"email":"a","x":1},{"email":null}],"owner":{"email":"c"}}}"#
    let field = try #require(FieldCategory(path, .confidential))
    let result = try screen(json, ScreeningPlan(clearance: Clearance(), fields: [field]))
    #expect(try structured(result.text) == expected)
    #expect(result.outcome.fieldsMasked == count)
    let cleared = try screen(json, ScreeningPlan(clearance: Clearance(revealing: [.confidential]), fields: [field]))
    #expect(cleared.text == json)
    #expect(cleared.outcome.categories.contains(.confidential) == (count > 0))
  }

  @Test("matches field names however they are escaped")
  func escapedNames() throws {
    let json = #"{"structuredContent":{"\u0065mail":"a","a/b~c":"d"}}"#
    let fields = [FieldCategory("/email", .pii), FieldCategory("/a~1b~0c", .pii)].compactMap { $0 }
    let result = try screen(json, ScreeningPlan(clearance: Clearance(), fields: fields))
    #expect(try structured(result.text) == #"{"\u0065mail":"[masked: pii]","a/b~c":"[masked: pii]"}"#)
  }

  @Test("masks a part of a field that may be shown itself")
  func nested() throws {
    let fields = [FieldCategory("/a", .internal), FieldCategory("/a/b", .pii)].compactMap { $0 }
    let plan = ScreeningPlan(clearance: Clearance(revealing: [.internal]), fields: fields)
    #expect(try structured(screen(#"{"structuredContent":{"a":{"b":"x","c":1}}}"#, plan).text) == #"{"a":{"b":"[masked: pii]","c":1}}"#)
  }

  @Test("refuses for a declared field where the clearance says so")
  func refuses() throws {
    let fields = [FieldCategory("/a", .pii)].compactMap { $0 }
    let plan = ScreeningPlan(clearance: Clearance(refusing: [.pii]), fields: fields)
    let refusal = #expect(throws: ScreeningRefusal.self) { try screen(#"{"structuredContent":{"a":"x"}}"#, plan) }
    #expect(refusal?.code == .uncleared)
    #expect(throws: Never.self) { try screen(#"{"structuredContent":{"b":"x"}}"#, plan) }
  }

  @Test("rows, fields and detectors work together and count what is left only")
  func together() throws {
    let fields = [FieldCategory("/rows/*/email", .pii)].compactMap { $0 }
    let json =
      #"{"content":[{"type":"text","text":"a@example.com"}],"structuredContent":{"rows":[{"id":1,"email":"a@example.com","note":"4111111111111111"},{"id":2,"email":"b@example.com","note":"call +14155550123"}]}}"#
    let result = try screen(json, rows("/rows", fields: fields))
    #expect(try structured(result.text) == #"{"rows":[{"id":2,"email":"[masked: pii]","note":"call [phone]"}]}"#)
    #expect(result.outcome.findings == [.phone: 1])
    #expect(result.outcome.fieldsMasked == 1)
    #expect(result.outcome.rowsRemoved == 1)
  }

  @Test("many patterns over many levels end")
  func hostilePatterns() throws {
    let json = #"{"structuredContent":\#(String(repeating: #"{"a":["#, count: 50))1\#(String(repeating: "]}", count: 50))}"#
    let fields = (0..<20).compactMap { _ in FieldCategory("/**/a/**/a/**/a/**/zzz", .pii) }
    #expect(try screen(json, ScreeningPlan(clearance: Clearance(), fields: fields)).text == json)
  }

  @Test("refuses patterns that are none", arguments: ["a", "/a~2", "a/b"])
  func badPatterns(pattern: String) { #expect(FieldPath(pattern) == nil) }
}
