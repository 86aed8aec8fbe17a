internal import ConnectorKit
internal import NIOPosix

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The files below the roots, minus what is hidden. Every operation runs off the event loops and is bounded.
struct FileSystem: Sendable {
  let roots: [FileRoot]
  /// Globs of paths (`root/...`) and of names that do not exist for clients.
  let hidden: NameFilter
  let showsDotFiles: Bool

  /// Entries that one walk looks at.
  static let maximumWalk = 200_000

  func root(_ path: FilePath) throws(VendorError) -> FileRoot {
    guard let root = roots.first(where: { $0.name == path.root }) else {
      throw VendorError(.notFound, "There is no root \(path.root). There are: \(roots.map(\.name).joined(separator: ", ")).")
    }
    guard isVisible(path) else { throw VendorError(.notFound, "There is no \(path).") }
    return root
  }

  /// Whether neither the path nor anything above it is hidden.
  func isVisible(_ path: FilePath) -> Bool {
    var prefix = path.root
    for part in path.relative.split(separator: "/") {
      prefix += "/" + part
      if part.hasPrefix("."), !showsDotFiles { return false }
      if !hidden.admits(String(part), prefix) { return false }
    }
    return true
  }

  /// Runs blocking work on a thread of its own.
  func perform<Value: Sendable>(_ work: @escaping @Sendable () throws(VendorError) -> Value) async throws(VendorError) -> Value {
    let outcome: Result<Value, VendorError>
    do {
      outcome = try await NIOThreadPool.singleton.runIfActive { () -> Result<Value, VendorError> in
        do throws(VendorError) { return .success(try work()) } catch { return .failure(error) }
      }
    } catch { throw VendorError(.cancelled, "The request was cancelled.") }
    return try outcome.get()
  }

  // MARK: Reading

  func info(_ path: FilePath) throws(VendorError) -> FileInfo {
    let file = try root(path).open(path.relative, O_RDONLY | O_NONBLOCK)
    guard let status = file.status else { throw FileRoot.failure(errno, path.description) }
    return FileInfo(path, status)
  }

  /// The visible entries of a directory by name.
  func list(_ path: FilePath) throws(VendorError) -> [FileInfo] {
    let root = try root(path)
    var infos: [FileInfo] = []
    for name in try names(root, path) {
      let child = path.appending(name)
      guard isVisible(child) else { continue }
      // What leads out of the root, or went away meanwhile, is not there.
      if let info = try? info(child) { infos.append(info) }
    }
    return infos
  }

  private func names(_ root: FileRoot, _ path: FilePath) throws(VendorError) -> [String] {
    let directory = try root.open(path.relative, O_RDONLY | O_DIRECTORY)
    // The stream takes the descriptor over.
    let owned = dup(directory.number)
    guard owned >= 0, let stream = fdopendir(owned) else { throw FileRoot.failure(errno, path.description) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream), names.count < Self.maximumWalk {
      let name = withUnsafePointer(to: entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) } }
      if let name, name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Bytes of a file from `offset` on, at most `count`, and its whole length.
  func read(_ path: FilePath, offset: Int, count: Int) throws(VendorError) -> (bytes: [UInt8], length: Int) {
    // Not blocking: a named pipe would wait for its writer.
    let file = try root(path).open(path.relative, O_RDONLY | O_NONBLOCK)
    guard let status = file.status else { throw FileRoot.failure(errno, path.description) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw VendorError(.invalid, "\(path) is no file that can be read.") }
    let wanted = min(count, max(Int(status.st_size) - offset, 0))
    var bytes = [UInt8](repeating: 0, count: wanted)
    var done = 0
    while done < wanted {
      let read = bytes.withUnsafeMutableBytes { pread(file.number, $0.baseAddress?.advanced(by: done), wanted - done, off_t(offset + done)) }
      if read < 0, errno == EINTR { continue }
      guard read >= 0 else { throw FileRoot.failure(errno, path.description) }
      if read == 0 { break }
      done += read
    }
    return (Array(bytes.prefix(done)), Int(status.st_size))
  }

  /// Visits files and directories below `path`, directories before what is in them, until `visit` says stop.
  ///
  /// - Returns: whether all was seen.
  func walk(_ path: FilePath, depth: Int, _ visit: (FileInfo) -> WalkStep) throws(VendorError) -> Bool {
    var pending: [(FilePath, Int)] = [(path, 0)]
    var seen = 0
    while let (directory, level) = pending.popLast() {
      let entries: [FileInfo]
      do throws(VendorError) { entries = try list(directory) } catch {
        // One directory that cannot be read does not hide the others; the first one must be there.
        if directory == path { throw error }
        continue
      }
      var below: [(FilePath, Int)] = []
      for entry in entries {
        seen += 1
        guard seen <= Self.maximumWalk else { return false }
        switch visit(entry) {
        case .stop: return false
        case .skip: continue
        case .next: if entry.kind == .directory, level + 1 < depth { below.append((entry.path, level + 1)) }
        }
      }
      pending += below.reversed()
    }
    return true
  }

  enum WalkStep { case next, skip, stop }

  // MARK: Writing

  private func writableRoot(_ path: FilePath) throws(VendorError) -> FileRoot {
    let root = try root(path)
    guard root.isWritable else { throw VendorError(.forbidden, "The root \(root.name) is read-only.") }
    guard !path.relative.isEmpty else { throw VendorError(.refused, "A root itself cannot be changed.") }
    return root
  }

  /// Writes a file whole: beside it, flushed, then put in its place, so that nobody sees half of it.
  ///
  /// - Parameter replaces: whether a file that is there may be replaced.
  func write(_ bytes: [UInt8], to path: FilePath, replaces: Bool) throws(VendorError) -> FileInfo {
    let root = try writableRoot(path)
    let parent = try root.open(path.parent.relative, O_RDONLY | O_DIRECTORY)
    var mode: mode_t = 0o644
    if let known = try? root.open(path.relative, O_RDONLY | O_NONBLOCK) {
      guard replaces else { throw VendorError(.conflict, "\(path) exists already. Say overwrite to replace it.") }
      guard let status = known.status, status.st_mode & S_IFMT == S_IFREG else { throw VendorError(.invalid, "\(path) is no file that can be replaced.") }
      mode = status.st_mode & 0o777
    }
    let temporary = ".sluice-\(UInt64.random(in: .min ... .max))"
    let number = openat(parent.number, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    guard number >= 0 else { throw FileRoot.failure(errno, path.description) }
    do {
      let file = FileDescriptor(number)
      var rest = bytes[...]
      while !rest.isEmpty {
        let written = rest.withUnsafeBytes { writeBytes(file.number, $0.baseAddress, $0.count) }
        if written < 0, errno == EINTR { continue }
        guard written > 0 else {
          let problem = errno
          unlinkat(parent.number, temporary, 0)
          throw FileRoot.failure(problem, path.description)
        }
        rest = rest.dropFirst(written)
      }
      fsync(file.number)
    } catch let error as VendorError { throw error } catch { throw VendorError(.unavailable, "\(path) cannot be written.") }
    guard renameat(parent.number, temporary, parent.number, path.name) == 0 else {
      let problem = errno
      unlinkat(parent.number, temporary, 0)
      throw FileRoot.failure(problem, path.description)
    }
    fsync(parent.number)
    return try info(path)
  }

  func makeDirectory(_ path: FilePath) throws(VendorError) -> FileInfo {
    let root = try writableRoot(path)
    let parent = try root.open(path.parent.relative, O_RDONLY | O_DIRECTORY)
    guard mkdirat(parent.number, path.name, 0o755) == 0 else { throw FileRoot.failure(errno, path.description) }
    return try info(path)
  }

  /// Moves a file or directory; nothing that is there is replaced.
  func move(_ from: FilePath, to path: FilePath) throws(VendorError) -> FileInfo {
    let source = try writableRoot(from)
    let target = try writableRoot(path)
    guard (try? info(path)) == nil else { throw VendorError(.conflict, "\(path) exists already.") }
    let old = try source.open(from.parent.relative, O_RDONLY | O_DIRECTORY)
    let new = try target.open(path.parent.relative, O_RDONLY | O_DIRECTORY)
    guard renameat(old.number, from.name, new.number, path.name) == 0 else { throw FileRoot.failure(errno, from.description) }
    return try info(path)
  }

  /// Removes a file or an empty directory.
  func remove(_ path: FilePath) throws(VendorError) {
    let root = try writableRoot(path)
    let kind = try info(path).kind
    let parent = try root.open(path.parent.relative, O_RDONLY | O_DIRECTORY)
    guard unlinkat(parent.number, path.name, kind == .directory ? AT_REMOVEDIR : 0) == 0 else { throw FileRoot.failure(errno, path.description) }
  }
}

// The member `write` hides the function of the C library.
private func writeBytes(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int { write(file, bytes, count) }
