internal import Cedar
internal import JSON

extension Cedar.Value {
  /// The Cedar value of JSON data; null has none.
  ///
  /// A number that is whole is a long, however it is written (`20000.0`, `2e4`); one with at most four digits after the point
  /// is a decimal. Any other number is its text: it is there for `has`, and comparing it fails, which for a forbid is denial.
  init?(_ raw: RawJSON, depth: Int = 0) {
    switch raw.kind {
    case .null: return nil
    case .bool: self = .bool(raw.bool ?? false)
    case .string: self = .string(raw.string ?? "")
    case .number:
      if let whole = raw.int { self = .long(Int64(whole)) } else { self = Self.number(raw.text) ?? .string(raw.text) }
    case .array:
      guard depth < 16 else { return nil }
      self = .set(ValueSet(raw.elements.compactMap { Cedar.Value($0, depth: depth + 1) }))
    case .object:
      guard depth < 16 else { return nil }
      self = .record(Record(json: raw, depth: depth + 1))
    }
  }

  /// The long or decimal that equals a JSON number exactly.
  private static func number(_ text: String) -> Cedar.Value? {
    let parts = text.split(maxSplits: 1) { $0 == "e" || $0 == "E" }
    guard let mantissa = parts.first, var exponent = parts.count == 1 ? 0 : Int(parts[1]), abs(exponent) < 1_000_000 else { return nil }
    var digits = Array(mantissa.utf8)
    let isNegative = digits.first == UInt8(ascii: "-")
    if isNegative { digits.removeFirst() }
    if let point = digits.firstIndex(of: UInt8(ascii: ".")) {
      digits.remove(at: point)
      exponent -= digits.count - point
    }
    while digits.last == UInt8(ascii: "0") {
      digits.removeLast()
      exponent += 1
    }
    let significant = digits.drop { $0 == UInt8(ascii: "0") }
    guard let first = significant.indices.first else { return .long(0) }
    // Written without point, as a count of ones or of ten-thousandths, of which Int64 holds 19 digits.
    let zeros = exponent >= 0 ? exponent : exponent + 4
    guard zeros >= 0, digits.count - first + zeros <= 19 else { return nil }
    let whole = (isNegative ? "-" : "") + String(decoding: significant, as: UTF8.self) + String(repeating: "0", count: zeros)
    return Int64(whole).map { exponent >= 0 ? .long($0) : .decimal(Cedar.Value.Decimal(scaled: $0)) }
  }
}

extension Cedar.Value.IPAddress {
  /// The address of a peer as the system writes it: an IPv4 address mapped into IPv6 (RFC 4291 section 2.5.5.2) is the IPv4
  /// address, for that is how rules speak of it; the zone of a link-local one is left out.
  init?(peer text: String) {
    let address = text.prefix { $0 != "%" }
    let mapped = "::ffff:"
    if address.lowercased().hasPrefix(mapped), let v4 = Self(String(address.dropFirst(mapped.count))), v4.version == .v4 {
      self = v4
      return
    }
    guard let parsed = Self(String(address)) else { return nil }
    self = parsed
    guard version == .v6, high == 0, low >> 32 == 0xffff else { return }
    let octets: [UInt64] = [24, 16, 8, 0].map { low >> $0 & 0xff }
    if let v4 = Self(octets.map { String($0) }.joined(separator: ".")) { self = v4 }
  }
}

extension Record {
  /// The members of a JSON object; those without a Cedar value are absent.
  ///
  /// - Parameter entities: member -> entity type, for members that hold the id of an entity.
  init(json: RawJSON, entities: [String: String] = [:], depth: Int = 0) {
    var fields: [Record.Field] = []
    for (name, value) in json.members {
      guard let name = name.string else { continue }
      if let type = entities[name], let id = value.string {
        fields.append(Record.Field(name, .entity(EntityUID(type: type, id: id))))
      } else if let value = Cedar.Value(value, depth: depth) {
        fields.append(Record.Field(name, value))
      }
    }
    self.init(fields)
  }
}
