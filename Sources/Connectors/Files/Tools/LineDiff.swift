/// What changed between two texts, as a unified diff.
struct LineDiff {
  private enum Line {
    case kept(String), removed(String), added(String)
  }

  private let lines: [Line]

  private static let context = 3
  /// Lines of the part that differs beyond which it is shown as a whole: comparing takes the square of them.
  private static let comparedLines = 4000
  private static let maximumBytes = 64 << 10

  init(_ old: [UInt8], _ new: [UInt8]) {
    let (old, new) = (Self.lines(old), Self.lines(new))
    var start = 0
    while start < old.count, start < new.count, old[start] == new[start] { start += 1 }
    var end = 0
    while end < old.count - start, end < new.count - start, old[old.count - 1 - end] == new[new.count - 1 - end] { end += 1 }
    let (removed, added) = (old[start..<(old.count - end)], new[start..<(new.count - end)])
    lines = old[..<start].map { .kept($0) } + Self.compared(Array(removed), Array(added)) + old[(old.count - end)...].map { .kept($0) }
  }

  private static func lines(_ bytes: [UInt8]) -> [String] {
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    if lines.last == "" { lines.removeLast() } else if let last = lines.popLast() { lines.append(last + "\n\\ No newline at end of file") }
    return lines
  }

  private static func compared(_ old: [String], _ new: [String]) -> [Line] {
    guard old.count + new.count <= comparedLines else { return old.map { .removed($0) } + new.map { .added($0) } }
    var (removed, added) = (Set<Int>(), Set<Int>())
    for change in new.difference(from: old) {
      switch change {
      case .remove(let offset, _, _): removed.insert(offset)
      case .insert(let offset, _, _): added.insert(offset)
      }
    }
    var lines: [Line] = []
    var (left, right) = (0, 0)
    while left < old.count || right < new.count {
      if removed.contains(left) {
        lines.append(.removed(old[left]))
        left += 1
      } else if added.contains(right) {
        lines.append(.added(new[right]))
        right += 1
      } else {
        lines.append(.kept(old[left]))
        (left, right) = (left + 1, right + 1)
      }
    }
    return lines
  }

  /// The changes with what stands around them; cut where it is long.
  var text: String {
    let changed = lines.indices.filter { if case .kept = lines[$0] { false } else { true } }
    var hunks: [Range<Int>] = []
    for index in changed {
      let range = max(0, index - Self.context)..<min(lines.count, index + Self.context + 1)
      if let last = hunks.last, last.upperBound >= range.lowerBound { hunks[hunks.count - 1] = last.lowerBound..<range.upperBound } else { hunks.append(range) }
    }
    var (text, place, left, right) = ("", 0, 1, 1)
    for hunk in hunks {
      for line in lines[place..<hunk.lowerBound] { Self.count(line, &left, &right) }
      let start = (left, right)
      var body = ""
      for line in lines[hunk] {
        Self.count(line, &left, &right)
        switch line {
        case .kept(let line): body += " \(line)\n"
        case .removed(let line): body += "-\(line)\n"
        case .added(let line): body += "+\(line)\n"
        }
      }
      place = hunk.upperBound
      text += "@@ -\(start.0),\(left - start.0) +\(start.1),\(right - start.1) @@\n" + body
      guard text.utf8.count <= Self.maximumBytes else { return String(text.prefix(Self.maximumBytes)) + "\n(the diff is longer)\n" }
    }
    return text
  }

  private static func count(_ line: Line, _ left: inout Int, _ right: inout Int) {
    switch line {
    case .kept: (left, right) = (left + 1, right + 1)
    case .removed: left += 1
    case .added: right += 1
    }
  }
}
