/// How sensitive a piece of data is.
///
/// ``public``, ``internal`` and ``confidential`` are ordered: who may see one may see those below it. ``pii`` (personal
/// data) and ``secret`` (keys, tokens, passwords) stand apart and must be granted by name.
public enum DataCategory: String, Sendable, Hashable, CaseIterable {
  case `public`
  case `internal`
  case confidential
  case pii
  case secret

  var bit: UInt8 {
    switch self {
    case .public: 1
    case .internal: 2
    case .confidential: 4
    case .pii: 8
    case .secret: 16
    }
  }
}

/// A set of data categories, one byte wide.
public struct DataCategories: Sendable, Hashable, ExpressibleByArrayLiteral {
  private(set) var bits: UInt8 = 0

  public init(arrayLiteral elements: DataCategory...) {
    for element in elements { insert(element) }
  }

  public init(_ categories: some Sequence<DataCategory>) {
    for category in categories { insert(category) }
  }

  public var isEmpty: Bool { bits == 0 }

  public func contains(_ category: DataCategory) -> Bool { bits & category.bit != 0 }

  public mutating func insert(_ category: DataCategory) { bits |= category.bit }

  /// The categories in the order of their declaration.
  public var elements: [DataCategory] { DataCategory.allCases.filter { contains($0) } }
}
