internal import JSON

/// Which of a vendor's things (channels, repositories, projects, drives, objects) may be reached: by name or id, `*` stands for
/// any run of characters, case does not matter. What is denied is denied; with an `allow` list all else is denied as well.
public struct NameFilter: Sendable, Hashable {
  public var allow: [String]
  public var deny: [String]

  public init(allow: [String] = [], deny: [String] = []) {
    self.allow = allow
    self.deny = deny
  }

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
    let names = names.map { Array($0.lowercased().utf8) }
    func matches(_ patterns: [String]) -> Bool {
      patterns.contains { pattern in
        let pattern = Array(pattern.lowercased().utf8)
        return names.contains { Self.matches($0[...], pattern[...]) }
      }
    }
    return !matches(deny) && (allow.isEmpty || matches(allow))
  }

  /// Greedy matching with one point to come back to: linear in practice, quadratic at worst.
  private static func matches(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
    var (text, pattern) = (text, pattern)
    var retry: (text: ArraySlice<UInt8>, pattern: ArraySlice<UInt8>)?
    while let byte = text.first {
      if pattern.first == UInt8(ascii: "*") {
        pattern = pattern.dropFirst()
        retry = (text, pattern)
      } else if pattern.first == byte {
        (text, pattern) = (text.dropFirst(), pattern.dropFirst())
      } else if let last = retry {
        retry = (last.text.dropFirst(), last.pattern)
        (text, pattern) = (last.text.dropFirst(), last.pattern)
      } else {
        return false
      }
    }
    return pattern.allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
