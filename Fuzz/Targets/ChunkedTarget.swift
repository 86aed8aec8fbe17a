import MCPHTTP
import NIOCore

extension FuzzTarget {
  /// The chunked transfer coding: however the bytes are cut, and what is encoded comes back.
  public static let chunked = FuzzTarget(
    "chunked", dictionary: ["0\r\n\r\n", "\r\n", "3\r\nabc\r\n", "a", "F", ";x=y", "0", "X: y\r\n", "fffffffffffffff", "\n", " ", "\0"]
  ) { bytes throws(Finding) in
    var cuts = Cuts(bytes)
    let whole = decode(cuts.whole)
    for pieces in cuts.others() { try require(decode(pieces) == whole, "the content depends on how the bytes arrive") }

    var encoded = ByteBuffer()
    for piece in cuts.pieces(upTo: 40) {
      encoded.writeString(String(piece.readableBytes, radix: 16) + (piece.readableBytes % 2 == 0 ? ";x\r\n" : "\r\n"))
      encoded.writeImmutableBuffer(piece)
      encoded.writeStaticString("\r\n")
    }
    encoded.writeStaticString("0\r\nX-Trailer: y\r\n\r\nrest")
    var again = Cuts(Array(encoded.readableBytesView))
    let expected = Reading(content: ByteBuffer(bytes: bytes), isDone: true, rest: ByteBuffer(string: "rest"))
    for pieces in [again.whole] + again.others() { try require(decode(pieces, maxOverhead: 8192) == expected, "what was encoded does not come back") }
  }

  private struct Reading: Equatable {
    var content = ByteBuffer()
    var isDone = false
    var rest = ByteBuffer()
    var error: HTTPFramingError?
  }

  private static func decode(_ pieces: [ByteBuffer], maxOverhead: Int = 64) -> Reading {
    var reading = Reading()
    var decoder = HTTPChunkedDecoder(maxOverhead: maxOverhead)
    do throws(HTTPFramingError) {
      for piece in pieces {
        reading.rest.writeImmutableBuffer(piece)
        while let content = try decoder.next(from: &reading.rest) { reading.content.writeImmutableBuffer(content) }
      }
      reading.isDone = decoder.isDone
    } catch {
      // How much was read ahead of the fault is not a promise.
      reading.rest = ByteBuffer()
      reading.error = error
    }
    return reading
  }
}
