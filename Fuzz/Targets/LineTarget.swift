import MCP
import NIOCore

extension FuzzTarget {
  /// The lines of the stdio transport: however the bytes are cut, they are the same.
  public static let lines = FuzzTarget("lines", dictionary: ["\n", "\r", "\r\n", "\n\n", "{}", "{}\n", String(repeating: "x", count: 16)]) {
    bytes throws(Finding) in
    var cuts = Cuts(bytes)
    let others = cuts.others()
    for (bound, overflow) in [(4096, LineDecoder.Overflow.discard), (16, .discard), (16, .truncate)] {
      let whole = read(cuts.whole, bound, overflow)
      for pieces in others { try require(read(pieces, bound, overflow) == whole, "the lines depend on how the bytes arrive (bound \(bound), \(overflow))") }
      guard bound == 4096 else { continue }
      let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast().map { $0.last == 0x0D ? $0.dropLast() : $0 }
      let expected = lines.filter { !$0.isEmpty }.map { LineDecoder.Element.line(ByteBuffer(bytes: $0)) }
      try require(whole.elements == expected, "the lines are not those of the text")
    }
  }

  private struct Reading: Equatable {
    var elements: [LineDecoder.Element]
    var rest: ByteBuffer?
  }

  private static func read(_ pieces: [ByteBuffer], _ bound: Int, _ overflow: LineDecoder.Overflow) -> Reading {
    var decoder = LineDecoder(maximumLength: bound, overflow: overflow)
    var elements: [LineDecoder.Element] = []
    for piece in pieces {
      decoder.append(piece)
      while let element = decoder.next() { elements.append(element) }
    }
    return Reading(elements: elements, rest: decoder.finish())
  }
}
