public import JSON

/// Why a JSON value does not stand for a value of a type, and where in it.
public struct ValueError: Error, Sendable, Hashable, CustomStringConvertible {
  /// One step into a value.
  public enum Step: Sendable, Hashable {
    case member(String)
    case element(Int)
  }

  /// From the outermost value to the one that is wrong; empty for the value itself.
  public var path: [Step]
  /// What is wrong and what would be right, to be read after the place: `must be an integer, not a string`.
  public var problem: String

  public init(_ problem: String, path: [Step] = []) {
    self.path = path
    self.problem = problem
  }

  /// A value of another kind than `expected`, which comes with its article: `an integer`.
  public static func expected(_ expected: String, not json: RawJSON) -> ValueError {
    ValueError("must be \(expected), not \(json.kind.withArticle)")
  }

  /// The same error, seen from the value that holds the one it is about.
  public func inside(_ step: Step) -> ValueError { ValueError(problem, path: [step] + path) }

  /// The place as it would be written in a program: `items[3].id`.
  public var place: String {
    var place = ""
    for step in path {
      switch step {
      case .member(let name): place += place.isEmpty ? name : "." + name
      case .element(let index): place += "[\(index)]"
      }
    }
    return place
  }

  public var description: String { path.isEmpty ? "The value \(problem)." : "\"\(place.prefix(256))\" \(problem)." }
}

extension RawJSON.Kind {
  var withArticle: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
