extension Value {
  /// An IPv4 or IPv6 address, or a range of them in CIDR form. A single address has the longest prefix.
  ///
  /// Two are equal when version, address (host bits included) and prefix are.
  public struct IPAddress: Sendable, Hashable {
    public enum Version: Sendable, Hashable { case v4, v6 }

    public let version: Version
    /// The address, in network order: v4 in the low 32 bits of `low`.
    public let high: UInt64
    public let low: UInt64
    /// Bits of the network part: 0...32 for v4, 0...128 for v6.
    public let prefix: Int

    /// Reads an address or CIDR range in its standard form. IPv4 embedded in IPv6 with dots is not accepted.
    public init?(_ text: String) {
      let bytes = Array(text.utf8)
      // The longest form is eight groups of four digits and a three-digit prefix.
      guard bytes.count <= 43 else { return nil }
      let slash = bytes.firstIndex(of: UInt8(ascii: "/"))
      let address = bytes[..<(slash ?? bytes.count)]
      if let v4 = Self.parseV4(address) {
        (version, high, low) = (.v4, 0, v4)
      } else if let v6 = Self.parseV6(address) {
        (version, high, low) = (.v6, v6.high, v6.low)
      } else {
        return nil
      }
      let longest = version == .v4 ? 32 : 128
      guard let slash else {
        prefix = longest
        return
      }
      guard let length = Self.parsePrefix(bytes[(slash + 1)...], longest: longest) else { return nil }
      prefix = length
    }

    private static func parsePrefix(_ bytes: ArraySlice<UInt8>, longest: Int) -> Int? {
      guard !bytes.isEmpty, bytes.count <= (longest == 32 ? 2 : 3) else { return nil }
      if bytes.count > 1, bytes.first == UInt8(ascii: "0") { return nil }
      var total = 0
      for byte in bytes {
        guard let digit = byte.decimalDigit else { return nil }
        total = total * 10 + Int(digit)
      }
      return total <= longest ? total : nil
    }

    private static func parseV4(_ bytes: ArraySlice<UInt8>) -> UInt64? {
      let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
      guard parts.count == 4 else { return nil }
      var total: UInt64 = 0
      for part in parts {
        guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
        var octet: UInt64 = 0
        for byte in part {
          guard let digit = byte.decimalDigit else { return nil }
          octet = octet * 10 + UInt64(digit)
        }
        guard octet <= 255 else { return nil }
        total = total << 8 | octet
      }
      return total
    }

    private static func parseV6(_ bytes: ArraySlice<UInt8>) -> (high: UInt64, low: UInt64)? {
      let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      guard (3...9).contains(parts.count) else { return nil }
      var before: [UInt64] = []
      var after: [UInt64] = []
      var gap = false
      for (index, part) in parts.enumerated() {
        if part.isEmpty {
          // An empty part is the gap `::`; at either end it takes two empty parts to make one.
          if index == 0 {
            guard parts[1].isEmpty else { return nil }
            continue
          }
          if index == parts.count - 1 {
            guard parts[index - 1].isEmpty else { return nil }
            continue
          }
          guard !gap else { return nil }
          gap = true
          continue
        }
        guard part.count <= 4, let group = hexadecimal(part) else { return nil }
        if gap { after.append(group) } else { before.append(group) }
      }
      let given = before.count + after.count
      guard gap ? given <= 7 : given == 8 else { return nil }
      let groups = before + Array(repeating: 0, count: 8 - given) + after
      let high = groups[..<4].reduce(0) { $0 << 16 | $1 }
      let low = groups[4...].reduce(0) { $0 << 16 | $1 }
      return (high, low)
    }

    private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> UInt64? {
      var total: UInt64 = 0
      for byte in bytes {
        guard let digit = byte.hexadecimalDigit else { return nil }
        total = total << 4 | UInt64(digit)
      }
      return total
    }

    /// Whether the whole range lies in 127.0.0.0/8 or ::1/128.
    public var isLoopback: Bool {
      switch version {
      case .v4: low >> 24 == 127 && prefix >= 8
      case .v6: high == 0 && low == 1 && prefix == 128
      }
    }

    /// Whether the whole range lies in 224.0.0.0/4 or ff00::/8.
    public var isMulticast: Bool {
      switch version {
      case .v4: low >> 28 == 0xE && prefix >= 4
      case .v6: high >> 56 == 0xFF && prefix >= 8
      }
    }

    /// Whether every address of this range lies in the other one.
    public func isInRange(_ other: IPAddress) -> Bool {
      guard version == other.version, prefix >= other.prefix else { return false }
      if version == .v4 {
        let shift = UInt64(32 - other.prefix)
        return low >> shift == other.low >> shift
      }
      if other.prefix <= 64 {
        return other.prefix == 0 || high >> UInt64(64 - other.prefix) == other.high >> UInt64(64 - other.prefix)
      }
      let shift = UInt64(128 - other.prefix)
      return high == other.high && low >> shift == other.low >> shift
    }

    func compare(to other: IPAddress) -> Int {
      if version != other.version { return version == .v4 ? -1 : 1 }
      if high != other.high { return high < other.high ? -1 : 1 }
      if low != other.low { return low < other.low ? -1 : 1 }
      return prefix - other.prefix
    }
  }
}

extension Value.IPAddress: CustomStringConvertible {
  /// The address with its prefix; IPv6 groups are written out, without `::`.
  public var description: String {
    switch version {
    case .v4:
      let octets = [24, 16, 8, 0].map { String(low >> UInt64($0) & 0xFF) }
      return octets.joined(separator: ".") + (prefix == 32 ? "" : "/\(prefix)")
    case .v6:
      let groups = [high, low].flatMap { half in
        [48, 32, 16, 0].map { String(half >> UInt64($0) & 0xFFFF, radix: 16) }
      }
      return groups.joined(separator: ":") + (prefix == 128 ? "" : "/\(prefix)")
    }
  }
}

extension UInt8 {
  /// The value of an ASCII hexadecimal digit of either case.
  var hexadecimalDigit: UInt32? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(self - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(self - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(self - UInt8(ascii: "A") + 10)
    default: nil
    }
  }
}
