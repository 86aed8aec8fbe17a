#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif
import Synchronization

/// A counter that every writer advances after its commit and every reader compares before it trusts a cache.
///
/// It lives in a small memory-mapped file of the state directory, so `sluice token revoke` in one process is seen by the next
/// request in another, at the price of one atomic load. The file has to be on a local disk, as SQLite's WAL has too.
///
/// To cache safely: load ``current``, read the store, and keep the answer only while ``current`` is unchanged.
/// A writer that dies between its commit and ``advance()`` goes unnoticed, so cached answers need an age limit besides.
public final class ChangeEpoch: Sendable {
  // The pointer never changes and is unmapped in deinit, when nobody can hold a reference; all access through it is atomic.
  private nonisolated(unsafe) let counter: UnsafeMutablePointer<Atomic<UInt64>>
  private static let length = 4096

  /// Maps the counter in the file at `path`, which is created with mode 0600 if it is missing.
  public init(path: String) throws(StoreError) {
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw StoreError(.unavailable, "Cannot open \(path): \(String(cString: strerror(errno))). Check that the state directory is writable.") }
    defer { close(file) }
    // Growing only: another process may have the counter mapped.
    guard lseek(file, 0, SEEK_END) >= Self.length || ftruncate(file, off_t(Self.length)) == 0 else {
      throw StoreError(.unavailable, "Cannot size \(path): \(String(cString: strerror(errno))). Check the free space of the disk.")
    }
    counter = try Self.map(file, MAP_SHARED, path)
  }

  /// A counter of this process alone, for a store that learns of changes by other means.
  public init() throws(StoreError) {
    counter = try Self.map(-1, MAP_PRIVATE | Int32(MAP_ANON), "memory")
  }

  /// The value to compare. Two equal values mean that nothing was committed between them.
  public var current: UInt64 { counter.pointee.load(ordering: .acquiring) }

  /// Tells all readers to drop what they cached. Call it after the commit, not before.
  public func advance() { counter.pointee.add(1, ordering: .acquiringAndReleasing) }

  private static func map(_ file: Int32, _ flags: Int32, _ path: String) throws(StoreError) -> UnsafeMutablePointer<Atomic<UInt64>> {
    guard let memory = mmap(nil, length, PROT_READ | PROT_WRITE, flags, file, 0), memory != MAP_FAILED else {
      throw StoreError(.unavailable, "Cannot map \(path): \(String(cString: strerror(errno)))")
    }
    // An Atomic<UInt64> is laid out as a UInt64, and a new file and new memory are all zero.
    return memory.bindMemory(to: Atomic<UInt64>.self, capacity: 1)
  }

  deinit { munmap(counter, Self.length) }
}
