#if os(Linux)
  #if canImport(Glibc)
    internal import Glibc
  #elseif canImport(Musl)
    internal import Musl
  #endif
  internal import ConnectorKit

  /// The kernel tells (inotify).
  struct InotifyWatch: FileWatch {
    let files: FileSystem

    /// Directories that are watched; the kernel has a limit of its own.
    private static let maximumDirectories = 8192

    func follow(_ changed: @escaping @Sendable (FilePath, _ listChanged: Bool) -> Void) async throws(FileWatchError) {
      let queue = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
      guard queue >= 0 else { throw Self.failure(errno) }
      let descriptor = FileDescriptor(queue)
      var watched: [Int32: FilePath] = [:]
      let roots = files.roots.map { FilePath(root: $0.name, relative: "") }
      for root in roots { try watch(root, queue, &watched) }
      while !Task.isCancelled {
        for event in Self.events(descriptor.number) {
          func has(_ bits: Int...) -> Bool { bits.contains { event.mask & UInt32($0) != 0 } }
          // Events were lost: anything may have changed.
          if has(Int(IN_Q_OVERFLOW)) { for root in roots { changed(root, true) } }
          if has(Int(IN_IGNORED)) { watched[event.watch] = nil }
          guard let directory = watched[event.watch], !event.name.isEmpty else { continue }
          let path = directory.appending(event.name)
          let isDirectory = has(Int(IN_ISDIR))
          if isDirectory, has(Int(IN_MOVED_FROM)) { forget(path, queue, &watched) }
          guard files.isVisible(path) else { continue }
          changed(path, has(Int(IN_CREATE), Int(IN_DELETE), Int(IN_MOVED_FROM), Int(IN_MOVED_TO)))
          // What came into a new directory before it was watched is told now.
          if isDirectory, has(Int(IN_CREATE), Int(IN_MOVED_TO)) { for file in try watch(path, queue, &watched) { changed(file, true) } }
        }
        do { try await Task.sleep(for: .milliseconds(250)) } catch { return }
      }
    }

    /// Watches a directory and those below it.
    ///
    /// - Returns: the files that are there already.
    /// - Throws: if there are more directories than can be watched.
    @discardableResult
    private func watch(_ path: FilePath, _ queue: Int32, _ watched: inout [Int32: FilePath]) throws(FileWatchError) -> [FilePath] {
      var found: [FilePath] = []
      var pending = [path]
      while let next = pending.popLast() {
        guard watched.count < Self.maximumDirectories else { throw FileWatchError("there are more than \(Self.maximumDirectories) directories") }
        guard let root = files.roots.first(where: { $0.name == next.root }), let file = try? root.open(next.relative, .directory) else { continue }
        // By the descriptor, so that what is watched is what was opened.
        let mask = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO
        let watch = inotify_add_watch(queue, "/proc/self/fd/\(file.number)", UInt32(mask))
        guard watch >= 0 else {
          if errno == ENOSPC || errno == ENOMEM { throw Self.failure(errno) }
          continue
        }
        watched[watch] = next
        for entry in (try? files.list(next)) ?? [] {
          if entry.kind == .directory, !entry.isLink { pending.append(entry.path) } else { found.append(entry.path) }
        }
      }
      return found
    }

    private static func failure(_ number: Int32) -> FileWatchError { FileWatchError(String(cString: strerror(number))) }

    /// Stops watching a directory that went elsewhere, and those below it: their events would bear names that are no longer theirs.
    private func forget(_ path: FilePath, _ queue: Int32, _ watched: inout [Int32: FilePath]) {
      let prefix = path.description + "/"
      for (watch, known) in watched where known == path || known.description.hasPrefix(prefix) {
        inotify_rm_watch(queue, watch)
        watched[watch] = nil
      }
    }

    private static func events(_ queue: Int32) -> [(watch: Int32, mask: UInt32, name: String)] {
      var found: [(watch: Int32, mask: UInt32, name: String)] = []
      var buffer = [UInt8](repeating: 0, count: 64 << 10)
      while true {
        let count = buffer.withUnsafeMutableBytes { read(queue, $0.baseAddress, $0.count) }
        guard count > 0 else { return found }
        buffer.withUnsafeBytes { bytes in
          var offset = 0
          let header = MemoryLayout<inotify_event>.size
          while offset + header <= count {
            let event = bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
            let name = bytes[(offset + header)..<min(offset + header + Int(event.len), count)].prefix { $0 != 0 }
            found.append((event.wd, event.mask, String(decoding: name, as: UTF8.self)))
            offset += header + Int(event.len)
          }
        }
      }
    }
  }
#endif
