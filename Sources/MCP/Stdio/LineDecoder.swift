package import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Cuts a byte stream into the newline-delimited messages of the stdio transport (MCP 2026-07-28, basic/transports/stdio).
///
/// A carriage return before the newline is taken off and empty lines are skipped. Lines share the storage of the bytes they came in;
/// every byte is looked at once, however the stream is split.
package struct LineDecoder: Sendable {
  package enum Element: Sendable, Equatable {
    case line(ByteBuffer)
    /// A line was longer than `maximumLength`. In its place: nothing (`.discard`) or its beginning (`.truncate`).
    case tooLong(beginning: ByteBuffer?)
  }

  /// What becomes of a line that is too long. Either way, decoding goes on after its newline.
  package enum Overflow: Sendable { case discard, truncate }

  /// In bytes, without the newline.
  let maximumLength: Int
  private let overflow: Overflow
  private var pending = ByteBuffer()
  /// How many of the pending bytes are known to hold no newline.
  private var searched = 0
  /// Whether `pending` shares its storage with lines given out, so that writing to it would copy all of it.
  private var shared = false
  /// Whether the bytes up to the next newline belong to a line already reported as too long.
  private var skipping = false

  package init(maximumLength: Int, overflow: Overflow = .discard) {
    self.maximumLength = maximumLength
    self.overflow = overflow
  }

  /// Bytes held back: those of the unfinished line and of lines not yet asked for.
  var pendingBytes: Int { pending.readableBytes }

  package mutating func append(_ bytes: ByteBuffer) {
    var bytes = bytes
    if pending.readableBytes == 0 {
      pending = bytes
      shared = true
      return
    }
    if shared {
      var copy = ByteBufferAllocator().buffer(capacity: pending.readableBytes + bytes.readableBytes)
      copy.writeBuffer(&pending)
      pending = copy
      shared = false
    }
    pending.writeBuffer(&bytes)
  }

  /// The next line of what was appended, `nil` if none is complete.
  package mutating func next() -> Element? {
    while let length = lengthOfLine() {
      // The length was found within the readable bytes.
      var line = pending.readSlice(length: length) ?? ByteBuffer()
      pending.moveReaderIndex(forwardBy: 1)
      searched = 0
      shared = true
      if skipping {
        skipping = false
        continue
      }
      if length > 0, line.getInteger(at: line.writerIndex - 1, as: UInt8.self) == UInt8(ascii: "\r") {
        line.moveWriterIndex(to: line.writerIndex - 1)
      }
      if line.readableBytes > maximumLength { return tooLong(&line) }
      if line.readableBytes > 0 { return .line(line) }
    }
    if skipping {
      forget()
      return nil
    }
    // One byte of grace: it may be the carriage return.
    guard pending.readableBytes > maximumLength + 1 else { return nil }
    skipping = true
    defer { forget() }
    return tooLong(&pending)
  }

  /// The unterminated line at the end of the stream, if there is one. Call after `next()` has given `nil`.
  package mutating func finish() -> ByteBuffer? {
    defer {
      forget()
      skipping = false
    }
    return pending.readableBytes > 0 ? pending : nil
  }

  private mutating func forget() {
    pending = ByteBuffer()
    searched = 0
    shared = false
  }

  private func tooLong(_ line: inout ByteBuffer) -> Element {
    switch overflow {
    case .discard: .tooLong(beginning: nil)
    // A copy: the beginning must not keep the rest alive.
    case .truncate: .tooLong(beginning: line.readBytes(length: maximumLength).map { ByteBuffer(bytes: $0) })
    }
  }

  private mutating func lengthOfLine() -> Int? {
    let from = searched
    let found: Int? = pending.withUnsafeReadableBytes { bytes in
      guard let base = bytes.baseAddress, from < bytes.count else { return nil }
      guard let newline = memchr(base + from, CInt(UInt8(ascii: "\n")), bytes.count - from) else { return nil }
      return UnsafeRawPointer(newline) - base
    }
    if found == nil { searched = pending.readableBytes }
    return found
  }
}
