#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A part of a file in memory, for writing. What is stored there is with the kernel at once, without a system call, and survives
/// the end of the process; `OpenFile.synchronize` brings it to the disk.
///
/// The room is reserved on the disk before it is mapped, because a store that finds the disk full ends the process. That still
/// happens where reserved room is not kept (a full disk under a copy-on-write file system) or the file is cut off by someone
/// else: nothing is acknowledged then.
struct MappedWindow: ~Copyable, @unchecked Sendable {
  // Sendable because nobody else has the memory, and there is no second copy of this value.

  /// Which bytes of the file these are.
  let range: Range<UInt64>
  private let base: UnsafeMutableRawPointer

  /// What mappings begin at a multiple of.
  private static let pageByteCount = UInt64(sysconf(Int32(_SC_PAGESIZE)))

  /// - Parameters:
  ///   - offset: where the caller goes on to write.
  ///   - needed: how many bytes from there must fit; up to `wanted` are taken where the disk has room.
  init(of file: OpenFile, from offset: UInt64, needed: Int, wanted: Int) throws(LedgerError) {
    let start = offset - offset % Self.pageByteCount
    let least = offset + UInt64(needed)
    var end = max(least, start + UInt64(wanted))
    while true {
      do throws(LedgerError) {
        try file.allocate(start..<end)
        break
      } catch {
        guard end > least else { throw error }
        end = max(least, start + (end - start) / 2)
      }
    }
    let pointer = mmap(nil, Int(end - start), PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor, off_t(start))
    guard let pointer, pointer != MAP_FAILED else {
      throw SystemError.current.ledgerError(.unwritable, "cannot be mapped", path: file.path)
    }
    base = pointer
    range = start..<end
    #if canImport(Glibc)
      // All pages at once cost less than a fault for each. Where the kernel is too old for it (before 5.14) they come one by one.
      let populateForWriting: Int32 = 23  // MADV_POPULATE_WRITE
      _ = madvise(pointer, range.count, populateForWriting)
    #endif
  }

  deinit { munmap(base, range.count) }

  /// The memory of `count` bytes at an offset of the file; nil where they are not all in the window.
  func bytes(at offset: UInt64, count: Int) -> UnsafeMutableRawBufferPointer? {
    guard offset >= range.lowerBound, offset + UInt64(count) <= range.upperBound else { return nil }
    return UnsafeMutableRawBufferPointer(start: base + Int(offset - range.lowerBound), count: count)
  }

  /// Hands stores to the kernel where they are not with it anyway.
  func publish() {
    #if canImport(Darwin)
      msync(base, range.count, MS_ASYNC)
    #endif
  }
}
