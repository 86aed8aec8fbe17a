#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif
internal import ConnectorKit
internal import Logging

/// Tells which files change below the roots: inotify on Linux. Elsewhere nothing is told, and clients read again when they want to.
struct FileWatcher: Sendable {
  let files: FileSystem
  let logger: Logger

  /// Directories that are watched; the kernel has a limit of its own.
  private static let maximumDirectories = 8192

  #if os(Linux)
    /// Follows changes until the task is cancelled.
    func follow(_ changed: @escaping @Sendable (FilePath, _ listChanged: Bool) -> Void) async {
      let queue = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
      guard queue >= 0 else { return logger.warning("files cannot be watched", metadata: ["reason": "\(String(cString: strerror(errno)))"]) }
      let descriptor = FileDescriptor(queue)
      var watched: [Int32: FilePath] = [:]
      let roots = files.roots.map { FilePath(root: $0.name, relative: "") }
      for root in roots { watch(root, queue, &watched) }
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
          if isDirectory, has(Int(IN_CREATE), Int(IN_MOVED_TO)) { for file in watch(path, queue, &watched) { changed(file, true) } }
        }
        do { try await Task.sleep(for: .milliseconds(250)) } catch { return }
      }
    }

    /// Watches a directory and those below it.
    ///
    /// - Returns: the files that are there already.
    @discardableResult
    private func watch(_ path: FilePath, _ queue: Int32, _ watched: inout [Int32: FilePath]) -> [FilePath] {
      var found: [FilePath] = []
      var pending = [path]
      while let next = pending.popLast(), watched.count < Self.maximumDirectories {
        guard let root = files.roots.first(where: { $0.name == next.root }), let file = try? root.open(next.relative, .directory) else { continue }
        // By the descriptor, so that what is watched is what was opened.
        let mask = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO
        let watch = inotify_add_watch(queue, "/proc/self/fd/\(file.number)", UInt32(mask))
        guard watch >= 0 else { continue }
        watched[watch] = next
        for entry in (try? files.list(next)) ?? [] {
          if entry.kind == .directory, !entry.isLink { pending.append(entry.path) } else { found.append(entry.path) }
        }
      }
      return found
    }

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
  #else
    func follow(_ changed: @escaping @Sendable (FilePath, _ listChanged: Bool) -> Void) async {}
  #endif
}
