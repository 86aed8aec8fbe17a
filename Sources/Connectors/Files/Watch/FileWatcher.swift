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
      for root in files.roots { watch(FilePath(root: root.name, relative: ""), queue, &watched) }
      while !Task.isCancelled {
        for event in Self.events(descriptor.number) {
          guard let directory = watched[event.watch] else { continue }
          let path = event.name.isEmpty ? directory : directory.appending(event.name)
          if event.mask & UInt32(IN_CREATE) != 0, event.mask & UInt32(IN_ISDIR) != 0 { watch(path, queue, &watched) }
          guard files.isVisible(path) else { continue }
          changed(path, event.mask & UInt32(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO) != 0)
        }
        do { try await Task.sleep(for: .milliseconds(250)) } catch { return }
      }
    }

    private func watch(_ path: FilePath, _ queue: Int32, _ watched: inout [Int32: FilePath]) {
      var pending = [path]
      while let next = pending.popLast(), watched.count < Self.maximumDirectories {
        guard let root = files.roots.first(where: { $0.name == next.root }), let file = try? root.open(next.relative, O_RDONLY | O_DIRECTORY) else { continue }
        // By the descriptor, so that what is watched is what was opened.
        let mask = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO
        let watch = inotify_add_watch(queue, "/proc/self/fd/\(file.number)", UInt32(mask))
        guard watch >= 0 else { continue }
        watched[watch] = next
        pending += ((try? files.list(next)) ?? []).filter { $0.kind == .directory }.map(\.path)
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
