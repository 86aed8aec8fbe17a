/// What stands in the place of a finding that may not be shown.
public enum MaskStyle: Sendable, Hashable {
  /// The kind in brackets, such as `[email]`.
  case placeholder
  /// As much as identifies nobody but helps to recognize: `j•••@example.com`, the last four digits of a card or account,
  /// the last two of a phone number. Other kinds get the placeholder.
  case partial

  /// Appends the replacement of the finding `kind` that is `text` in the JSON text.
  func write(_ kind: DetectorKind, _ text: TextBytes, to output: inout [UInt8]) {
    guard self == .partial, text.end(from: 0, while: { $0 != UInt8(ascii: "\\") }) == text.count,
      writePartial(kind, text, to: &output)
    else {
      output.append(contentsOf: UnsafeBufferPointer(start: kind.placeholder.utf8Start, count: kind.placeholder.utf8CodeUnitCount))
      return
    }
  }

  private func writePartial(_ kind: DetectorKind, _ text: TextBytes, to output: inout [UInt8]) -> Bool {
    let kept: Int
    switch kind {
    case .email:
      let at = text.end(from: 0) { $0 != UInt8(ascii: "@") }
      if text[0] < 0x80 { output.append(text[0]) }
      output.append(contentsOf: "•••".utf8)
      output.append(contentsOf: UnsafeBufferPointer(start: text.base + at, count: text.count - at))
      return true
    case .card, .iban: kept = 4
    case .phone: kept = 2
    default: return false
    }
    output.append(contentsOf: "•••".utf8)
    var tail: [UInt8] = []
    var position = text.count - 1
    while position >= 0, tail.count < kept {
      if text.base[position].isAlphanumeric { tail.append(text.base[position]) }
      position -= 1
    }
    output.append(contentsOf: tail.reversed())
    return true
  }
}
