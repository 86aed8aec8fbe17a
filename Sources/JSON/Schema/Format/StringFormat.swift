/// The formats that can be checked (validation, section 7.3). Those for internationalized host names are not among them.
enum StringFormat: String, Sendable, CaseIterable {
  case dateTime = "date-time"
  case date
  case time
  case duration
  case email
  case idnEmail = "idn-email"
  case hostname
  case ipv4
  case ipv6
  case uri
  case uriReference = "uri-reference"
  case iri
  case iriReference = "iri-reference"
  case uuid
  case uriTemplate = "uri-template"
  case jsonPointer = "json-pointer"
  case relativeJSONPointer = "relative-json-pointer"
  case regex

  /// Whether a text has the format. The text is valid UTF-8.
  func accepts(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    var reader = FormatReader(text)
    switch self {
    case .dateTime: return reader.dateTime()
    case .date: return reader.date() && reader.isAtEnd
    case .time: return reader.time() && reader.isAtEnd
    case .duration: return reader.duration()
    case .email: return reader.email(isInternational: false)
    case .idnEmail: return reader.email(isInternational: true)
    case .hostname: return FormatReader.isHostname(text[...])
    case .ipv4: return FormatReader.isIPv4(text[...])
    case .ipv6: return FormatReader.isIPv6(text[...])
    case .uri: return reader.uri(isInternational: false, isRelativeAllowed: false)
    case .uriReference: return reader.uri(isInternational: false, isRelativeAllowed: true)
    case .iri: return reader.uri(isInternational: true, isRelativeAllowed: false)
    case .iriReference: return reader.uri(isInternational: true, isRelativeAllowed: true)
    case .uuid: return reader.uuid()
    case .uriTemplate: return reader.uriTemplate()
    case .jsonPointer: return reader.jsonPointer()
    case .relativeJSONPointer: return reader.relativeJSONPointer()
    case .regex:
      var parser = PatternParser(String(decoding: text, as: UTF8.self))
      do throws(PatternError) { _ = try parser.parse() } catch { return error.isUnsupported }
      return true
    }
  }

  /// For messages: "must be ...".
  var expectation: String {
    switch self {
    case .dateTime: "a date and time like 2026-01-31T09:30:00Z (RFC 3339)"
    case .date: "a date like 2026-01-31 (RFC 3339)"
    case .time: "a time with an offset like 09:30:00Z (RFC 3339)"
    case .duration: "a duration like P1DT12H (ISO 8601)"
    case .email, .idnEmail: "an e-mail address"
    case .hostname: "a host name"
    case .ipv4: "an IPv4 address like 192.0.2.1"
    case .ipv6: "an IPv6 address like 2001:db8::1"
    case .uri: "an absolute URI like https://example.com/a"
    case .uriReference: "a URI or relative reference"
    case .iri: "an absolute IRI"
    case .iriReference: "an IRI or relative reference"
    case .uuid: "a UUID like 123e4567-e89b-12d3-a456-426614174000"
    case .uriTemplate: "a URI template like /items/{id} (RFC 6570)"
    case .jsonPointer: "a JSON Pointer like /a/0 (RFC 6901)"
    case .relativeJSONPointer: "a relative JSON Pointer like 1/a"
    case .regex: "a regular expression of ECMA-262"
    }
  }
}

extension JSONSchema {
  /// Says what a text of that format must be; nil when it is one, and for formats that cannot be checked.
  package static func problem(with text: String, format: String) -> String? {
    guard let format = StringFormat(rawValue: format) else { return nil }
    var text = text
    return text.withUTF8 { format.accepts($0) } ? nil : "must be \(format.expectation)"
  }
}

/// Reads a text from its start, a piece at a time.
struct FormatReader {
  let text: UnsafeBufferPointer<UInt8>
  var at = 0

  init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

  var isAtEnd: Bool { at == text.count }
  var next: UInt8? { at < text.count ? text[at] : nil }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    at += 1
    return true
  }

  /// Takes one of the letter, in either case.
  mutating func take(ignoringCase letter: Unicode.Scalar) -> Bool {
    guard let next, next | 0x20 == UInt8(ascii: letter) else { return false }
    at += 1
    return true
  }

  /// A number of exactly so many digits within a range.
  mutating func number(_ digits: Int, in range: ClosedRange<Int>) -> Int? {
    var value = 0
    for _ in 0..<digits {
      guard let next, Self.isDigit(next) else { return nil }
      value = value * 10 + Int(next - UInt8(ascii: "0"))
      at += 1
    }
    return range.contains(value) ? value : nil
  }

  /// Takes digits, and says how many.
  mutating func digits() -> Int {
    let start = at
    while let next, Self.isDigit(next) { at += 1 }
    return at - start
  }

  static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") <= 9 }
  static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }
}
