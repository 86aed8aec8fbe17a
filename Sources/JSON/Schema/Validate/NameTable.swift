#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A fixed set of names, each found by its bytes in one or two looks.
struct NameTable: Sendable {
  private struct Entry: Sendable {
    let hash: UInt32
    let start: Int32
    let count: Int32
  }

  private var entries: ContiguousArray<Entry> = []
  private var bytes: ContiguousArray<UInt8> = []
  /// Open addressing: the place of an entry, or -1. A power of two, at least twice as many as entries.
  private var slots: ContiguousArray<Int32> = []

  /// - Parameter names: different names; each is known by its place among them.
  init(_ names: [[UInt8]]) {
    var size = 4
    while size < names.count * 2 { size *= 2 }
    slots = ContiguousArray(repeating: -1, count: size)
    for (index, name) in names.enumerated() {
      let hash = name.withUnsafeBufferPointer { Self.hash($0) }
      entries.append(Entry(hash: hash, start: Int32(truncatingIfNeeded: bytes.count), count: Int32(truncatingIfNeeded: name.count)))
      bytes.append(contentsOf: name)
      var slot = Int(hash) & (size - 1)
      while slots[slot] >= 0 { slot = (slot + 1) & (size - 1) }
      slots[slot] = Int32(truncatingIfNeeded: index)
    }
  }

  var count: Int { entries.count }

  subscript(_ index: Int) -> [UInt8] {
    let entry = entries[index]
    return Array(bytes[Int(entry.start)..<Int(entry.start + entry.count)])
  }

  /// The place of a name; -1 if it is none of them.
  ///
  /// - Parameter work: less one for each name that stood in the way.
  @inline(__always)
  func find(_ name: UnsafeBufferPointer<UInt8>, _ work: inout Int) -> Int {
    let hash = Self.hash(name)
    var slot = Int(hash) & (slots.count - 1)
    while true {
      let index = Int(slots[slot])
      guard index >= 0 else { return -1 }
      let entry = entries[index]
      if entry.hash == hash, Int(entry.count) == name.count, isName(entry, name) { return index }
      slot = (slot + 1) & (slots.count - 1)
      work -= 1
    }
  }

  @inline(__always)
  private func isName(_ entry: Entry, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let base = name.baseAddress, !name.isEmpty else { return true }
    return bytes.withUnsafeBufferPointer { bytes in
      guard let known = bytes.baseAddress else { return false }
      return memcmp(known + Int(entry.start), base, name.count) == 0
    }
  }

  @inline(__always)
  private static func hash(_ name: UnsafeBufferPointer<UInt8>) -> UInt32 {
    let factor: UInt64 = 0x9E37_79B9_7F4A_7C15
    var hash = UInt64(truncatingIfNeeded: name.count) &* factor
    guard let base = name.baseAddress else { return UInt32(truncatingIfNeeded: hash >> 32) }
    var at = 0
    while at + 8 <= name.count {
      let word = UnsafeRawPointer(base + at).loadUnaligned(as: UInt64.self)
      hash = (hash ^ word) &* factor
      hash ^= hash >> 29
      at += 8
    }
    var tail: UInt64 = 0
    while at < name.count {
      tail = tail << 8 | UInt64(base[at])
      at += 1
    }
    hash = (hash ^ tail) &* factor
    return UInt32(truncatingIfNeeded: hash >> 32)
  }
}
