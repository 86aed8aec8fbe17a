/// A URI or a relative reference in its five parts, for resolution as RFC 3986 section 5 has it.
struct URIReference {
  var scheme: Substring?
  var authority: Substring?
  var path: Substring
  var query: Substring?
  var fragment: Substring?

  init(_ text: String) {
    var rest = Substring(text)
    if let hash = rest.firstIndex(of: "#") {
      fragment = rest[rest.index(after: hash)...]
      rest = rest[..<hash]
    }
    if let mark = rest.firstIndex(of: "?") {
      query = rest[rest.index(after: mark)...]
      rest = rest[..<mark]
    }
    if let colon = rest.firstIndex(of: ":"), Self.isScheme(rest[..<colon]) {
      scheme = rest[..<colon]
      rest = rest[rest.index(after: colon)...]
    }
    if rest.hasPrefix("//") {
      rest = rest.dropFirst(2)
      let end = rest.firstIndex(of: "/") ?? rest.endIndex
      authority = rest[..<end]
      rest = rest[end...]
    }
    path = rest
  }

  private static func isScheme(_ text: Substring) -> Bool {
    guard let first = text.utf8.first, (first | 0x20) >= UInt8(ascii: "a"), (first | 0x20) <= UInt8(ascii: "z") else { return false }
    return text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"),
        UInt8(ascii: "-"), UInt8(ascii: "."):
        true
      default: false
      }
    }
  }

  /// The text without the fragment.
  var withoutFragment: String {
    var text = ""
    if let scheme { text += scheme + ":" }
    if let authority { text += "//" + authority }
    text += path
    if let query { text += "?" + query }
    return text
  }

  /// This reference, resolved against `base` (RFC 3986 section 5.2.2).
  func resolved(against base: String) -> URIReference {
    guard scheme == nil else {
      var target = self
      target.path = Self.withoutDotSegments(path)
      return target
    }
    let base = URIReference(base)
    var target = self
    target.scheme = base.scheme
    if authority != nil {
      target.path = Self.withoutDotSegments(path)
      return target
    }
    target.authority = base.authority
    if path.isEmpty {
      target.path = base.path
      target.query = query ?? base.query
    } else if path.hasPrefix("/") {
      target.path = Self.withoutDotSegments(path)
    } else if base.authority != nil, base.path.isEmpty {
      target.path = Self.withoutDotSegments("/" + path)
    } else {
      let folder = base.path.lastIndex(of: "/").map { base.path[...$0] } ?? ""
      target.path = Self.withoutDotSegments(folder + path)
    }
    return target
  }

  /// RFC 3986 section 5.2.4.
  private static func withoutDotSegments(_ path: Substring) -> Substring {
    guard path.contains(".") else { return path }
    let isAbsolute = path.hasPrefix("/")
    var kept: [Substring] = []
    let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst(isAbsolute ? 1 : 0)
    for (index, segment) in segments.enumerated() {
      let isLast = index == segments.count - 1
      switch segment {
      case ".": if isLast { kept.append("") }
      case "..":
        if !kept.isEmpty { kept.removeLast() }
        if isLast { kept.append("") }
      default: kept.append(segment)
      }
    }
    return Substring((isAbsolute ? "/" : "") + kept.joined(separator: "/"))
  }

  /// `text` with its percent-encoded bytes decoded; nil if one is malformed or the result is no UTF-8.
  static func decoded(_ text: some StringProtocol) -> String? {
    guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
    let encoded = Array(text.utf8)
    var bytes: [UInt8] = []
    var at = 0
    while at < encoded.count {
      if encoded[at] == UInt8(ascii: "%") {
        guard at + 2 < encoded.count, let high = hexDigit(encoded[at + 1]), let low = hexDigit(encoded[at + 2]) else { return nil }
        bytes.append(high << 4 | low)
        at += 3
      } else {
        bytes.append(encoded[at])
        at += 1
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
