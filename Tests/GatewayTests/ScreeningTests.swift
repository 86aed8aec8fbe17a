import Gateway
import JSON
import NIOCore
import Testing

private let nobody = Clearance()

private func screen(
  _ json: String, _ plan: ScreeningPlan = ScreeningPlan(clearance: nobody), style: MaskStyle = .placeholder
) throws -> (text: String, outcome: ScreeningOutcome) {
  let result = try Screening(.init(style: style)).screen(RawJSON(json), plan: plan)
  let text = String(buffer: result.bytes)
  #expect(throws: Never.self, "the screened result is valid JSON") { try RawJSON(text) }
  return (text, result.outcome)
}

private func block(_ string: String) -> String { #"{"content":[{"type":"text","text":"\#(string)"}]}"# }

@Suite("Screening of text")
struct ScreeningTests {
  @Test("gives a clean result back as the slice that came in")
  func clean() throws {
    let whole = try RawJSON(#"{"id":1,"result":{"content":[{"type":"text","text":"nothing here"}]}}"#)
    let raw = try #require(whole["result"])
    let result = try Screening().screen(raw, plan: ScreeningPlan(clearance: nobody))
    guard case .untouched = result.body else { Issue.record("rewritten"); return }
    #expect(String(buffer: result.bytes) == raw.text)
    #expect(result.outcome == ScreeningOutcome())
  }

  @Test(
    "masks findings and keeps every other byte",
    arguments: [
      ("mail alice@example.com now", "mail [email] now", "mail a•••@example.com now"),
      (#"a\nalice@example.com\tb \"x\" \\"#, #"a\n[email]\tb \"x\" \\"#, #"a\na•••@example.com\tb \"x\" \\"#),
      (#"alice\u0040example.com \u00e9"#, #"[email] \u00e9"#, #"[email] \u00e9"#),
      (#"\u0061lice@example.com!"#, #"[email]!"#, #"[email]!"#),
      (#"\u00a0\u0034111 1111 1111 1111."#, #"\u00a0[card]."#, #"\u00a0[card]."#),
      (#"\ud83d\ude00 4111111111111111 \ud83d\ude00"#, #"\ud83d\ude00 [card] \ud83d\ude00"#, #"\ud83d\ude00 •••1111 \ud83d\ude00"#),
      (#"https:\/\/u:pw@host.example\/"#, #"https:\/\/u:[password]@host.example\/"#, #"https:\/\/u:[password]@host.example\/"#),
      ("card 4111 1111 1111 1111, tel +1 212 555 0123", "card [card], tel [phone]", "card •••1111, tel •••23"),
      ("DE89370400440532013000", "[iban]", "•••3000"),
      ("219-09-9999 and AKIAIOSFODNN7EXAMPLE", "[national id] and [key]", "[national id] and [key]"),
      (#"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\n-----END PRIVATE KEY-----\n"#, #"[private key]\n"#, #"[private key]\n"#),
      (#"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\n\"x"#, #"[private key]\"x"#, #"[private key]\"x"#),
      (#"\rk_live_0aB1cD2eF3gH4iJ5kL6m"#, #"\r[key]"#, #"\r[key]"#),
      (#"{\"email\":\"bob@example.com\",\"n\":1}"#, #"{\"email\":\"[email]\",\"n\":1}"#, #"{\"email\":\"b•••@example.com\",\"n\":1}"#),
    ])
  func masks(text: String, masked: String, partial: String) throws {
    #expect(try screen(block(text)).text == block(masked))
    #expect(try screen(block(text), style: .partial).text == block(partial))
  }

  @Test("changes nothing more the second time")
  func idempotent() throws {
    let text =
      #"alice@example.com +1 212 555 0123 4111111111111111 0171 1234567 postgres:\/\/a:b@c AKIAIOSFODNN7EXAMPLE \u0040 219-09-9999 4111 1111 1111 1111 12 34 56 78 90"#
    let structured = #"{"content":[{"type":"text","text":"\#(text)"}],"structuredContent":{"c":[{"email":"x","n":4111111111111111}]}}"#
    let fields = [FieldCategory("/c/*/email", .pii)].compactMap { $0 }
    for style in [MaskStyle.placeholder, .partial] {
      for plan in [ScreeningPlan(clearance: nobody), ScreeningPlan(clearance: nobody, fields: fields)] {
        let once = try screen(structured, plan, style: style).text
        #expect(once != structured)
        #expect(try screen(once, plan, style: style).text == once)
      }
    }
  }

  @Test("screens strings, names and numbers at any depth; masked numbers become strings, masked names stay apart")
  func structured() throws {
    let json =
      #"{"structuredContent": { "a" : [1, {"b":["x@example.com"]}, 4111111111111111 ,-4111111111111111], "x@example.com":"kept value","phone": 2125550123, "id":2125550123}}"#
    let masked = #"{"structuredContent": { "a" : [1, {"b":["[email]"]}, "[card]" ,-4111111111111111], "[email] 1":"kept value","phone": "[phone]", "id":2125550123}}"#
    let result = try screen(json)
    #expect(result.text == masked)
    #expect(result.outcome.findings == [.email: 2, .card: 1, .phone: 1])
    #expect(result.outcome.findingsMasked == 4)
    #expect(result.outcome.categories == [.pii])
  }

  @Test(
    "screens resources and prompts, and leaves base64 and opaque values alone",
    arguments: [
      (
        #"{"contents":[{"uri":"f:a","text":"x@example.com","blob":"x@example.com"}]}"#,
        #"{"contents":[{"uri":"f:a","text":"[email]","blob":"x@example.com"}]}"#
      ),
      (
        #"{"messages":[{"role":"user","content":{"type":"text","text":"x@example.com"}}],"description":"y@example.com"}"#,
        #"{"messages":[{"role":"user","content":{"type":"text","text":"[email]"}}],"description":"[email]"}"#
      ),
      (
        #"{"content":[{"type":"image","data":"a@example.com"},{"data":"a@example.com","type":"text"}]}"#,
        #"{"content":[{"type":"image","data":"a@example.com"},{"data":"[email]","type":"text"}]}"#
      ),
      (
        #"{"content":[{"type":"resource","resource":{"blob":"a@example.com","text":"a@example.com"}}],"nextCursor":"a@example.com"}"#,
        #"{"content":[{"type":"resource","resource":{"blob":"a@example.com","text":"[email]"}}],"nextCursor":"a@example.com"}"#
      ),
      (
        #"{"content":[{"type":"resource_link","uri":"https://u:p@h.example/","name":"a@example.com"}],"_meta":{"k":"a@example.com"}}"#,
        #"{"content":[{"type":"resource_link","uri":"https://u:[password]@h.example/","name":"[email]"}],"_meta":{"k":"[email]"}}"#
      ),
    ])
  func positions(json: String, masked: String) throws { #expect(try screen(json).text == masked) }

  @Test("shows what the principal is cleared for and still counts it")
  func cleared() throws {
    let json = block("alice@example.com AKIAIOSFODNN7EXAMPLE")
    let result = try screen(json, ScreeningPlan(clearance: Clearance(revealing: [.pii])))
    #expect(result.text == block("alice@example.com [key]"))
    #expect(result.outcome.findings == [.email: 1, .awsAccessKey: 1])
    #expect(result.outcome.findingsMasked == 1)
    #expect(result.outcome.categories == [.pii, .secret])
  }

  @Test("refuses the whole result where the clearance says so, without a value in the reason")
  func refused() throws {
    let plan = ScreeningPlan(clearance: Clearance(refusing: [.secret]))
    #expect(try screen(block("alice@example.com"), plan).text == block("[email]"))
    let refusal = #expect(throws: ScreeningRefusal.self) { try screen(block("AKIAIOSFODNN7EXAMPLE"), plan) }
    #expect(refusal?.code == .uncleared)
    #expect(refusal?.category == .secret)
    #expect(refusal?.outcome.findings == [.awsAccessKey: 1])
    #expect(refusal?.message.contains("AKIA") == false)
  }

  @Test(
    "refuses results over the bounds",
    arguments: [
      (ResultBounds(bytes: 20), ScreeningRefusal.Code.tooLarge), (ResultBounds(depth: 2), .tooDeep),
    ])
  func bounds(bounds: ResultBounds, code: ScreeningRefusal.Code) throws {
    let refusal = #expect(throws: ScreeningRefusal.self) {
      try screen(#"{"structuredContent":{"a":[[1]]}}"#, ScreeningPlan(clearance: nobody, bounds: bounds))
    }
    #expect(refusal?.code == code)
    #expect(throws: Never.self) {
      try screen(#"{"structuredContent":{"a":[[1]]}}"#, ScreeningPlan(clearance: nobody, bounds: ResultBounds(bytes: 100, depth: 4)))
    }
  }

  @Test("confidential clearance includes internal, not personal data")
  func order() {
    let clearance = Clearance(revealing: [.confidential], refusing: [.pii])
    #expect(clearance.action(for: .public) == nil)
    #expect(clearance.action(for: .internal) == nil)
    #expect(clearance.action(for: .confidential) == nil)
    #expect(clearance.action(for: .pii) == .refuse)
    #expect(clearance.action(for: .secret) == .mask)
  }
}
