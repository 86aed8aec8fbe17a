import NIOCore

/// Ways in which the bytes of one input may arrive: whole, one by one, and cut here and there.
struct Cuts {
  let whole: [ByteBuffer]
  private let bytes: [UInt8]
  private var generator: Generator

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    whole = [ByteBuffer(bytes: bytes)]
    generator = Generator(of: bytes)
  }

  /// Two other ways than whole.
  mutating func others() -> [[ByteBuffer]] {
    let single = bytes.count <= 512 ? bytes.map { ByteBuffer(bytes: [$0]) } : pieces(upTo: 7)
    return [single, pieces(upTo: 64)]
  }

  /// Pieces of 1 to `length` bytes.
  mutating func pieces(upTo length: Int) -> [ByteBuffer] {
    var pieces: [ByteBuffer] = []
    var position = 0
    while position < bytes.count {
      let end = min(bytes.count, position + 1 + generator.below(length))
      pieces.append(ByteBuffer(bytes: bytes[position..<end]))
      position = end
    }
    return pieces
  }
}
