/// What has an `@` in it: e-mail addresses and passwords in URLs.
struct AddressDetector {
  let text: TextBytes

  /// The finding around the `@` at `at`, reaching back no further than `floor`.
  func match(at: Int, floor: Int) -> TextFinding? {
    urlPassword(at: at, floor: floor) ?? email(at: at, floor: floor)
  }

  /// RFC 3986 section 3.2.1: `scheme://user:password@host`; the finding is the password.
  private func urlPassword(at: Int, floor: Int) -> TextFinding? {
    let stop = max(floor, at - 256)
    var colon: Int?
    var position = at - 1
    while position >= stop {
      switch text.base[position] {
      case UInt8(ascii: ":"): colon = position
      case UInt8(ascii: "/"):
        guard let colon, colon + 1 < at, text.holds(":/", at: position - 2), text[position - 3].isAlphanumeric else {
          return nil
        }
        // Masked already.
        if at - colon == 11, text.holds("[password]", at: colon + 1) { return nil }
        return TextFinding(kind: .urlPassword, range: (colon + 1)..<at)
      case 0...0x20, UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "@"), UInt8(ascii: "\\"):
        return nil
      default: break
      }
      position -= 1
    }
    return nil
  }

  private func email(at: Int, floor: Int) -> TextFinding? {
    guard let start = localPart(before: at, floor: floor) else { return nil }
    guard let end = domain(after: at + 1) else { return nil }
    // `git@host:path` names a repository.
    if at - start == 3, text.holds("git", at: start), text[end] == UInt8(ascii: ":") { return nil }
    return TextFinding(kind: .email, range: start..<end)
  }

  /// Where the local part begins: at most 64 bytes (RFC 5321 section 4.5.3.1.1) of the characters in real use,
  /// letters of the Latin, Greek and Cyrillic scripts included.
  private func localPart(before at: Int, floor: Int) -> Int? {
    let stop = max(floor, at - 64)
    var start = at
    while start > stop {
      let byte = text.base[start - 1]
      if byte.isLocalPart {
        start -= 1
      } else if byte & 0xC0 == 0x80, start - 2 >= stop, (0xC3...0xDF).contains(text.base[start - 2]) {
        start -= 2
      } else {
        break
      }
    }
    if text[start - 1] == UInt8(ascii: "\\"), text[start].isEscapeLetter { start += 1 }
    while start < at, text[start] == UInt8(ascii: ".") || text[start] == UInt8(ascii: "'") { start += 1 }
    return start < at ? start : nil
  }

  /// Where the domain ends: labels with dots between, the last one of at least two letters.
  private func domain(after start: Int) -> Int? {
    var end = text.end(from: start, limit: 253) { byte in
      byte.isAlphanumeric || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte >= 0x80
    }
    while end > start, text[end] & 0xC0 == 0x80 { end -= 1 }
    while true {
      while end > start, text[end - 1] == UInt8(ascii: ".") || text[end - 1] == UInt8(ascii: "-") { end -= 1 }
      var label = end
      while label > start, text[label - 1] != UInt8(ascii: ".") { label -= 1 }
      guard label > start + 1 else { return nil }
      let letters = text.end(from: label) { $0.isLetter }
      if letters - label >= 2, letters >= end || text[letters] >= 0x80 { return isImage(label, letters) ? nil : letters }
      if letters < end, letters == label, text[label] >= 0x80 { return end }
      if text.holds("xn--", at: label) { return end }
      // "alice@example.com.2" and the like: the part before the last dot may still be a domain.
      end = label - 1
    }
  }

  /// `icon@2x.png`.
  private func isImage(_ start: Int, _ end: Int) -> Bool {
    switch end - start {
    case 3:
      text.holds("png", at: start) || text.holds("jpg", at: start) || text.holds("gif", at: start)
        || text.holds("svg", at: start)
    case 4: text.holds("webp", at: start) || text.holds("jpeg", at: start)
    default: false
    }
  }
}

extension UInt8 {
  fileprivate var isLocalPart: Bool {
    if isWord { return true }
    switch self {
    case UInt8(ascii: "."), UInt8(ascii: "%"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "'"): return true
    default: return false
    }
  }
}
