internal import JSON

/// Which of a vendor's things (channels, repositories, projects, drives, objects) may be reached: by name or id, `*` stands for
/// any run of characters, case does not matter. What is denied is denied; with an `allow` list all else is denied as well.
public struct NameFilter: Sendable, Hashable {
  public var allow: [String] { didSet { allowed = Self.patterns(allow) } }
  public var deny: [String] { didSet { denied = Self.patterns(deny) } }
  /// The same as they are compared: a list of a thousand names asks a thousand times.
  private var allowed: [[UInt8]]
  private var denied: [[UInt8]]

  public init(allow: [String] = [], deny: [String] = []) {
    self.allow = allow
    self.deny = deny
    allowed = Self.patterns(allow)
    denied = Self.patterns(deny)
  }

  private static func patterns(_ names: [String]) -> [[UInt8]] { names.map { Array($0.lowercased().utf8) } }

  /// Reads `{allow: [...], deny: [...]}`, or a list, which allows.
  public init(_ settings: ConnectorSettings, _ key: String) throws(ConnectorError) {
    if settings.values[key]?.object != nil, let part = try settings.settings(key) {
      try part.allow(["allow", "deny"])
      self.init(allow: try part.strings("allow") ?? [], deny: try part.strings("deny") ?? [])
    } else {
      self.init(allow: try settings.strings(key) ?? [])
    }
  }

  /// Whether there is nothing to check.
  public var admitsAll: Bool { allow.isEmpty && deny.isEmpty }

  /// - Parameter names: all names that the thing has, such as its id and its name. One denied name denies it.
  public func admits(_ names: String...) -> Bool { admits(names) }

  public func admits(_ names: [String]) -> Bool {
    guard !admitsAll else { return true }
    let names = Self.patterns(names)
    func matches(_ patterns: [[UInt8]]) -> Bool { patterns.contains { pattern in names.contains { Self.matches($0, pattern) } } }
    return !matches(denied) && (allowed.isEmpty || matches(allowed))
  }

  /// Greedy matching with one point to come back to: linear in practice, quadratic at worst.
  private static func matches(_ text: [UInt8], _ pattern: [UInt8]) -> Bool {
    var (at, place) = (0, 0)
    var retry: (at: Int, place: Int)?
    while at < text.count {
      if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
        place += 1
        retry = (at, place)
      } else if place < pattern.count, pattern[place] == text[at] {
        (at, place) = (at + 1, place + 1)
      } else if let last = retry {
        retry = (last.at + 1, last.place)
        (at, place) = (last.at + 1, last.place)
      } else {
        return false
      }
    }
    return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
