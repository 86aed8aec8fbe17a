/// `method SP request-target SP HTTP-version` (RFC 9112, 3), parsed strictly: one space each, no control characters.
struct HTTPRequestLine {
  let method: HTTPMethod
  let path: String
  let query: String?
  /// Where the authority of a target in absolute-form lies in the line; nil in other forms.
  let authority: Range<Int>?
  let major: Int
  let minor: Int

  init?(_ line: UnsafeRawBufferPointer) {
    var position = 0
    while position < line.count, ASCII.isToken(line[position]) { position += 1 }
    guard position > 0, position < line.count, line[position] == 0x20 else { return nil }
    method = HTTPMethod(bytes: UnsafeRawBufferPointer(rebasing: line[0..<position]))

    let start = position + 1
    // " HTTP/d.d" ends the line.
    let end = line.count - 9
    guard end > start, ASCII.equal(UnsafeRawBufferPointer(rebasing: line[end..<end + 6]), " HTTP/"), line[end + 7] == 0x2E,
      line[end + 6] &- 0x30 < 10, line[end + 8] &- 0x30 < 10
    else { return nil }
    major = Int(line[end + 6] - 0x30)
    minor = Int(line[end + 8] - 0x30)

    for position in start..<end where line[position] <= 0x20 || line[position] >= 0x7F || line[position] == 0x23 { return nil }
    // authority-form belongs to CONNECT, which the parser refuses by its name.
    let written = UnsafeRawBufferPointer(rebasing: line[start..<end])
    guard let target = method == .other("CONNECT") ? written : Self.originForm(written) else { return nil }
    authority = target.count < written.count ? Self.authority(of: written.count - target.count, in: line, from: start) : nil
    if let mark = target.firstIndex(of: 0x3F) {
      path = String(decoding: target[..<mark], as: UTF8.self)
      query = String(decoding: target[(mark + 1)...], as: UTF8.self)
    } else {
      path = String(decoding: target, as: UTF8.self)
      query = nil
    }
  }

  /// The path and query of a target in origin-form, absolute-form or asterisk-form (RFC 9112, 3.2).
  private static func originForm(_ target: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    if target[0] == 0x2F || target.count == 1 && target[0] == 0x2A { return target }
    for scheme: StaticString in ["http://", "https://"] {
      let length = scheme.utf8CodeUnitCount
      guard target.count > length, ASCII.equalIgnoringCase(UnsafeRawBufferPointer(rebasing: target[..<length]), scheme) else { continue }
      let authority = target[length...]
      guard let slash = authority.firstIndex(of: 0x2F), slash > length, authority[..<slash].allSatisfy(ASCII.isHost) else { return nil }
      return UnsafeRawBufferPointer(rebasing: target[slash...])
    }
    return nil
  }

  /// - Parameter length: of scheme and authority.
  private static func authority(of length: Int, in line: UnsafeRawBufferPointer, from start: Int) -> Range<Int> {
    let end = start + length
    return ((line[start..<end].firstIndex(of: 0x2F) ?? start) + 2)..<end
  }
}
