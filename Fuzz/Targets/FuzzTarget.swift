/// One thing that takes bytes from strangers, and what must hold whatever they are.
public struct FuzzTarget: Sendable {
  public enum Check: Sendable {
    case immediate(@Sendable ([UInt8]) throws(Finding) -> Void)
    case concurrent(@Sendable ([UInt8]) async throws(Finding) -> Void)
  }

  public let name: String
  /// Pieces of input that the grammar gives a meaning; mutations put them in.
  public let dictionary: [String]
  public let check: Check

  init(_ name: String, dictionary: [String], _ check: @escaping @Sendable ([UInt8]) throws(Finding) -> Void) {
    self.name = name
    self.dictionary = dictionary
    self.check = .immediate(check)
  }

  init(_ name: String, dictionary: [String], concurrent check: @escaping @Sendable ([UInt8]) async throws(Finding) -> Void) {
    self.name = name
    self.dictionary = dictionary
    self.check = .concurrent(check)
  }

  /// Tries one input. What it must never do is crash or go on for long; what else is wrong is thrown.
  public func run(_ input: [UInt8]) async throws(Finding) {
    switch check {
    case .immediate(let check): try check(input)
    case .concurrent(let check): try await check(input)
    }
  }

  /// The longest input that is worth trying, in bytes.
  public static let longest = 4096

  public static let all: [FuzzTarget] = [
    .json, .schema, .sse, .lines, .httpRequest, .httpResponse, .chunked, .headers, .dispatch, .endpoint, .cedar,
  ]
}

extension FuzzTarget: CustomStringConvertible {
  public var description: String { name }
}

/// What an input showed to be wrong.
public struct Finding: Error, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}

/// Throws a finding unless the condition holds.
func require(_ condition: Bool, _ problem: @autoclosure () -> String) throws(Finding) {
  if !condition { throw Finding(problem()) }
}
