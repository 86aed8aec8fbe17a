#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Files that appear together: each is written under a temporary name, then all are synchronized, then all get their names,
/// then the directories are synchronized. A crash leaves each file whole or absent.
struct Publication: ~Copyable {
  private let directory: LogDirectory
  private var pending: [(file: OpenFile, temporary: String, target: String)] = []
  private var directories: Set<String> = []

  init(in directory: LogDirectory) { self.directory = directory }

  mutating func add(_ target: String, _ bytes: [UInt8], mode: mode_t = LogDirectory.fileMode) throws(LedgerError) {
    let temporary = "\(LogDirectory.temporary)/\(pending.count)"
    let file = try OpenFile(writing: directory.absolute(temporary), mode: mode, truncating: true)
    pending.append((file, temporary, target))
    var failure: LedgerError?
    bytes.withUnsafeBytes { buffer in
      do throws(LedgerError) { try file.write(buffer, at: 0) } catch { failure = error }
    }
    if let failure { throw LedgerError(failure.code, failure.message, path: target) }
  }

  consuming func commit() throws(LedgerError) {
    // All writes are started before the first is waited for.
    for entry in pending { entry.file.startWriting() }
    for entry in pending { try entry.file.synchronize() }
    for entry in pending {
      let parent = directory.parent(of: entry.target)
      if !directories.contains(parent) {
        directories.formUnion(try directory.createDirectory(parent))
        directories.insert(parent)
      }
      try directory.rename(entry.temporary, to: entry.target)
    }
    for name in directories { try directory.synchronize(directory: name) }
  }
}
