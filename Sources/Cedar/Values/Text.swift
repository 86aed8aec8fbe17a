#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

// Cedar compares strings by code point. Swift's `==` treats canonically equivalent strings as equal,
// which would let two different identifiers pass for one, so everything here compares bytes.

extension String {
  /// Whether both strings hold the same UTF-8 bytes.
  @inline(__always)
  func hasSameBytes(as other: String) -> Bool {
    guard utf8.count == other.utf8.count else { return false }
    return compareBytes(to: other) == 0
  }

  /// Negative, zero or positive as this string's bytes sort before, with or after the other's.
  func compareBytes(to other: String) -> Int {
    let result: Int? =
      utf8.withContiguousStorageIfAvailable { left in
        other.utf8.withContiguousStorageIfAvailable { right in
          Self.compare(UnsafeRawBufferPointer(left), UnsafeRawBufferPointer(right))
        }
      } ?? nil
    if let result { return result }
    if utf8.elementsEqual(other.utf8) { return 0 }
    return utf8.lexicographicallyPrecedes(other.utf8) ? -1 : 1
  }

  private static func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
    let shared = Swift.min(left.count, right.count)
    if shared > 0, let leftBase = left.baseAddress, let rightBase = right.baseAddress {
      let order = Int(memcmp(leftBase, rightBase, shared))
      if order != 0 { return order }
    }
    return left.count - right.count
  }

  func hashBytes(into hasher: inout Hasher) {
    let hashed: Void? = utf8.withContiguousStorageIfAvailable { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    if hashed == nil {
      for byte in utf8 { hasher.combine(byte) }
    }
    hasher.combine(UInt8(0xFF))
  }
}
