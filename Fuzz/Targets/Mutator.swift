/// Makes inputs that are nearly right, from seeds that are: what libFuzzer does, without its knowledge of the code.
public struct Mutator {
  private var generator: Generator
  private let seeds: [[UInt8]]
  private let dictionary: [[UInt8]]

  /// - Parameter seeds: inputs to begin with; without any, everything grows from nothing.
  public init(_ target: FuzzTarget, seeds: [[UInt8]], seed: UInt64) {
    generator = Generator(seed: seed)
    self.seeds = seeds.isEmpty ? [[]] : seeds
    dictionary = target.dictionary.map { Array($0.utf8) }
  }

  public mutating func next() -> [UInt8] {
    var input = seeds[generator.below(seeds.count)]
    for _ in 0...generator.below(6) { mutate(&input) }
    return Array(input.prefix(FuzzTarget.longest))
  }

  private mutating func mutate(_ input: inout [UInt8]) {
    let position = generator.below(input.count + 1)
    let rest = input.count - position
    switch generator.below(9) {
    case 0 where rest > 0: input[position] = UInt8(truncatingIfNeeded: generator.next())
    case 1 where rest > 0: input[position] ^= 1 << UInt8(generator.below(8))
    case 2 where rest > 0: input.removeSubrange(position..<position + 1 + generator.below(min(rest, 16)))
    case 3 where rest > 0:
      let piece = input[position..<position + 1 + generator.below(min(rest, 48))]
      input.insert(contentsOf: piece, at: generator.below(input.count + 1))
    case 4: input.insert(UInt8(truncatingIfNeeded: generator.next()), at: position)
    case 5:
      // The rest of another seed.
      let other = seeds[generator.below(seeds.count)]
      input.replaceSubrange(position..., with: other[generator.below(other.count + 1)...])
    default:
      guard !dictionary.isEmpty else { return }
      let word = dictionary[generator.below(dictionary.count)]
      let replaced = generator.below(2) == 0 ? min(word.count, rest) : 0
      input.replaceSubrange(position..<position + replaced, with: word)
    }
  }
}
