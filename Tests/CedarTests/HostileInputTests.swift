import Cedar
import Foundation
import Synchronization
import Testing

@Suite("Hostile input gets an error and never a crash")
struct HostileInputTests {
  private static func policy(_ condition: String) -> String {
    "permit(principal, action, resource) when { \(condition) };"
  }

  private static let deep: [String] = [
    String(repeating: "(", count: 100_000), String(repeating: "[", count: 100_000), String(repeating: "{a:", count: 100_000),
    String(repeating: "if ", count: 100_000), String(repeating: "!(", count: 50_000), String(repeating: "-(", count: 50_000),
    "true" + String(repeating: ".a", count: 100_000), "1" + String(repeating: " + 1", count: 100_000),
    "1" + String(repeating: " * 1", count: 100_000), "context" + String(repeating: "[\"a\"]", count: 100_000),
    String(repeating: "ip(", count: 100_000), "true" + String(repeating: ".contains(true", count: 100_000),
    "context has a" + String(repeating: ".a", count: 100_000), String(repeating: "!", count: 100_000) + "true",
    String(repeating: "if true then true else ", count: 100_000) + "true",
  ]

  @Test("Deep nesting is refused", arguments: deep.indices)
  func deepNesting(index: Int) {
    #expect(throws: CedarError.self) { try PolicySet(parsing: Self.policy(Self.deep[index])) }
  }

  @Test("Deep nesting in the scope is refused")
  func deepScope() {
    let open = String(repeating: "(", count: 100_000)
    #expect(throws: CedarError.self) { try PolicySet(parsing: "permit(principal == \(open)User::\"a\", action, resource);") }
    #expect(throws: CedarError.self) { try PolicySet(parsing: "permit(principal, action in \(open)Action::\"a\", resource);") }
  }

  @Test("Long flat conditions are fine")
  func flat() throws {
    let policies = try PolicySet(parsing: Self.policy("true" + String(repeating: " && true", count: 50_000)))
    let uid = EntityUID(type: "T", id: "")
    let request = Request(principal: uid, action: uid, resource: uid)
    #expect(policies.isAuthorized(request, entities: Entities()).decision == .allow)
    #expect(policies.description.count > 50_000)
  }

  /// The deepest input that is accepted must fit the smallest stack code may run on: 512 KiB, macOS's secondary threads.
  /// Unoptimized code takes several times the stack.
  #if DEBUG
    private static let smallestStack = 4 << 20
  #else
    private static let smallestStack = 512 << 10
  #endif

  @Test("The deepest accepted input parses, evaluates and prints on a small stack")
  func smallStack() {
    let wrapped: (String, String, String, Int) -> String = { open, core, close, count in
      String(repeating: open, count: count) + core + String(repeating: close, count: count)
    }
    let conditions = [
      wrapped("(", "true", ")", 99), wrapped("!(", "true", ")", 99), wrapped("[", "context", "]", 98) + " == 1",
      wrapped("{a: ", "context", "}", 98) + " == 1", wrapped("if ", "context.a", " then true else true", 99),
      "context" + String(repeating: ".a", count: 198) + " == 1", "context.n" + String(repeating: " + 1", count: 190) + " == 1",
      wrapped("context.s.contains(", "context", ")", 98), wrapped("(true && ", "context.b", ")", 98),
      wrapped("(context.b || context.c && ", "context.b", ")", 98),
      wrapped("if context.b then true else ", "context.b", "", 98),
    ]
    let finished = Mutex(0)
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      for condition in conditions {
        guard let policies = try? PolicySet(parsing: Self.policy(condition)) else { continue }
        let uid = EntityUID(type: "T", id: "")
        let request = Request(principal: uid, action: uid, resource: uid)
        _ = policies.isAuthorized(request, entities: Entities())
        let partial = PartialRequest(
          principal: uid, action: uid, resourceType: "R", unknownContext: ["a", "b", "c", "n", "s"])
        let response = policies.partiallyAuthorized(partial, entities: Entities())
        _ = response.evaluate(attributes: [:])
        _ = "\(response.residual)"
        _ = policies.dependencies()
        _ = policies.policies == policies.policies
        _ = policies.policies.hashValue
        if (try? PolicySet(parsing: policies.description)) != nil { finished.withLock { $0 += 1 } }
      }
      done.signal()
    }
    thread.stackSize = Self.smallestStack
    thread.start()
    done.wait()
    #expect(finished.withLock { $0 } == conditions.count)
  }

  @Test("Any truncation of a policy is accepted or refused in good order")
  func truncated() {
    let text = Array(
      "@a(\"b\\u{e9}\") permit(principal is A::B in C::\"é\", action in [Action::\"x\"], resource == D::\"\") when { if context has a.b then -1 < 2 else [1, {k: \"*\\*\"}].contains(ip(\"::1\")) && \"x\" like \"*\" } unless { false }; // end"
        .utf8)
    for length in 0..<text.count {
      _ = try? PolicySet(parsingUTF8: text[..<length])
      _ = try? PolicySet(parsingUTF8: text[length...])
    }
  }

  @Test("Bytes that are not UTF-8 are refused", arguments: [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0x80], [0xF5, 0x80, 0x80, 0x80]] as [[UInt8]])
  func badEncoding(bytes: [UInt8]) {
    let text = Array(Self.policy("context.a == \"").utf8).dropLast(4) + bytes + Array("\" };".utf8)
    let error = #expect(throws: CedarError.self) { try PolicySet(parsingUTF8: text) }
    #expect(error?.code == .encoding)
  }

  @Test("Random bytes and random tokens never crash")
  func random() {
    var generator = Generator.Random(state: 1)
    for _ in 0..<2_000 {
      let bytes = (0..<Int.random(in: 0..<60, using: &generator)).map { _ in
        UInt8(truncatingIfNeeded: Int.random(in: 0..<128, using: &generator))
      }
      _ = try? PolicySet(parsingUTF8: bytes)
    }
  }

  @Test("Text over the size bound is refused")
  func tooLarge() {
    let bytes = Array(repeating: UInt8(ascii: " "), count: PolicySet.maximumSourceSize + 1)
    let error = #expect(throws: CedarError.self) { try PolicySet(parsingUTF8: bytes) }
    #expect(error?.code == .limit)
  }

  @Test("Deep JSON is refused")
  func deepJSON() {
    var json = CedarJSON.int(1)
    for _ in 0..<200 { json = .array([json]) }
    let error = #expect(throws: CedarError.self) { try Value(json: json) }
    #expect(error?.code == .limit)
  }

  @Test("Reading many policies takes time in proportion to their number")
  func manyPolicies() throws {
    let text = String(repeating: "permit(principal, action == Action::\"a\", resource);", count: 20_000)
    let policies = try PolicySet(parsing: text)
    #expect(policies.policies.count == 20_000)
    #expect(policies.policies[19_999].location.line == 1)
  }
}
