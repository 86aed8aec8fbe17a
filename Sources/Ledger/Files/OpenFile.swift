#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// An open file, closed when the last reference goes. Reads and writes name their offset, so that it has no position to share.
final class OpenFile: Sendable {
  let descriptor: Int32
  /// For messages.
  let path: String

  /// Opens for reading.
  convenience init(reading path: String) throws(LedgerError) {
    try self.init(path, flags: O_RDONLY, failure: .unreadable)
  }

  /// Opens for writing, and creates if need be.
  convenience init(writing path: String, mode: mode_t, truncating: Bool = false) throws(LedgerError) {
    try self.init(path, flags: O_RDWR | O_CREAT | (truncating ? O_TRUNC : 0), mode: mode, failure: .unwritable)
  }

  private init(_ path: String, flags: Int32, mode: mode_t = 0, failure: LedgerError.Code) throws(LedgerError) {
    let descriptor = open(path, flags | O_CLOEXEC, mode)
    guard descriptor >= 0 else {
      throw SystemError.current.ledgerError(failure, "cannot be opened", path: path)
    }
    self.descriptor = descriptor
    self.path = path
  }

  deinit { close(descriptor) }

  /// Writes all bytes at `offset`, with one system call unless the kernel takes fewer bytes than asked.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(LedgerError) {
    var rest = bytes
    var position = offset
    while !rest.isEmpty {
      let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(position))
      if count < 0 {
        let error = SystemError.current
        if error.isInterruption { continue }
        throw error.ledgerError(.unwritable, "cannot be written", path: path)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      position += UInt64(count)
    }
  }

  /// Reads up to the size of the buffer; fewer bytes mean the end of the file.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(LedgerError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let count = pread(descriptor, buffer.baseAddress! + filled, buffer.count - filled, off_t(offset) + off_t(filled))
      if count < 0 {
        let error = SystemError.current
        if error.isInterruption { continue }
        throw error.ledgerError(.unreadable, "cannot be read", path: path)
      }
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  func size() throws(LedgerError) -> UInt64 {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw SystemError.current.ledgerError(.unreadable, "cannot be examined", path: path)
    }
    return UInt64(status.st_size)
  }

  func truncate(to size: UInt64) throws(LedgerError) {
    guard ftruncate(descriptor, off_t(size)) == 0 else {
      throw SystemError.current.ledgerError(.unwritable, "cannot be truncated", path: path)
    }
  }

  /// Reserves room on the disk for these bytes of the file, which are zero where nothing was written, and makes it that long.
  func allocate(_ range: Range<UInt64>) throws(LedgerError) {
    #if canImport(Darwin)
      var store = fstore_t(fst_flags: UInt32(F_ALLOCATEALL), fst_posmode: F_PEOFPOSMODE, fst_offset: 0, fst_length: off_t(range.count), fst_bytesalloc: 0)
      guard fcntl(descriptor, F_PREALLOCATE, &store) != -1, ftruncate(descriptor, off_t(max(range.upperBound, try size()))) == 0 else {
        throw SystemError.current.ledgerError(.unwritable, "cannot be extended", path: path)
      }
    #else
      var result: Int32
      repeat { result = posix_fallocate(descriptor, off_t(range.lowerBound), off_t(range.count)) } while result == EINTR
      guard result == 0 else { throw SystemError(number: result).ledgerError(.unwritable, "cannot be extended", path: path) }
    #endif
  }

  /// Makes the contents survive a power loss.
  func synchronize() throws(LedgerError) {
    #if canImport(Darwin)
      let result = fcntl(descriptor, F_FULLFSYNC)
    #else
      let result = fdatasync(descriptor)
    #endif
    guard result == 0 else {
      throw SystemError.current.ledgerError(.unwritable, "cannot be synchronized to disk", path: path)
    }
  }

  /// Starts to bring the contents to the disk without waiting, where the system can. Promises nothing.
  func startWriting() {
    #if canImport(Glibc)
      // Linux begins the write-back of a file that is not needed in memory; sync_file_range is hidden from Swift.
      _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
    #endif
  }

  /// Takes the exclusive advisory lock of the file without waiting; false if another has it.
  func tryLock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

  /// Gives the lock back at once, even while a child process that is just being started still has the descriptor.
  func unlock() { _ = flock(descriptor, LOCK_UN) }
}

/// An `errno` with its text.
struct SystemError {
  let number: Int32

  static var current: SystemError { SystemError(number: errno) }

  var isInterruption: Bool { number == EINTR }
  var isAbsence: Bool { number == ENOENT || number == ENOTDIR }

  func ledgerError(_ code: LedgerError.Code, _ what: String, path: String) -> LedgerError {
    let actual: LedgerError.Code = isAbsence && code == .unreadable ? .missing : code
    return LedgerError(actual, "\(what): \(String(cString: strerror(number)))", path: path)
  }
}
