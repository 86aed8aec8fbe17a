import FuzzTargets
import Testing

/// What `make fuzz` looks for at length, for some seconds: the seeds, what was found before, and mutations of both.
@Suite("Input from strangers", .timeLimit(.minutes(5))) struct FuzzTests {
  @Test("what was found before, and every seed, holds", arguments: FuzzTarget.all)
  func seeds(_ target: FuzzTarget) async throws {
    let inputs = Seeds.of(target)
    #expect(!inputs.isEmpty)
    for input in inputs {
      do throws(Finding) { try await target.run(input.bytes) } catch { Issue.record("\(target), seed \(input): \(error)") }
    }
  }

  @Test("what is nearly right is taken or refused in good order", arguments: FuzzTarget.all)
  func mutations(_ target: FuzzTarget) async throws {
    var mutator = Mutator(target, seeds: Seeds.of(target).map(\.bytes), seed: 20_260_728)
    for _ in 0..<1500 {
      let input = mutator.next()
      do throws(Finding) { try await target.run(input) } catch { Issue.record("\(target): \(error); input \(input)") }
    }
  }
}
