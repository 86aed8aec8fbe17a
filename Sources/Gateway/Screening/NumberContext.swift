/// The words near a number, or the name of the member that holds it, which tell what it is.
extension NumberDetector {
  enum Topic { case phone, socialSecurity, tax, bsn }

  /// Whether the 40 bytes before the number, or the name of the member, mention `topic`.
  func mentions(_ topic: Topic) -> Bool {
    let start = groups[0].start
    let reach = topic == .phone ? 20 : 40
    if Self.mentions(topic, in: text, from: max(0, start - reach), to: start) { return true }
    guard let name = context.name else { return false }
    return Self.mentions(topic, in: name, from: 0, to: min(name.count, 64))
  }

  private static func mentions(_ topic: Topic, in text: TextBytes, from start: Int, to end: Int) -> Bool {
    for at in start..<max(start, end) {
      let byte = text[at] | 0x20
      let found: Bool
      switch topic {
      case .phone:
        switch byte {
        case UInt8(ascii: "p"): found = has("phone", text, at)
        case UInt8(ascii: "m"): found = has("mobil", text, at) || has("msisdn", text, at)
        case UInt8(ascii: "w"): found = has("whatsapp", text, at)
        case UInt8(ascii: "t"): found = has("telefon", text, at) || isWord("tel", text, at)
        case UInt8(ascii: "f"): found = isWord("fax", text, at)
        case UInt8(ascii: "s"): found = isWord("sms", text, at)
        default: found = false
        }
      case .socialSecurity:
        found =
          byte == UInt8(ascii: "s") && (isWord("ssn", text, at) || has("social", text, at) || has("sécu", text, at))
          || byte == UInt8(ascii: "i") && has("insee", text, at) || byte == UInt8(ascii: "n") && has("national", text, at)
      case .tax:
        found =
          byte == UInt8(ascii: "s") && has("steuer", text, at) || byte == UInt8(ascii: "t") && has("tax", text, at)
          || byte == UInt8(ascii: "i") && has("idnr", text, at) || byte == UInt8(ascii: "n") && has("national", text, at)
      case .bsn:
        found = byte == UInt8(ascii: "b") && (isWord("bsn", text, at) || has("burgerservice", text, at))
      }
      if found { return true }
    }
    return false
  }

  /// Whether `word`, in lower case, stands at `at` in any case.
  private static func has(_ word: StaticString, _ text: TextBytes, _ at: Int) -> Bool {
    for offset in 0..<word.utf8CodeUnitCount where text[at + offset] | 0x20 != word.utf8Start[offset] | 0x20 { return false }
    return true
  }

  /// The same, with no letter on either side.
  private static func isWord(_ word: StaticString, _ text: TextBytes, _ at: Int) -> Bool {
    has(word, text, at) && !text[at - 1].isLetter && !text[at + word.utf8CodeUnitCount].isLetter
  }
}
