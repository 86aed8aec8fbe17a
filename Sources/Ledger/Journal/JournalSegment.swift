/// One file of the journal. Its name says the index of its first leaf and the version of the record form.
struct JournalSegment: Hashable, Sendable, Comparable {
  private static let suffix = ".v1"

  let start: UInt64

  init(start: UInt64) { self.start = start }

  /// Nil for a file name that is not a segment's.
  init?(name: String) {
    guard name.utf8.count == 23, name.hasSuffix(Self.suffix), let start = UInt64(name.dropLast(3)) else { return nil }
    self.start = start
    guard self.name == name else { return nil }
  }

  var name: String {
    let digits = String(start)
    return String(repeating: "0", count: 20 - digits.count) + digits + Self.suffix
  }

  var path: String { "\(LogDirectory.journal)/\(name)" }

  static func < (left: JournalSegment, right: JournalSegment) -> Bool { left.start < right.start }
}

extension LogDirectory {
  /// The segments of the journal in order.
  func journalSegments() throws(LedgerError) -> [JournalSegment] {
    try names(in: Self.journal).compactMap(JournalSegment.init(name:)).sorted()
  }
}
