import Cedar
import Foundation
import Testing

@Suite(
  "The reference implementation, run beside this one, agrees",
  .enabled(if: Oracle.isPresent, "no Python with cedarpy (pip install cedarpy into .build/venv, or set SLUICE_PYTHON): agreement on generated policies is not tested"))
struct DifferentialTests {
  @Test("Generated policies and requests get the same decision, reasons and errors", arguments: 0..<4)
  func generated(part: Int) throws {
    var questions: [CedarJSON] = []
    var answers: [[Response]] = []
    for index in 0..<250 {
      var generator = Generator(seed: UInt64(1_000_000 + part * 10_000 + index))
      let text = generator.policies()
      let entities = generator.entities(withDocuments: true)
      let requests = (0..<6).map { _ in generator.request() }
      questions.append(
        .object([
          .init("policies", .string(text)), .init("entities", .array(entities.map(\.json))),
          .init("requests", .array(requests.map(\.json))),
        ]))
      let policies = try PolicySet(parsing: text)
      let indexed = Entities(entities)
      answers.append(requests.map { policies.isAuthorized($0, entities: indexed) })
    }
    let expected = try Oracle.answers(to: questions)
    try #require(expected.count == questions.count)
    var satisfied = 0
    for (index, oracle) in expected.enumerated() {
      let results = oracle["results"].items
      try #require(results.count == answers[index].count, "\(oracle.encoded)\n\(questions[index]["policies"].text)")
      for (result, response) in zip(results, answers[index]) {
        satisfied += response.reasons.isEmpty ? 0 : 1
        let agrees =
          result["decision"].text == response.decision.rawValue
          && result["reasons"].items.map(\.text) == response.reasons.sorted()
          && result["errors"].items.map(\.text) == response.errors.map(\.policyID).sorted()
        #expect(agrees, "\(result.encoded) instead of \(response)\n\(questions[index]["policies"].text)")
      }
    }
    #expect(satisfied > 200, "too few satisfied policies to mean anything")
  }

  @Test("Mutated policies are accepted or rejected alike", arguments: 0..<4)
  func mutated(part: Int) throws {
    var texts: [String] = part == 0 ? SyntaxSamples.all : []
    for index in 0..<1_000 {
      var mutator = Mutator(seed: UInt64(7_000_000 + part * 10_000 + index))
      texts.append(mutator.mutant())
    }
    let expected = try Oracle.answers(to: texts.map { .object([.init("policies", .string($0))]) })
    try #require(expected.count == texts.count)
    for (text, oracle) in zip(texts, expected) {
      var problem: CedarError?
      do { _ = try PolicySet(parsing: text) } catch { problem = error }
      // A template is valid Cedar that this library does not take.
      let accepted = problem == nil || problem?.code == .template
      #expect(
        (oracle["parsed"] == .bool(true)) == accepted,
        "here: \(problem?.description ?? "accepted"); reference: \(oracle.encoded)\n\(text)")
    }
  }
}

extension Request {
  fileprivate var json: CedarJSON {
    .object([
      .init("principal", principal.json), .init("action", action.json), .init("resource", resource.json),
      .init("context", context.json),
    ])
  }
}
