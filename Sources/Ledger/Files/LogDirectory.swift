#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The directory of a log and the names in it. All paths are relative to it.
struct LogDirectory: Sendable {
  static let checkpoint = "checkpoint"
  static let privateKey = "key"
  static let publicKey = "key.pub"
  static let lock = "lock"
  static let journal = "journal"
  static let temporary = "tmp"
  static let tiles = "tile"

  /// Readable for the group, as audit leaves are not for everybody.
  static let fileMode: mode_t = 0o640
  static let directoryMode: mode_t = 0o750

  let path: String

  func absolute(_ relative: String) -> String { path + "/" + relative }

  /// The whole content of a file.
  ///
  /// - Throws: `missing`, `unreadable`, or `corrupt` if it is longer than `maximum` bytes.
  func read(_ relative: String, maximum: Int) throws(LedgerError) -> [UInt8] {
    do throws(LedgerError) {
      let file = try OpenFile(reading: absolute(relative))
      let size = try file.size()
      guard size <= UInt64(maximum) else {
        throw LedgerError(.corrupt, "has \(size) bytes, more than the \(maximum) it may have", path: relative)
      }
      var failure: LedgerError?
      let bytes = [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
        do throws(LedgerError) {
          count = try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
      return bytes
    } catch {
      throw LedgerError(error.code, error.message, path: relative)
    }
  }

  func exists(_ relative: String) -> Bool { access(absolute(relative), F_OK) == 0 }

  /// The names in a directory, unsorted; none if it does not exist.
  func names(in relative: String) throws(LedgerError) -> [String] {
    guard let stream = opendir(absolute(relative)) else {
      let error = SystemError.current
      if error.isAbsence { return [] }
      throw error.ledgerError(.unreadable, "cannot be listed", path: relative)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// Creates a directory and those above it, up to the log directory itself. Returns the directories that got a new name in them.
  @discardableResult
  func createDirectory(_ relative: String) throws(LedgerError) -> [String] {
    if mkdir(absolute(relative), Self.directoryMode) == 0 { return [parent(of: relative)] }
    let error = SystemError.current
    if error.number == EEXIST { return [] }
    guard error.isAbsence, !relative.isEmpty else {
      throw error.ledgerError(.unwritable, "cannot be created", path: relative)
    }
    let changed = try createDirectory(parent(of: relative))
    return changed + (try createDirectory(relative))
  }

  /// `tile/0/x001/002` gives `tile/0/x001`; a name without a slash gives the log directory itself.
  func parent(of relative: String) -> String {
    guard let slash = relative.lastIndex(of: "/") else { return "" }
    return String(relative[..<slash])
  }

  func rename(_ source: String, to target: String) throws(LedgerError) {
    guard renameFile(absolute(source), absolute(target)) == 0 else {
      throw SystemError.current.ledgerError(.unwritable, "cannot be put in place", path: target)
    }
  }

  /// Removes a file if it is there.
  func remove(_ relative: String) throws(LedgerError) {
    guard unlink(absolute(relative)) == 0 else {
      let error = SystemError.current
      if error.isAbsence { return }
      throw error.ledgerError(.unwritable, "cannot be removed", path: relative)
    }
  }

  /// Removes a directory of files if it is there.
  func removeDirectory(_ relative: String) throws(LedgerError) {
    let names = try names(in: relative)
    if names.isEmpty, !exists(relative) { return }
    for name in names { try remove(relative + "/" + name) }
    guard rmdir(absolute(relative)) == 0 else {
      let error = SystemError.current
      if error.isAbsence { return }
      throw error.ledgerError(.unwritable, "cannot be removed", path: relative)
    }
  }

  /// Makes the names in a directory survive a power loss.
  func synchronize(directory relative: String) throws(LedgerError) {
    try OpenFile(reading: absolute(relative)).synchronizeDirectory()
  }
}

/// `rename(2)` under a name that the method above does not shadow.
private func renameFile(_ source: String, _ target: String) -> Int32 { rename(source, target) }

extension OpenFile {
  fileprivate func synchronizeDirectory() throws(LedgerError) {
    guard fsync(descriptor) == 0 else {
      throw SystemError.current.ledgerError(.unwritable, "cannot be synchronized to disk", path: path)
    }
  }
}
