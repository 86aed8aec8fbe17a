internal import CZlib

/// Raw deflate (RFC 1951) and the checksum of zip files, by the system's zlib.
package enum Deflate {
  package static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum: UInt = 0
    bytes.withUnsafeBufferPointer { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let piece = rest.prefix(1 << 30)
        sum = crc32(sum, UnsafeBufferPointer(rebasing: piece).baseAddress, UInt32(piece.count))
        rest = rest.dropFirst(piece.count)
      }
    }
    return UInt32(truncatingIfNeeded: sum)
  }

  /// - Returns: nil where zlib cannot, for want of memory.
  package static func compress(_ bytes: [UInt8]) -> [UInt8]? {
    var stream = z_stream()
    guard czlib_deflate_init(&stream, 6) == Z_OK else { return nil }
    defer { deflateEnd(&stream) }
    return run(&stream, bytes, limit: .max) { deflate(&$0, Z_FINISH) }
  }

  /// - Returns: nil where the bytes are no deflated data, or are more than `limit` when inflated.
  package static func decompress(_ bytes: [UInt8], limit: Int) -> [UInt8]? {
    var stream = z_stream()
    guard czlib_inflate_init(&stream) == Z_OK else { return nil }
    defer { inflateEnd(&stream) }
    return run(&stream, bytes, limit: limit) { inflate(&$0, Z_NO_FLUSH) }
  }

  private static func run(_ stream: inout z_stream, _ bytes: [UInt8], limit: Int, _ step: (inout z_stream) -> CInt) -> [UInt8]? {
    guard bytes.count <= UInt32.max else { return nil }
    var input = bytes
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: min(256 << 10, max(limit, 1)))
    return input.withUnsafeMutableBufferPointer { input -> [UInt8]? in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(input.count)
      while true {
        let room = chunk.count
        let (status, written) = chunk.withUnsafeMutableBufferPointer { chunk -> (CInt, Int) in
          stream.next_out = chunk.baseAddress
          stream.avail_out = UInt32(room)
          let status = step(&stream)
          return (status, room - Int(stream.avail_out))
        }
        guard output.count + written <= limit else { return nil }
        output += chunk[..<written]
        if status == Z_STREAM_END { return output }
        // No progress: the data end too early.
        guard status == Z_OK, written > 0 || stream.avail_in > 0 else { return nil }
      }
    }
  }
}
