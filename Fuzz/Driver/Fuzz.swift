import CFuzzer
import Dispatch
import FuzzTargets
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// `fuzz list`, or `fuzz TARGET SECONDS SEED [libFuzzer's arguments...]`: see Fuzz/README.md.
@main struct Fuzz {
  /// libFuzzer takes a function without context: what it calls is found here.
  private static let chosen: Mutex<FuzzTarget?> = Mutex(nil)

  static func main() {
    let arguments = CommandLine.arguments
    if arguments.count == 2, arguments[1] == "list" {
      for target in FuzzTarget.all { print(target) }
      return
    }
    guard arguments.count >= 4, let target = FuzzTarget.all.first(where: { $0.name == arguments[1] }), let seconds = Double(arguments[2]),
      let seed = UInt64(arguments[3])
    else {
      print("usage: fuzz list | fuzz TARGET SECONDS SEED [SEED FOLDER or other argument of libFuzzer ...]")
      exit(2)
    }
    chosen.withLock { $0 = target }
    let ours = ["fuzz", "-max_total_time=\(Int(seconds))", "-seed=\(seed)", "-max_len=\(FuzzTarget.longest)", "-timeout=10", "-print_final_stats=1"]
    let status = withArguments(ours + arguments.dropFirst(4)) { count, values in
      fuzzer_run(count, values) { bytes, count in
        Fuzz.attempt(Array(UnsafeBufferPointer(start: bytes, count: count)))
        return 0
      }
    }
    if status >= 0 { exit(status) }
    generate(target, seconds: seconds, seed: seed, folders: arguments.dropFirst(4).filter { !$0.hasPrefix("-") })
  }

  private static func withArguments(_ arguments: [String], _ body: (CInt, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt) -> CInt {
    var values = arguments.map { strdup($0) } + [nil]
    defer { for value in values { free(value) } }
    return values.withUnsafeMutableBufferPointer { values in
      guard let base = values.baseAddress else { return -1 }
      return body(CInt(arguments.count), base)
    }
  }

  /// Without libFuzzer: mutations of the seeds until the time is over.
  private static func generate(_ target: FuzzTarget, seconds: Double, seed: UInt64, folders: some Sequence<String>) {
    var mutator = Mutator(target, seeds: folders.flatMap { SeedFolder($0).inputs.map(\.bytes) }, seed: seed)
    let clock = ContinuousClock()
    let end = clock.now + .seconds(seconds)
    var count = 0
    while clock.now < end {
      for _ in 0..<64 { attempt(mutator.next()) }
      count += 64
    }
    print("stat::number_of_executed_units: \(count)")
  }

  /// Tries one input; ends the program where it shows something wrong, as a crash would.
  private static func attempt(_ input: [UInt8]) {
    guard let target = chosen.withLock({ $0 }) else { return }
    switch target.check {
    case .immediate(let check):
      do { try check(input) } catch { fail(error, input) }
    case .concurrent(let check):
      let done = DispatchSemaphore(value: 0)
      let finding: Outcome = Outcome()
      Task {
        do throws(Finding) { try await check(input) } catch { finding.error.withLock { $0 = error } }
        done.signal()
      }
      done.wait()
      if let error = finding.error.withLock({ $0 }) { fail(error, input) }
    }
  }

  private final class Outcome: Sendable {
    let error = Mutex<Finding?>(nil)
  }

  private static func fail(_ finding: Finding, _ input: [UInt8]) -> Never {
    print("FINDING: \(finding)\ninput: \(input.map { String($0, radix: 16) }.joined(separator: " "))")
    fflush(nil)
    abort()
  }
}
