internal import NIOCore

/// Replacements in a JSON text, applied by splicing: what lies between them is copied as it is.
struct ResultEdits {
  private struct Edit {
    var range: Range<Int>
    /// Where the replacement stands in `pool`.
    var replacement: Range<Int>
  }

  private var edits: [Edit] = []
  private var pool: [UInt8] = []
  private var isSorted = true

  var isEmpty: Bool { edits.isEmpty }

  /// Replaces `range` of the text by what `write` appends. Of two edits that overlap the one that begins first counts.
  mutating func replace(_ range: Range<Int>, with write: (inout [UInt8]) -> Void) {
    let start = pool.count
    write(&pool)
    if let last = edits.last, last.range.lowerBound > range.lowerBound { isSorted = false }
    edits.append(Edit(range: range, replacement: start..<pool.count))
  }

  mutating func remove(_ range: Range<Int>) { replace(range) { _ in } }

  /// Makes ``covers(_:)`` and ``splice(_:of:into:)`` see the edits in the order of the text.
  mutating func sort() {
    guard !isSorted else { return }
    edits.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    isSorted = true
  }

  /// Whether one of the (sorted) edits takes away the place `range`.
  func covers(_ range: Range<Int>) -> Bool {
    let index = firstEdit(beyond: range.lowerBound)
    return index > 0 && edits[index - 1].range.upperBound >= range.upperBound && !edits[index - 1].range.isEmpty
  }

  /// The index of the first edit that begins after `position`.
  private func firstEdit(beyond position: Int) -> Int {
    var low = 0
    var high = edits.count
    while low < high {
      let middle = (low + high) / 2
      if edits[middle].range.lowerBound <= position { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Hands the pieces of the edited `range` of `text` to `append`, in order.
  ///
  /// - Parameter text: bytes whose first stands at `origin` in the text that the edits count in.
  func splice(_ range: Range<Int>, of text: TextBytes, origin: Int, append: (UnsafeBufferPointer<UInt8>) -> Void) {
    var at = range.lowerBound
    pool.withUnsafeBufferPointer { pool in
      for edit in edits[max(0, firstEdit(beyond: range.lowerBound - 1))...] {
        guard edit.range.upperBound <= range.upperBound else { break }
        guard edit.range.lowerBound >= at else { continue }
        append(UnsafeBufferPointer(start: text.base + (at - origin), count: edit.range.lowerBound - at))
        append(UnsafeBufferPointer(rebasing: pool[edit.replacement]))
        at = edit.range.upperBound
      }
    }
    append(UnsafeBufferPointer(start: text.base + (at - origin), count: range.upperBound - at))
  }
}
