public import Testing

/// A vendor's own description of its API, against which what we send is checked strictly.
public protocol VendorDescription: Sendable {
  /// What is wrong with a request; empty where it is as described.
  func problems(with request: CapturedRequest) -> [String]
}

extension VendorDescription {
  /// Records an issue for everything that is wrong with any of the requests.
  public func expectValid(_ requests: [CapturedRequest], sourceLocation: SourceLocation = #_sourceLocation) {
    for request in requests {
      for problem in problems(with: request) { Issue.record("\(request.method) \(request.path): \(problem)", sourceLocation: sourceLocation) }
    }
  }
}

/// A path with `{parameters}`.
struct PathTemplate: Sendable {
  let text: String
  private let segments: [String]
  /// Parameters that may hold slashes.
  private let greedy: Set<String>

  init(_ text: String, greedy: Set<String> = []) {
    self.text = text
    self.greedy = greedy
    segments = text.split(separator: "/").map(String.init)
  }

  /// How much of the template is literal: of two that match, the more literal one is meant.
  var literals: Int { segments.count { !$0.contains("{") } }

  /// The values of the parameters, percent-decoded.
  func match(_ path: String) -> [String: String]? {
    Self.match(path.split(separator: "/").map(String.init)[...], segments[...], greedy)
  }

  private static func match(_ path: ArraySlice<String>, _ template: ArraySlice<String>, _ greedy: Set<String>) -> [String: String]? {
    guard let head = template.first else { return path.isEmpty ? [:] : nil }
    guard head.contains("{") else {
      guard let first = path.first, PercentText.decode(first) == head else { return nil }
      return match(path.dropFirst(), template.dropFirst(), greedy)
    }
    let name = head.filter { $0 != "{" && $0 != "}" && $0 != "+" }
    let isGreedy = greedy.contains(name) || head.contains("+")
    let longest = isGreedy ? path.count : min(1, path.count)
    guard longest >= 1 else { return nil }
    for count in 1...longest {
      if var rest = match(path.dropFirst(count), template.dropFirst(), greedy) {
        rest[name] = path.prefix(count).map { PercentText.decode($0) }.joined(separator: "/")
        return rest
      }
    }
    return nil
  }
}
