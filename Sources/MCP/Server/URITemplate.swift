/// A URI template (RFC 6570, levels 1 to 3 and the explode modifier), read backwards: which URIs does it stand for, with which values?
public struct URITemplate: Sendable, Hashable {
  /// What is wrong with a template.
  public struct ParseError: Error, Sendable, CustomStringConvertible {
    /// The text that was to be one.
    public let template: String
    /// What is wrong with it.
    public let problem: String
    public var description: String { "\"\(template)\" is no URI template: \(problem)" }
  }

  /// The values of a template's variables in one URI.
  public struct Variables: Sendable, Hashable {
    private(set) var values: [String: [String]] = [:]

    /// The value; of an exploded list its items joined by `/`.
    public subscript(_ name: String) -> String? { values[name]?.joined(separator: "/") }
    /// The items of an exploded list (`{/path*}`), or the one value.
    public func list(_ name: String) -> [String] { values[name] ?? [] }
    /// Whether the template has no variables.
    public var isEmpty: Bool { values.isEmpty }

    mutating func set(_ name: String, _ value: [String]?) { values[name] = value }
  }

  private enum Operator: UInt8 {
    case reserved = 0x2B  // +
    case fragment = 0x23  // #
    case label = 0x2E  // .
    case path = 0x2F  // /
    case query = 0x3F  // ?
    case continuation = 0x26  // &
  }

  private struct Variable: Hashable {
    var name: String
    var explodes: Bool
  }

  private enum Part: Hashable {
    case literal([UInt8])
    /// One value; `prefix` stands before it, `allowsReserved` says whether it may hold delimiters.
    case value(Variable, prefix: UInt8?, allowsReserved: Bool)
    /// `name=value` pairs in any order, each optional.
    case query([String], first: UInt8)
  }

  /// The template as written.
  public let text: String
  private let parts: [Part]

  /// Reads a template (RFC 6570).
  ///
  /// - Throws: ``ParseError`` where it is none, or of a kind that cannot be matched.
  public init(_ template: String) throws(ParseError) {
    text = template
    var parts: [Part] = []
    var literal: [UInt8] = []
    var rest = Array(template.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "}") { throw ParseError(template: template, problem: "a \"}\" without \"{\"") }
      guard byte == UInt8(ascii: "{") else {
        literal.append(byte)
        continue
      }
      guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else {
        throw ParseError(template: template, problem: "a \"{\" without \"}\"")
      }
      if !literal.isEmpty { parts.append(.literal(literal)) }
      literal = []
      parts += try URITemplate.expression(rest[..<end], template)
      rest = rest[(end + 1)...]
    }
    if !literal.isEmpty { parts.append(.literal(literal)) }
    self.parts = parts
  }

  /// A template without variables: it stands for `text` alone, braces and all.
  public init(literal text: String) {
    self.text = text
    parts = [.literal(Array(text.utf8))]
  }

  /// The names of the variables in the order of the template.
  public var variableNames: [String] {
    parts.flatMap { part -> [String] in
      switch part {
      case .literal: []
      case .value(let variable, _, _): [variable.name]
      case .query(let names, _): names
      }
    }
  }

  private static func expression(_ bytes: ArraySlice<UInt8>, _ template: String) throws(ParseError) -> [Part] {
    let kind = bytes.first.flatMap { Operator(rawValue: $0) }
    var variables: [Variable] = []
    for item in (kind == nil ? bytes : bytes.dropFirst()).split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      let explodes = item.last == UInt8(ascii: "*")
      let name = explodes ? item.dropLast() : item
      let isName = name.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
          UInt8(ascii: "_"), UInt8(ascii: "."):
          true
        default: false
        }
      }
      guard !name.isEmpty, isName else {
        throw ParseError(template: template, problem: "a variable is named with letters, digits, \"_\" and \".\"; prefix lengths are not supported")
      }
      variables.append(Variable(name: String(decoding: name, as: UTF8.self), explodes: explodes))
    }
    if kind == .query || kind == .continuation {
      return [.query(variables.map(\.name), first: kind == .query ? UInt8(ascii: "?") : UInt8(ascii: "&"))]
    }
    return variables.enumerated().map { index, variable in
      let isFirst = index == 0
      let prefix: UInt8? =
        switch kind {
        case .path: UInt8(ascii: "/")
        case .label: UInt8(ascii: ".")
        case .fragment: isFirst ? UInt8(ascii: "#") : UInt8(ascii: ",")
        default: isFirst ? nil : UInt8(ascii: ",")
        }
      return .value(variable, prefix: prefix, allowsReserved: kind == .reserved || kind == .fragment)
    }
  }

  // MARK: Matching

  /// The longest URI that is compared with a template, in bytes.
  static let longestURI = 8192
  /// The most positions that are tried, so that no URI can make a template with many variables costly.
  private static let attempts = 50_000

  /// The values of the variables if the template can expand to `uri`, else nil. Values are taken as long as possible.
  public func match(_ uri: String) -> Variables? {
    let bytes = Array(uri.utf8)
    guard bytes.count <= URITemplate.longestURI else { return nil }
    var attempts = URITemplate.attempts
    return match(parts[...], bytes[...], Variables(), &attempts)
  }

  private func match(_ parts: ArraySlice<Part>, _ uri: ArraySlice<UInt8>, _ found: Variables, _ attempts: inout Int) -> Variables? {
    guard let part = parts.first else { return uri.isEmpty ? found : nil }
    switch part {
    case .literal(let literal):
      guard uri.starts(with: literal) else { return nil }
      return match(parts.dropFirst(), uri.dropFirst(literal.count), found, &attempts)
    case .query(let names, let first):
      return query(names, first, parts.dropFirst(), uri, found, &attempts)
    case .value(let variable, let prefix, let allowsReserved):
      var start = uri
      if let prefix { guard start.popFirst() == prefix else { return nil } }
      let isPathList = variable.explodes && prefix == UInt8(ascii: "/")
      let stop = allowsReserved ? nil : start.firstIndex { URITemplate.isDelimiter($0) && !(isPathList && $0 == UInt8(ascii: "/")) }
      var end = stop ?? start.endIndex
      while end > start.startIndex {
        attempts -= 1
        guard attempts > 0 else { return nil }
        let items = isPathList ? start[..<end].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) : [start[..<end]]
        let values = items.compactMap { URITemplate.decode($0) }
        if values.count == items.count {
          var found = found
          found.set(variable.name, values)
          if let match = match(parts.dropFirst(), start[end...], found, &attempts) { return match }
        }
        end -= 1
      }
      return nil
    }
  }

  private func query(
    _ names: [String], _ first: UInt8, _ parts: ArraySlice<Part>, _ uri: ArraySlice<UInt8>, _ found: Variables, _ attempts: inout Int
  ) -> Variables? {
    guard uri.first == first else { return match(parts, uri, found, &attempts) }
    let end = uri.firstIndex(of: UInt8(ascii: "#")) ?? uri.endIndex
    var found = found
    for pair in uri[..<end].dropFirst().split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
      let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = URITemplate.decode(halves[0]), names.contains(name), found[name] == nil,
        let value = URITemplate.decode(halves.count > 1 ? halves[1] : [])
      else { return nil }
      found.set(name, [value])
    }
    return match(parts, uri[end...], found, &attempts)
  }

  private static func isDelimiter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: ","), UInt8(ascii: "&"): true
    default: false
    }
  }

  /// Percent-decodes; nil for broken escapes and for bytes that are no UTF-8.
  private static func decode(_ bytes: ArraySlice<UInt8>) -> String? {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count)
    var rest = bytes
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        text.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else { return nil }
      text.append(high << 4 | low)
    }
    return String(validating: text, as: UTF8.self)
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
